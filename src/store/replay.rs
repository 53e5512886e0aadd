//! The second chance of a quarantined body: read by today's parser, it moves to where it belongs.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use bytes::Bytes;

use super::{
    Store,
    body::Payload,
    error::{StoreError, build},
    item::{Arrival, Record, key_of},
    read::{ReadError, StoredItem},
    schema::{EVENT_KEY, EXPIRES_AT, PAYLOAD_PARTS, PAYLOAD_SHA256, RECEIVED_AT, REQUEST_ID},
    transact::Transacted,
    write::Outcome,
};
use crate::event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest, Unreadable};

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
    /// The body is still no event, and stays.
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
    /// Reads a quarantined body again. When it is an event now, the event is written and the body taken out of quarantine in
    /// one transaction: a replay that is killed has done both or nothing. The event keeps the time of its arrival.
    ///
    /// # Errors
    /// [`ReadError`] when DynamoDB does not answer, or when the item is damaged. A transaction without an answer may have
    /// happened; a further replay sorts that out.
    pub async fn replay(&self, quarantined: &StoredItem) -> Result<Replay, ReadError> {
        let body = Bytes::from(self.body(quarantined).await?);
        let event = match Event::parse(&body) {
            Ok(event) => event,
            Err(reason) => return Ok(Replay::Stays(reason)),
        };
        let received_at = quarantined.text(RECEIVED_AT).and_then(|time| time.parse().ok());
        let arrival = Arrival {
            received_at: received_at.ok_or_else(|| quarantined.damaged("it does not say when it was received"))?,
            request_id: quarantined.text(REQUEST_ID).map(str::to_owned),
        };
        let expires_at = quarantined.number(EXPIRES_AT).and_then(|at| i64::try_from(at).ok());
        let record = Record::of_event(&event, arrival).expiring_at(expires_at);
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

    /// What a refused write means here is what it means to the receiver.
    async fn move_beside(
        &self,
        quarantined: &StoredItem,
        record: &Record,
        body: &Bytes,
    ) -> Result<Option<Outcome>, ReadError> {
        let content = record.content.as_ref().ok_or_else(|| quarantined.damaged("it is no event"))?;
        let existing = self.existing(&record.group, record.key.as_str()).await?.unwrap_or_default();
        let is_there = existing.has_content(content) || self.was_pulled(&existing, record, body).await?;
        if !is_there {
            match self.move_out(quarantined, &record.key.revision(content), record, body).await? {
                Move::Done => return Ok(Some(Outcome::Revised)),
                Move::Gone => return Ok(None),
                Move::Taken => {}
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
        Ok(match self.transact(&writes).await? {
            Transacted::Done => Move::Done,
            Transacted::Refused(failed) if failed.get(1) == Some(&true) => Move::Gone,
            Transacted::Refused(_) => Move::Taken,
        })
    }

    /// Deletes what the body was read from. Nothing reads it any more, so that a failure does no harm; while another replay
    /// might still need it, it must not happen, so it comes last.
    async fn delete_parts(&self, quarantined: &StoredItem) {
        let (Some(parts), Some(body)) =
            (quarantined.number(PAYLOAD_PARTS), quarantined.bytes(PAYLOAD_SHA256).and_then(Sha256Digest::from_bytes))
        else {
            return;
        };
        let key = EventKey::from_table(quarantined.text(EVENT_KEY).unwrap_or_default());
        for index in 0..parts {
            let part = key_of(QUARANTINE_GROUP, key.part(&body, index).as_str());
            let deleted = self.client.delete_item().table_name(&self.table).set_key(Some(part)).send().await;
            if let Err(error) = deleted.map_err(StoreError::from) {
                tracing::warn!(%error, "a part of a replayed body stays behind");
            }
        }
    }
}

fn quarantine_key(quarantined: &StoredItem) -> super::item::Item {
    key_of(QUARANTINE_GROUP, quarantined.text(EVENT_KEY).unwrap_or_default())
}
