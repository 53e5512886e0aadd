//! An event or a quarantined body as an item, all but its payload.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;

#[cfg(feature = "cli")]
use super::schema::IMPORTED;
use super::{
    attribute::{Item, blob, digest, key_of, string},
    body::{Payload, PayloadParts},
    error::StoreError,
    schema::{
        ACTION_ID, CONTENT_SHA256, EVENT_ID, EVENT_TYPE, EXPIRES_AT, FROM_USER_ID, OBJECT_ID, OBJECT_TYPE, OCCURRED_AT,
        PART, PULLED, REASON, RECEIVED_AT, REQUEST_ID, RESPONSE_ID, REVISION_OF, SENDER,
    },
};
use crate::event::{Event, EventKey, QUARANTINE_GROUP, Sender, Sha256Digest, Timestamp, Unreadable};

/// DynamoDB's limit on a partition key, and ours on any id that becomes an attribute. A longer "id" is not one that
/// anybody looks things up by; it stays in the payload, and cannot push the item over DynamoDB's limit.
const MAX_ID_BYTES: usize = 2048;

/// Kaizala's retries end within two days; a third allows for clocks.
pub(super) const LAST_REDELIVERY_DAYS: i64 = 3;

pub(super) const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The reason for which a body is split when it is replayed.
pub(super) const BATCH_TOO_LARGE: &str = "batch-too-large";

/// How a body got here.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When it was received.
    pub received_at: Timestamp,
    /// API Gateway's id of the request, never empty. Without one, our own retry of a write looks like a duplicate.
    pub request_id: Option<String>,
}

/// Why a body is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineReason {
    /// It is not an event.
    Unreadable(Unreadable),
    /// API Gateway calls it base64, but it is not; what is kept is the text.
    NotBase64,
    /// It is an event, but DynamoDB would not take the item that it makes.
    RejectedByStore,
    /// It is a revision whose key another revision has already: the first 16 hex digits of their digests are the same.
    DigestCollision,
    /// It is a CloudEvent in a format that is not JSON.
    EventFormat,
    /// A header of a CloudEvent decodes to bytes that are not UTF-8; what is kept has its headers undecoded.
    HeaderNotUtf8,
    /// It holds more CloudEvents than one delivery may; `kaizala quarantine replay` stores them one by one.
    BatchTooLarge,
}

impl QuarantineReason {
    /// Why a body that could not be kept as an event goes to quarantine: `None` if the same write may succeed later.
    pub fn of_failure(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Rejected(_) => Some(Self::RejectedByStore),
            StoreError::DigestCollision => Some(Self::DigestCollision),
            StoreError::TimedOut
            | StoreError::Throttled(_)
            | StoreError::NoTable(_)
            | StoreError::NoCredentials(_)
            | StoreError::Denied(_)
            | StoreError::Unavailable(_) => None,
        }
    }

    /// The reason as it stands in the table, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable(reason) => reason.as_str(),
            Self::NotBase64 => "not-base64",
            Self::RejectedByStore => "rejected-by-store",
            Self::DigestCollision => "digest-collision",
            Self::EventFormat => "event-format",
            Self::HeaderNotUtf8 => "header-not-utf8",
            Self::BatchTooLarge => BATCH_TOO_LARGE,
        }
    }
}

/// What is written for one delivery: everything that the item holds, but for the body.
#[derive(Clone, Debug)]
pub struct Record {
    pub(super) group: String,
    pub(super) key: EventKey,
    /// `None` in quarantine, where the key is the body's digest.
    pub(super) content: Option<Sha256Digest>,
    /// Whether it may be there as a revision: the sender says that it is an edit, or it was imported.
    pub(super) may_be_revision: bool,
    /// When it was imported, if it was: from then on its days count, and that is when a revision came.
    imported_at: Option<Timestamp>,
    pub(super) sender: Sender,
    pub(super) arrival: Arrival,
    /// Epoch seconds; in place of what the table's retention says.
    expires_at: Option<i64>,
    attributes: Vec<(&'static str, AttributeValue)>,
}

impl Record {
    /// The record of an event.
    pub fn of_event(event: &Event<'_>, arrival: Arrival) -> Self {
        let content = event.content_digest();
        let ids = [
            (OBJECT_TYPE, event.object_type.as_deref()),
            (OBJECT_ID, event.object_id.as_deref()),
            (ACTION_ID, event.action_id()),
            (RESPONSE_ID, event.response_id()),
            (FROM_USER_ID, event.from_user_id.as_deref()),
        ];
        let mut attributes = Vec::with_capacity(16);
        attributes.push((EVENT_ID, string(&event.event_id)));
        attributes.push((EVENT_TYPE, string(&event.event_type)));
        attributes.push((CONTENT_SHA256, digest(&content)));
        attributes.extend(ids.into_iter().filter_map(|(name, id)| {
            let id = id.filter(|id| id.len() <= MAX_ID_BYTES)?;
            Some((name, string(id)))
        }));
        if event.sender() == Sender::CloudEvents {
            attributes.push((SENDER, string(Sender::CloudEvents.as_str())));
        }
        attributes.extend(event.occurred_at().map(|time| (OCCURRED_AT, string(&time.to_string()))));
        let record = Self::new(event.table_group().into_owned(), event.key(), Some(content), arrival, attributes);
        Self { may_be_revision: event.is_edit(), sender: event.sender(), ..record }
    }

    /// What tells the event from others: partition, sort key, and the digest of its content. `None` for the last in
    /// quarantine.
    pub fn identity(&self) -> (String, EventKey, Option<Sha256Digest>) {
        (self.group.clone(), self.key.clone(), self.content)
    }

    /// The same record, of a response that was pulled.
    #[must_use]
    pub fn pulled(mut self) -> Self {
        self.attributes.push((PULLED, AttributeValue::Bool(true)));
        self
    }

