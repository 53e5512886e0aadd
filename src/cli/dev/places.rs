//! Where in the table the events of a delivery are.

use crate::{
    event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest},
    receiver::{Contents, Verified},
    store::{Store, StoreError, StoredItem},
};

/// The keys under which a body may be in the table: as its event, as a revision of it, or in quarantine.
pub(super) fn places(event: Option<&Event<'_>>, body: &[u8]) -> impl Iterator<Item = (String, EventKey)> + use<> {
    let of_event = event.map(|event| {
        let (group, key) = (event.table_group().into_owned(), event.key());
        let revision = key.revision(&event.content_digest());
        [(group.clone(), key), (group, revision)]
    });
    // An event that DynamoDB would not take as one lies there.
    let quarantined = (QUARANTINE_GROUP.to_owned(), EventKey::quarantined(&Sha256Digest::of(body)));
    of_event.into_iter().flatten().chain([quarantined])
}

/// The items that hold the events of a delivery, at most `most`: for each the one with its content, whichever delivery it came with.
pub(super) async fn items_of(store: &Store, callback: &Verified, most: usize) -> Result<Vec<StoredItem>, StoreError> {
    let mut items = Vec::new();
    match callback.contents() {
        Contents::One(event) => items.extend(item_of(store, event.ok().as_ref(), callback.body()).await?),
        Contents::Batch(elements) => {
            for element in elements.into_iter().take(most) {
                let event = Event::parse_cloud_event(element.as_bytes()).ok();
                items.extend(item_of(store, event.as_ref(), element.as_bytes()).await?);
            }
        }
    }
    Ok(items)
}

async fn item_of(store: &Store, event: Option<&Event<'_>>, body: &[u8]) -> Result<Option<StoredItem>, StoreError> {
    let content = event.map(Event::content_digest);
    for (group, key) in places(event, body) {
        if let Some(item) = store.get(&group, key.as_str()).await?
            && (group == QUARANTINE_GROUP || item.content_sha256() == content)
        {
            return Ok(Some(item));
        }
    }
    Ok(None)
}
