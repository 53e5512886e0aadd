//! The second chance of a quarantined body: read by today's parser, it moves to where it belongs.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_dynamodb::types::{Delete, Put, ReturnValue, TransactWriteItem};
use bytes::Bytes;

use super::{
    Store,
    attribute::{Item, key_of},
    body::Payload,
    error::{ReadError, StoreError, build},
    item::{Arrival, BATCH_TOO_LARGE, QuarantineReason, Record},
    schema::EVENT_KEY,
    stored_item::StoredItem,
    transact::Transacted,
    write::Outcome,
};
use crate::event::{Batch, Event, EventKey, QUARANTINE_GROUP, Unreadable};

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The body is an event, and left the quarantine: stored, as a revision, or because it was there already.
    Moved {
        /// Which of these.
        outcome: Outcome,
        /// The group that it belongs to.
        group: String,
        /// The key of the first event of its id.
        key: EventKey,
    },
    /// The body is a batch of CloudEvents, and left the quarantine. Each of them was stored, or is in quarantine now in its
    /// place: how many there were of each [`Outcome`].
    Split(BTreeMap<&'static str, usize>),
    /// The body is still not an event, and stays.
    Stays(Unreadable),
    /// It is no longer in quarantine: somebody else replayed it, or this command before it was interrupted.
    Gone,
}

enum Move {
    Done,
    Taken,
    Gone,
}

impl Store {
    /// Reads a quarantined body again. If it is an event now, the event is written and the body taken out of quarantine in
    /// one transaction: a replay that is killed has done both or nothing. The event keeps the time of its arrival.
    ///
    /// # Errors
    /// [`ReadError`] if DynamoDB does not answer, if the item is damaged, or on a [`StoreError::DigestCollision`], with which
    /// the body stays. A transaction without an answer may have happened; a further replay sorts that out.
    pub async fn replay(&self, quarantined: &StoredItem) -> Result<Replay, ReadError> {
        let body = Bytes::from(self.body(quarantined).await?);
        let received_at = quarantined.received_at();
        let arrival = Arrival {
            received_at: received_at.ok_or_else(|| quarantined.damaged("it does not say when it was received"))?,
            request_id: quarantined.request_id().map(str::to_owned),
        };
        if let Some(batch) = batch(quarantined, &body) {
            return self.split(quarantined, &batch, &body, arrival).await;
        }
        let event = match Event::parse(&body) {
            Ok(event) => event,
            Err(reason) => return Ok(Replay::Stays(reason)),
        };
        let record = Record::of_event(&event, arrival).expiring_at(quarantined.expires_at());
        let moved = |outcome| Replay::Moved { outcome, group: record.group.clone(), key: record.key.clone() };
        let replay = match self.move_out(quarantined, &record.key, &record, &body).await? {
            Move::Done => moved(Outcome::Stored),
            Move::Gone => Replay::Gone,
            Move::Taken => match self.move_beside(quarantined, &record, &body).await? {
                Some(outcome) => moved(outcome),
                None => Replay::Gone,
            },
        };
        self.delete_parts(quarantined).await;
        Ok(replay)
    }

    /// Stores the events of a batch one by one, and takes the batch out of quarantine when all are stored: a replay that is
    /// killed leaves it there, and the next one finds what is stored already.
    async fn split(
        &self,
        quarantined: &StoredItem,
        batch: &Batch<'_>,
        body: &Bytes,
        arrival: Arrival,
    ) -> Result<Replay, ReadError> {
        let mut outcomes = BTreeMap::new();
        let mut seen = HashSet::new();
        for element in &batch.elements {
            let element = body.slice_ref(element.as_bytes());
            let in_quarantine = |reason| {
                Record::of_quarantined(&element, reason, arrival.clone()).expiring_at(quarantined.expires_at())
            };
            let record = match Event::parse_cloud_event(&element) {
                Ok(event) => Record::of_event(&event, arrival.clone()).expiring_at(quarantined.expires_at()),
                Err(reason) => in_quarantine(QuarantineReason::Unreadable(reason)),
            };
            // The request id is the same for all of them: the second of two would be taken for our own retry of the first.
            let outcome = if record.content.is_some() && !seen.insert(record.identity()) {
                Outcome::Duplicate
            } else {
                match self.put(&record, &element).await {
                    Ok(outcome) => outcome,
                    Err(error) => match QuarantineReason::of_failure(&error) {
                        Some(reason) => self.put(&in_quarantine(reason), &element).await?,
                        None => return Err(error.into()),
                    },
                }
            };
            *outcomes.entry(outcome.as_str()).or_default() += 1;
        }
        if self.delete_quarantined(quarantined).await? { Ok(Replay::Split(outcomes)) } else { Ok(Replay::Gone) }
    }

