//! The conditional write, and what its refusal means.

use aws_sdk_dynamodb::{
    error::SdkError, operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure,
};
use bytes::Bytes;

use super::{
    Store,
    attribute::{Item, bytes, flag, text},
    body::{Payload, PayloadParts},
    error::{ReadError, StoreError},
    item::Record,
    schema::{
        CONTENT_SHA256, ERASED, EVENT_KEY, EXPIRES_AT, OCCURRED_AT, PART, PARTS_SHA256, PULLED, PULLED_REVISIONS,
        RECEIVED_AT, REQUEST_ID,
    },
    stored_item::StoredItem,
};
use crate::event::{Event, EventKey, Sender, Sha256Digest};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is a new event and stored.
    Stored,
    /// It was there already; nothing was written.
    Duplicate,
    /// Its eventId was there with other content; it is stored beside that.
    Revised,
    /// It is not an event; the body is kept.
    Quarantined,
}

impl Outcome {
    /// The outcome as it stands in answers, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Revised => "revised",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How a conditional write ended.
pub(super) enum Put {
    /// The item is there now.
    Accepted,
    /// Another one was there first.
    Refused(Existing),
}

/// What matters of an item that was there first.
#[derive(Default)]
pub(super) struct Existing {
    content: Option<Vec<u8>>,
    request_id: Option<String>,
    /// What came by pull under this event's id: the item itself, revisions of it.
    pulled: Vec<String>,
    /// The digest in the keys of its parts.
    parts: Option<Vec<u8>>,
    is_erased: bool,
}

impl Existing {
    pub(super) fn of(item: &Item) -> Self {
        let itself = text(item, EVENT_KEY).filter(|_| flag(item, PULLED));
        let revisions = item.get(PULLED_REVISIONS).and_then(|keys| keys.as_ss().ok()).into_iter().flatten();
        Self {
            pulled: itself.map(str::to_owned).into_iter().chain(revisions.cloned()).collect(),
            content: bytes(item, CONTENT_SHA256).map(<[u8]>::to_vec),
            request_id: text(item, REQUEST_ID).map(str::to_owned),
            parts: bytes(item, PARTS_SHA256).map(<[u8]>::to_vec),
            is_erased: flag(item, ERASED),
        }
    }

    /// Whether a delivery with that content is a duplicate of this one. Of an erased event, every version is.
    pub(super) fn makes_duplicate(&self, content: &Sha256Digest) -> bool {
        self.is_erased || self.content.as_deref() == Some(content.as_bytes())
    }

    /// Whether this is known to be another revision than one with that content, although they have the same key.
    pub(super) fn is_of_other_content(&self, content: &Sha256Digest) -> bool {
        self.content.is_some() && !self.makes_duplicate(content)
    }

    /// Whether this very delivery wrote it: the SDK repeats a request whose answer was lost.
    fn is_ours(&self, record: &Record) -> bool {
        self.request_id.is_some() && self.request_id == record.arrival.request_id
    }
}

impl Store {
    /// Opens the connection, so that the first delivery need not. It asks for a key that does not exist, since reading an
    /// item is among the few things that the function is allowed to do.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB cannot be reached; a later write tries anew.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        self.existing("warm-up", "warm-up").await.map(|_| ())
    }

    /// Keeps a delivery: one request, new or duplicate, as long as the item fits.
    ///
    /// # Errors
    /// [`StoreError`] if it may not have been written. Then it may have been all the same; a redelivery sorts that out.
    /// [`QuarantineReason::of_failure`](super::QuarantineReason::of_failure) says which errors no redelivery mends.
    pub async fn put(&self, record: &Record, body: &Bytes) -> Result<Outcome, StoreError> {
        // Before the first request: what takes a small function seconds must not use up the time that storing has left.
        let payload = Payload::of(body, record.size());
        if self.is_revision_already(record).await? {
            return Ok(Outcome::Duplicate);
        }
        let first = self.put_under(&record.key, record, &payload).await?;
        let Some(content) = &record.content else {
            // The key is the body's digest: whatever was there is this body, or what is left of it.
            return Ok(match first {
                Put::Refused(existing) if existing.is_erased => Outcome::Duplicate,
                _ => Outcome::Quarantined,
            });
        };
        match first {
            Put::Accepted => Ok(Outcome::Stored),
            Put::Refused(existing) if existing.makes_duplicate(content) => {
                Ok(if existing.is_ours(record) { Outcome::Stored } else { Outcome::Duplicate })
            }
            Put::Refused(existing) if self.was_pulled(&existing, record, body).await? => Ok(Outcome::Duplicate),
            Put::Refused(_) => match self.put_under(&record.key.revision(content), record, &payload).await? {
                Put::Accepted => Ok(Outcome::Revised),
                Put::Refused(existing) if existing.is_ours(record) => Ok(Outcome::Revised),
                Put::Refused(existing) if existing.is_of_other_content(content) => Err(StoreError::DigestCollision),
                Put::Refused(_) => Ok(Outcome::Duplicate),
            },
        }
    }

    /// Whether an edit is there as a revision.
    ///
    /// Where items expire, the original may be gone when an edit is delivered again. Its key is free then, and the edit
    /// would be stored a second time under it. So an edit, which says that it is one, is looked for first, for one request
    /// more, as is what was imported, which may be one; where nothing expires, nobody asks. An edit that does not say so, of a job response, can still be there twice
    /// if its original expires between two of its deliveries.
    async fn is_revision_already(&self, record: &Record) -> Result<bool, StoreError> {
        let (Some(content), true, Some(_)) = (&record.content, record.may_be_revision, self.retention_days) else {
            return Ok(false);
        };
        let revision = self.existing(&record.group, record.key.revision(content).as_str()).await?;
        Ok(revision.is_some_and(|revision| revision.makes_duplicate(content)))
    }

