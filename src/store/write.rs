//! The conditional write, and what its refusal means.

use aws_sdk_dynamodb::{
    error::SdkError, operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure,
};
use bytes::Bytes;

use super::{
    Store,
    body::{Payload, PayloadParts},
    error::StoreError,
    item::{Item, Record, bytes, text},
    read::{ReadError, StoredItem},
    schema::{CONTENT_SHA256, EVENT_KEY, PART, PULLED, PULLED_REVISIONS, REQUEST_ID},
};
use crate::event::{Event, EventKey, Sha256Digest};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is a new event and stored.
    Stored,
    /// It was there already; nothing was written.
    Duplicate,
    /// Its eventId was there with other content; it is stored beside that.
    Revised,
    /// It is no event; the body is kept.
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

pub(super) enum Put {
    Accepted,
    Refused(Existing),
}

/// What matters of an item that was there first.
#[derive(Default)]
pub(super) struct Existing {
    content: Option<Vec<u8>>,
    request_id: Option<String>,
    /// What came by pull under this event's id: the item itself, revisions of it.
    pulled: Vec<String>,
}

impl Existing {
    pub(super) fn of(item: &Item) -> Self {
        let is_pulled = item.get(PULLED).is_some_and(|pulled| pulled.as_bool() == Ok(&true));
        let itself = text(item, EVENT_KEY).filter(|_| is_pulled);
        let revisions = item.get(PULLED_REVISIONS).and_then(|keys| keys.as_ss().ok()).into_iter().flatten();
        Self {
            pulled: itself.map(str::to_owned).into_iter().chain(revisions.cloned()).collect(),
            content: bytes(item, CONTENT_SHA256).map(<[u8]>::to_vec),
            request_id: text(item, REQUEST_ID).map(str::to_owned),
        }
    }

    pub(super) fn has_content(&self, content: &Sha256Digest) -> bool {
        self.content.as_deref() == Some(content.as_bytes())
    }

    /// Whether this very delivery wrote it: the SDK repeats a request whose answer was lost.
    fn is_ours(&self, record: &Record) -> bool {
        self.request_id.is_some() && self.request_id == record.arrival.request_id
    }
}

impl Store {
    /// Opens the connection, so that the first delivery need not. Asks for a key that does not exist, since reading an
    /// item is among the few things that the function is allowed to do.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB cannot be reached; a later write tries anew.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        self.existing("warm-up", "warm-up").await.map(|_| ())
    }

    /// Keeps a delivery: one request, new or duplicate, as long as the item fits.
    ///
    /// # Errors
    /// [`StoreError`] when it may not have been written. Then it may have been all the same; a redelivery sorts that out.
    pub async fn put(&self, record: &Record, body: &Bytes) -> Result<Outcome, StoreError> {
        let payload = Payload::of(body, record.size());
        let first = self.put_under(&record.key, record, &payload).await?;
        let Some(content) = &record.content else {
            // The key is the body's digest: whatever was there is this body.
            return Ok(Outcome::Quarantined);
        };
        match first {
            Put::Accepted => Ok(Outcome::Stored),
            Put::Refused(existing) if existing.has_content(content) => {
                Ok(if existing.is_ours(record) { Outcome::Stored } else { Outcome::Duplicate })
            }
            Put::Refused(existing) if self.was_pulled(&existing, record, body).await? => Ok(Outcome::Duplicate),
            Put::Refused(_) => match self.put_under(&record.key.revision(content), record, &payload).await? {
                Put::Accepted => Ok(Outcome::Revised),
                Put::Refused(existing) if existing.is_ours(record) => Ok(Outcome::Revised),
                Put::Refused(_) => Ok(Outcome::Duplicate),
            },
        }
    }

    /// Whether something that came by pull says the same as `body`. The API tells less than a callback holds, so that their
    /// contents differ; their answers do not. Costs nothing where nothing was pulled.
    pub(super) async fn was_pulled(
        &self,
        existing: &Existing,
        record: &Record,
        body: &[u8],
    ) -> Result<bool, StoreError> {
        for key in &existing.pulled {
            let Some(pulled) = self.get(&record.group, key).await? else { continue };
            if self.says_the_same(&pulled, body).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an item's body and another one are answers that say the same. A damaged one says nothing.
    pub(super) async fn says_the_same(&self, item: &StoredItem, body: &[u8]) -> Result<bool, StoreError> {
        let there = match self.body(item).await {
            Ok(there) => there,
            Err(ReadError::Damaged { .. }) => return Ok(false),
            Err(ReadError::Store(error)) => return Err(error),
        };
        Ok(match (Event::parse(&there), Event::parse(body)) {
            (Ok(there), Ok(event)) => event.says_the_same(&there),
            _ => false,
        })
    }

    pub(super) async fn put_under(
        &self,
        key: &EventKey,
        record: &Record,
        payload: &Payload<'_>,
    ) -> Result<Put, StoreError> {
        if let Payload::Parts(parts) = payload {
            // Parts cost: a duplicate must not write them. Two that come at once both do, the same ones.
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
                Ok(Put::Refused(old_item(refusal.err()).map(Existing::of).unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the parts of a body, all before the item that counts them.
    ///
    /// One after the other, and none that is there already: together they may exceed the write capacity of a partition,
    /// and then each redelivery has to get further than the one before it. Being there means the same bytes: after an
    /// update of the function, the same body may gzip to others.
    pub(super) async fn put_parts(
        &self,
        key: &EventKey,
        record: &Record,
        parts: &PayloadParts,
    ) -> Result<(), StoreError> {
        for item in record.part_items(key, parts, self.retention_days) {
            let part_key = text(&item, EVENT_KEY).unwrap_or_default();
            let there = self.get(&record.group, part_key).await?;
            if there.is_some_and(|part| part.bytes(PART) == bytes(&item, PART)) {
                continue;
            }
            self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        }
        Ok(())
    }

    pub(super) async fn existing(&self, group: &str, key: &str) -> Result<Option<Existing>, StoreError> {
        let projection = format!("{EVENT_KEY}, {CONTENT_SHA256}, {REQUEST_ID}, {PULLED}, {PULLED_REVISIONS}");
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