    /// Deletes a quarantined body for good. Returns whether it was still there.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn delete_quarantined(&self, quarantined: &StoredItem) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).return_values(ReturnValue::AllOld);
        let deleted = delete.set_key(Some(quarantine_key(quarantined))).send().await?;
        self.delete_parts(quarantined).await;
        Ok(deleted.attributes.is_some())
    }

    /// Moves the body beside what refused its write, which means here what it means to the receiver. `None` if the body is
    /// gone.
    async fn move_beside(
        &self,
        quarantined: &StoredItem,
        record: &Record,
        body: &Bytes,
    ) -> Result<Option<Outcome>, ReadError> {
        let content = record.content.as_ref().ok_or_else(|| quarantined.damaged("it is not an event"))?;
        let existing = self.existing(&record.group, record.key.as_str()).await?.unwrap_or_default();
        let is_there = existing.makes_duplicate(content) || self.was_pulled(&existing, record, body).await?;
        if !is_there {
            let key = record.key.revision(content);
            match self.move_out(quarantined, &key, record, body).await? {
                Move::Done => return Ok(Some(Outcome::Revised)),
                Move::Gone => return Ok(None),
                Move::Taken => {
                    let revision = self.existing(&record.group, key.as_str()).await?.unwrap_or_default();
                    if revision.is_of_other_content(content) {
                        return Err(StoreError::DigestCollision.into());
                    }
                }
            }
        }
        // The event is there for good, so that only the other half is left to do.
        let delete = self.client.delete_item().table_name(&self.table);
        delete.set_key(Some(quarantine_key(quarantined))).send().await.map_err(StoreError::from)?;
        Ok(Some(Outcome::Duplicate))
    }

    async fn move_out(
        &self,
        quarantined: &StoredItem,
        key: &EventKey,
        record: &Record,
        body: &Bytes,
    ) -> Result<Move, ReadError> {
        let payload = Payload::of(body, record.size());
        if let Payload::Parts(parts) = &payload {
            if self.existing(&record.group, key.as_str()).await?.is_some() {
                return Ok(Move::Taken);
            }
            self.put_parts(key, record, parts).await?;
        }
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(record.item(key, &payload, self.retention_days)))
            .condition_expression(format!("attribute_not_exists({EVENT_KEY})"));
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(quarantine_key(quarantined)))
            .condition_expression(format!("attribute_exists({EVENT_KEY})"));
        let writes = [
            TransactWriteItem::builder().put(build(put.build())?).build(),
            TransactWriteItem::builder().delete(build(delete.build())?).build(),
        ];
        let Transacted::Refused(failed) = self.transact(&writes).await? else { return Ok(Move::Done) };
        if let Payload::Parts(parts) = &payload
            && let Some(existing) = self.existing(&record.group, key.as_str()).await?
        {
            self.empty_parts(key, record, parts, &existing).await;
        }
        Ok(if failed.get(1) == Some(&true) { Move::Gone } else { Move::Taken })
    }

    /// Deletes what the body was read from. Nothing reads it any more, so that a failure does no harm; while another replay
    /// might still need it, it must not happen, so it comes last.
    async fn delete_parts(&self, quarantined: &StoredItem) {
        let Ok(parts) = quarantined.parts() else { return };
        for key in parts.keys() {
            let part = key_of(QUARANTINE_GROUP, key.as_str());
            let deleted = self.client.delete_item().table_name(&self.table).set_key(Some(part)).send().await;
            if let Err(error) = deleted.map_err(StoreError::from) {
                tracing::warn!(%error, "a part of a body that has left quarantine stays behind");
            }
        }
    }
}

/// The CloudEvents that a body is a batch of: one that was too large for one delivery, or that was not known for a batch when
/// it came.
fn batch<'a>(quarantined: &StoredItem, body: &'a [u8]) -> Option<Batch<'a>> {
    let is_known = quarantined.reason() == Some(BATCH_TOO_LARGE);
    Batch::parse_whole(body).filter(|batch| is_known || batch.begins_with_cloud_event())
}

fn quarantine_key(quarantined: &StoredItem) -> Item {
    key_of(QUARANTINE_GROUP, quarantined.event_key().unwrap_or_default())
}