    /// Whether something that came by pull says the same as `body`. The API tells less than a callback holds, so that their
    /// contents differ although their answers are the same. Costs nothing where nothing was pulled.
    ///
    /// A callback whose time is later than the pull is another version, whatever it says: the answers were changed and
    /// changed back in between. Where the API told the time, the two times are compared instead: a phone whose clock runs
    /// ahead does not make another version of what was pulled.
    pub(super) async fn was_pulled(
        &self,
        existing: &Existing,
        record: &Record,
        body: &[u8],
    ) -> Result<bool, StoreError> {
        if existing.pulled.is_empty() || record.sender != Sender::Kaizala {
            return Ok(false);
        }
        let Ok(event) = Event::parse(body) else { return Ok(false) };
        // Texts of this form sort as the times do.
        let occurred_at = event.occurred_at().map(|time| time.to_string());
        for key in &existing.pulled {
            let Some(pulled) = self.get(&record.group, key).await? else { continue };
            let said_at = pulled.text(OCCURRED_AT).or(pulled.text(RECEIVED_AT));
            let is_later = occurred_at.as_deref() > said_at;
            if !is_later && self.says_the_same(&pulled, &event).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an item's body is an answer that says the same as `event`.
    async fn says_the_same(&self, item: &StoredItem, event: &Event<'_>) -> Result<bool, StoreError> {
        let body = self.body_unless_damaged(item).await?;
        Ok(body.is_some_and(|body| Event::parse(&body).is_ok_and(|there| event.says_the_same(&there))))
    }

    /// An item's body; `None` if it is damaged, and so says nothing.
    pub(super) async fn body_unless_damaged(&self, item: &StoredItem) -> Result<Option<Vec<u8>>, StoreError> {
        match self.body(item).await {
            Ok(body) => Ok(Some(body)),
            Err(ReadError::Damaged { .. }) => Ok(None),
            Err(ReadError::Store(error)) => Err(error),
        }
    }

    pub(super) async fn put_under(
        &self,
        key: &EventKey,
        record: &Record,
        payload: &Payload<'_>,
    ) -> Result<Put, StoreError> {
        if let Payload::Parts(parts) = payload {
            // Parts cost: a duplicate must not write them. Two that come at once both do.
            if let Some(existing) = self.existing(&record.group, key.as_str()).await? {
                return Ok(Put::Refused(existing));
            }
            self.put_parts(key, record, parts).await?;
        }
        let item = record.item(key, payload, self.retention_days);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(format!("attribute_not_exists({EVENT_KEY})"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(Put::Accepted),
            Err(SdkError::ServiceError(refusal)) if refusal.err().is_conditional_check_failed_exception() => {
                let existing = old_item(refusal.err()).map(Existing::of);
                // Whose parts they are is known only of an item that was seen.
                if let (Payload::Parts(parts), Some(existing)) = (payload, &existing) {
                    self.empty_parts(key, record, parts, existing).await;
                }
                Ok(Put::Refused(existing.unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the parts of a body, all before the item that counts them.
    ///
    /// They are written one after the other, without those that are there already: together they may exceed the write
    /// capacity of a partition, and then each redelivery has to get further than the one before it. Being there means the
    /// same bytes, since a part may have been [emptied](Self::empty_parts), and that they stay as long as the item: one that
    /// is left of an item that expired goes soon.
    pub(super) async fn put_parts(
        &self,
        key: &EventKey,
        record: &Record,
        parts: &PayloadParts,
    ) -> Result<(), StoreError> {
        let expires_at = record.expires_at(self.retention_days);
        let outlives = |part: &StoredItem| match (part.number(EXPIRES_AT), expires_at) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(part), Some(item)) => i128::from(part) > i128::from(item),
        };
        for item in record.part_items(key, parts, self.retention_days) {
            let part_key = text(&item, EVENT_KEY).unwrap_or_default();
            let there = self.get(&record.group, part_key).await?;
            if there.is_some_and(|part| part.bytes(PART) == bytes(&item, PART) && outlives(&part)) {
                continue;
            }
            self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        }
        Ok(())
    }

    /// Empties the parts of a delivery that came second, unless `existing`, which came first, counts the same ones; the two
    /// came at once, perhaps through two subscriptions. Emptied parts expire, also in a table that keeps everything else:
    /// the receiver may write but not delete. Failing to do so leaves garbage behind and nothing wrong, so that it does not
    /// fail the delivery.
    pub(super) async fn empty_parts(&self, key: &EventKey, record: &Record, parts: &PayloadParts, existing: &Existing) {
        if existing.parts.as_deref() == Some(parts.gzip_sha256.as_bytes()) {
            return;
        }
        for item in record.emptied_part_items(key, parts) {
            let emptied = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
            if let Err(error) = emptied.map_err(StoreError::from) {
                return tracing::warn!(%error, "parts of a duplicate stay behind");
            }
        }
    }

    /// What matters of the item under a key.
    pub(super) async fn existing(&self, group: &str, key: &str) -> Result<Option<Existing>, StoreError> {
        let projection =
            [EVENT_KEY, CONTENT_SHA256, REQUEST_ID, PULLED, PULLED_REVISIONS, PARTS_SHA256, ERASED].join(", ");
        let found = self.get_item(group, key).projection_expression(projection).send().await?;
        Ok(found.item().map(Existing::of))
    }
}

fn old_item(refusal: &PutItemError) -> Option<&Item> {
    match refusal {
        PutItemError::ConditionalCheckFailedException(refusal) => refusal.item(),
        _ => None,
    }
}
