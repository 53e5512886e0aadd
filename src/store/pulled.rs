//! Stores responses that were pulled from the API beside those that were pushed to the webhook, each version once.
//!
//! A pulled and a pushed version of a response are the same if their answers are. The one that comes first decides the item's
//! body; the other one is a duplicate. The receiver makes that comparison only if the item that refuses its write was pulled
//! or lists pulled revisions. That list is written in one transaction with each pulled revision, so that the receiver reads
//! nothing more where nothing was pulled.
//!
//! A pull returns what the API says now. So a pulled version is compared with the latest stored version alone: if the answers
//! went back to those of an older version, that is a change too, and a new version.
//!
//! Five cases cannot be told apart from what is stored:
//! - An edit that is pushed within the milliseconds in which it is also pulled may become two items.
//! - An answer that was changed and changed back counts as the version that it went back to, if it comes without a time and
//!   that version was pulled, or was pushed with the same data.
//! - An answer that was pulled both before and after such a change leaves one item. If the change itself is delivered only
//!   after that, it is the latest version until the next delivery or pull.
//! - An answer that is delivered only after the pull of a later version that says the same counts as that later version.
//! - If a phone's clock runs ahead and the API answers without a time, a version that is pulled and then pushed may become two
//!   items.

use aws_sdk_dynamodb::types::{AttributeValue, Put as PutRequest, TransactWriteItem, Update};
use bytes::Bytes;

use super::{
    Store,
    attribute::key_of,
    body::Payload,
    error::{StoreError, build},
    item::Record,
    schema::{EVENT_KEY, GROUP_ID, PART, PULLED_REVISIONS},
    stored_item::{ItemKind, StoredItem},
    transact::Transacted,
    write::{Outcome, Put},
};
use crate::event::{Event, EventKey, Rank};

/// The latest stored version of a response.
struct Latest<'v> {
    /// `None` if the item does not say when it was received.
    rank: Option<Rank<'v>>,
    item: &'v StoredItem,
    body: Vec<u8>,
}

impl Store {
    /// Stores a response that was pulled, unless the latest stored version, pulled or pushed, says the same. `record` must be
    /// marked as [pulled](Record::pulled).
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer. The response may have been stored all the same, so the caller may pull it
    /// again: what is stored is then a duplicate.
    pub async fn put_pulled(&self, record: &Record, body: &Bytes) -> Result<Outcome, StoreError> {
        let payload = Payload::of(body, record.size());
        loop {
            let versions = self.versions(&record.group, &record.key).await?;
            if versions.iter().any(|version| version.kind() == ItemKind::Erased) {
                return Ok(Outcome::Duplicate);
            }
            let latest = self.latest(&versions).await?;
            if let (Some(latest), Ok(event)) = (&latest, Event::parse(body))
                && Event::parse(&latest.body).is_ok_and(|latest| event.says_the_same(&latest))
            {
                return Ok(Outcome::Duplicate);
            }
            let is_first = versions.iter().all(|version| version.event_key() != Some(record.key.as_str()));
            match latest {
                Some(latest) if !is_first => {
                    let replaced = EventKey::from_table(latest.item.event_key().unwrap_or_default());
                    if let Some(outcome) = self.put_pulled_revision(record, &replaced, &payload).await? {
                        return Ok(outcome);
                    }
                }
                _ => {
                    if let Put::Accepted = self.put_under(&record.key, record, &payload).await? {
                        return Ok(Outcome::Stored);
                    }
                }
            }
            // The first version was written or deleted since it was read: read again.
        }
    }

    /// The latest of some versions, with its body. A damaged version has an empty body, which equals no pulled response.
    async fn latest<'v>(&self, versions: &'v [StoredItem]) -> Result<Option<Latest<'v>>, StoreError> {
        let mut latest: Option<Latest<'v>> = None;
        for item in versions {
            let body = self.body_unless_damaged(item).await?.unwrap_or_default();
            let rank = item.rank(Event::parse(&body).is_ok_and(|event| event.is_edit()));
            if latest.as_ref().is_none_or(|latest| latest.rank < rank) {
                latest = Some(Latest { rank, item, body });
            }
        }
        Ok(latest)
    }

    /// Stores a pulled version in place of the `replaced` one. `None` if the first version, whose list names the revisions, no
    /// longer exists.
    async fn put_pulled_revision(
        &self,
        record: &Record,
        replaced: &EventKey,
        payload: &Payload<'_>,
    ) -> Result<Option<Outcome>, StoreError> {
        let Some(content) = &record.content else { return Ok(Some(Outcome::Quarantined)) };
        let key = record.key.pulled_revision(content, replaced);
        if let Payload::Parts(parts) = payload {
            self.put_parts(&key, record, parts).await?;
        }
        let revision = PutRequest::builder()
            .table_name(&self.table)
            .set_item(Some(record.item(&key, payload, self.retention_days)))
            .condition_expression(format!("attribute_not_exists({EVENT_KEY})"));
        let note = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_of(&record.group, record.key.as_str())))
            .condition_expression(format!("attribute_exists({EVENT_KEY})"))
            .update_expression(format!("ADD {PULLED_REVISIONS} :revision"))
            .expression_attribute_values(":revision", AttributeValue::Ss(vec![key.to_string()]));
        let writes = [
            TransactWriteItem::builder().put(build(revision.build())?).build(),
            TransactWriteItem::builder().update(build(note.build())?).build(),
        ];
        Ok(match self.transact(&writes).await? {
            Transacted::Done => Some(Outcome::Revised),
            Transacted::Refused(failed) if failed.first() == Some(&true) => {
                let existing = self.existing(&record.group, key.as_str()).await?.unwrap_or_default();
                if existing.is_of_other_content(content) {
                    return Err(StoreError::DigestCollision);
                }
                // Another pull has stored the same content in place of the same version.
                Some(Outcome::Duplicate)
            }
            Transacted::Refused(_) => None,
        })
    }

    /// All versions of an event: the item under its key, if there is one, and its revisions.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn versions(&self, group: &str, key: &EventKey) -> Result<Vec<StoredItem>, StoreError> {
        let mut versions: Vec<_> = self.get(group, key.as_str()).await?.into_iter().collect();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!("{GROUP_ID} = :group AND begins_with({EVENT_KEY}, :prefix)"))
            .filter_expression(format!("attribute_not_exists({PART})"))
            .expression_attribute_values(":group", AttributeValue::S(group.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(key.revision_prefix()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            versions.extend(page?.items.unwrap_or_default().into_iter().map(StoredItem::from));
        }
        Ok(versions)
    }
}