    /// The same record, of an event that was read from a download at that time. When it arrived in Kaizala, the record says
    /// already; how long it is kept counts from the import.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn imported(mut self, at: Timestamp) -> Self {
        self.attributes.push((IMPORTED, AttributeValue::Bool(true)));
        Self { may_be_revision: true, imported_at: Some(at), ..self }
    }

    /// The same record with an expiry of its own, in epoch seconds, if there is one.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(super) fn expiring_at(self, expires_at: Option<i64>) -> Self {
        Self { expires_at, ..self }
    }

    /// The record of a body that goes to quarantine.
    pub fn of_quarantined(body: &[u8], reason: QuarantineReason, arrival: Arrival) -> Self {
        let key = EventKey::quarantined(&Sha256Digest::of(body));
        Self::new(QUARANTINE_GROUP.to_owned(), key, None, arrival, vec![(REASON, string(reason.as_str()))])
    }

    fn new(
        group: String,
        key: EventKey,
        content: Option<Sha256Digest>,
        arrival: Arrival,
        mut attributes: Vec<(&'static str, AttributeValue)>,
    ) -> Self {
        attributes.push((RECEIVED_AT, string(&arrival.received_at.to_string())));
        attributes.extend(arrival.request_id.as_deref().map(|id| (REQUEST_ID, string(id))));
        Self {
            group,
            key,
            content,
            may_be_revision: false,
            imported_at: None,
            sender: Sender::Kaizala,
            arrival,
            expires_at: None,
            attributes,
        }
    }

    /// Bytes of the item without its payload, by DynamoDB's rule, generously: with all that a revision and an expiry add.
    pub(super) fn size(&self) -> usize {
        const KEYS_AND_NUMBERS: usize = 256;
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value_size(value)).sum::<usize>();
        attributes + self.group.len() + 3 * self.key.as_str().len() + KEYS_AND_NUMBERS
    }

    /// The item under `key`: the record's own key, or that of a revision.
    pub(super) fn item(&self, key: &EventKey, payload: &Payload<'_>, retention_days: Option<NonZeroU32>) -> Item {
        let mut item = key_of(&self.group, key.as_str());
        item.extend(self.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        if *key != self.key {
            item.insert(REVISION_OF.to_owned(), string(self.key.as_str()));
            // What a download says of an event that is there already was changed since, nobody knows when.
            item.extend(self.imported_at.map(|at| (RECEIVED_AT.to_owned(), string(&at.to_string()))));
        }
        item.extend(self.expiry(retention_days));
        item.extend(payload.attributes().map(|(name, value)| (name.to_owned(), value)));
        item
    }

    /// Everything that the table holds once `body` is stored: the item behind its parts. As a revision, under that key.
    #[cfg(feature = "cli")]
    pub fn stored_items(&self, body: &bytes::Bytes, as_revision: bool) -> Vec<super::StoredItem> {
        let payload = Payload::of(body, self.size());
        let key = match &self.content {
            Some(content) if as_revision => self.key.revision(content),
            _ => self.key.clone(),
        };
        let parts = match &payload {
            Payload::Parts(parts) => self.part_items(&key, parts, None).collect(),
            _ => Vec::new(),
        };
        parts.into_iter().chain([self.item(&key, &payload, None)]).map(super::StoredItem::from).collect()
    }

    /// The part items of the item under `key`, in order.
    pub(super) fn part_items<'a>(
        &'a self,
        key: &'a EventKey,
        parts: &'a PayloadParts,
        retention_days: Option<NonZeroU32>,
    ) -> impl Iterator<Item = Item> + 'a {
        (0..).zip(parts.pieces()).map(move |(index, piece)| {
            let mut item = key_of(&self.group, key.part(&parts.gzip_sha256, index).as_str());
            item.insert(PART.to_owned(), piece);
            item.extend(self.part_expiry(retention_days));
            item
        })
    }

    /// The part items of the item under `key` without their pieces, to take the place of parts that no item counts.
    pub(super) fn emptied_part_items<'a>(
        &'a self,
        key: &'a EventKey,
        parts: &'a PayloadParts,
    ) -> impl Iterator<Item = Item> + 'a {
        let expires_at = self.arrival.received_at.epoch_seconds() + LAST_REDELIVERY_DAYS * SECONDS_PER_DAY;
        self.part_items(key, parts, None).map(move |mut item| {
            item.insert(PART.to_owned(), blob([]));
            item.extend([expiry(expires_at)]);
            item
        })
    }

    fn expiry(&self, retention_days: Option<NonZeroU32>) -> Option<(String, AttributeValue)> {
        self.expires_at(retention_days).map(expiry)
    }

    /// When a part of the record's body expires: after the item that counts it, even if a redelivery writes that item.
    fn part_expiry(&self, retention_days: Option<NonZeroU32>) -> Option<(String, AttributeValue)> {
        self.expires_at(retention_days).map(|at| expiry(at + LAST_REDELIVERY_DAYS * SECONDS_PER_DAY))
    }

    /// When the record's item expires, in epoch seconds: `None` if it stays.
    pub(super) fn expires_at(&self, retention_days: Option<NonZeroU32>) -> Option<i64> {
        let since = self.imported_at.unwrap_or(self.arrival.received_at);
        let by_retention = |days: NonZeroU32| since.epoch_seconds() + i64::from(days.get()) * SECONDS_PER_DAY;
        self.expires_at.or(retention_days.map(by_retention))
    }
}

fn expiry(at: i64) -> (String, AttributeValue) {
    (EXPIRES_AT.to_owned(), AttributeValue::N(at.to_string()))
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        // Records hold nothing else.
        _ => 0,
    }
}
