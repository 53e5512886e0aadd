//! What makes two deliveries the same event: group, key and digest.
//!
//! Two subscriptions that cover the same action deliver the same event with different objectId, objectType,
//! subscriptionId and context; an edit arrives under the eventId of its original. So neither the envelope nor the eventId
//! alone identifies an event: the group comes from `data` where it can, and a digest over type and data tells a
//! duplicate from a revision. A CloudEvent's group is its source.

use std::{borrow::Cow, fmt};

use sha2::{Digest, Sha256};

use super::{Event, EventType, canonical::canonical_json};

/// The group of events that name no group anywhere.
pub const UNGROUPED: &str = "ungrouped";
/// The partition of bodies that are not events. Its keys are bare digests and never collide with event keys, which hold
/// a `#`, so that a group that happened to have this id would do no harm.
pub const QUARANTINE_GROUP: &str = "quarantine";
/// DynamoDB's limit on a partition key.
const MAX_GROUP_ID_BYTES: usize = 2048;
/// DynamoDB's limit on a sort key.
const MAX_SORT_KEY_BYTES: usize = 1024;
/// Room that a key leaves for both suffixes at once, those of [`EventKey::revision`] and [`EventKey::part`].
const SUFFIX_BYTES: usize = "#r0123456789abcdef".len() + "#part0123456789abcdef-0000".len();

/// The sort key of an item: `<eventType>#<eventId>`, a revision's with `#r<16 hex>` behind it, or a quarantined body's
/// digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventKey(String);

impl EventKey {
    fn new(event_type: &str, event_id: &str) -> Self {
        Self(format!("{}#{}", encode(event_type), encode(event_id)))
    }

    /// The key of an event that was read from a download.
    #[cfg(feature = "lake")]
    pub fn imported(imported: super::ImportedType, event_id: &str) -> Self {
        Self::new(imported.name(), event_id)
    }

    /// The key of a body that is not an event.
    pub fn quarantined(body: &Sha256Digest) -> Self {
        Self(body.to_string())
    }

    /// The key of a revision of this key's event, told apart by its content.
    #[must_use]
    pub fn revision(&self, content: &Sha256Digest) -> Self {
        Self(format!("{}#r{}", self.0, content.short()))
    }

    /// The key of a revision of this key's event that was pulled in place of the version under `replaced`. That key counts
    /// too, so that an answer that comes back after another one is a version of its own.
    #[must_use]
    pub fn pulled_revision(&self, content: &Sha256Digest, replaced: &Self) -> Self {
        self.revision(&Sha256Digest::of(&[content.as_bytes(), replaced.0.as_bytes()].concat()))
    }

    /// The key of an item that holds a part of a gzipped body. The digest of the gzip is in it, so that two gzips under one
    /// key never share a part, be they of two bodies or of the same.
    #[must_use]
    pub fn part(&self, gzip: &Sha256Digest, index: u64) -> Self {
        Self(format!("{}#part{}-{index:04}", self.0, gzip.short()))
    }

    /// A key as it stands in the table.
    pub fn from_table(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// What every key of an event's revisions begins with, those of their parts included.
    pub fn revision_prefix(&self) -> String {
        format!("{}#r", self.0)
    }

    /// What every key of an event type's events begins with.
    pub fn type_prefix(event_type: &str) -> String {
        format!("{}#", encode(event_type))
    }

    /// Event type and event id, decoded; `None` for the key of a quarantined body.
    pub fn event_type_and_id(&self) -> Option<(String, String)> {
        let mut parts = self.0.split('#').map(|part| part.replace("%23", "#").replace("%25", "%"));
        Some((parts.next()?, parts.next()?))
    }

    /// Whether the key is that of a revision.
    pub fn is_revision(&self) -> bool {
        self.0.split('#').nth(2).is_some_and(|suffix| suffix.starts_with('r'))
    }

    /// The key of the event that this key's item is a revision of; `None` if it is not a revision.
    pub fn original(&self) -> Option<Self> {
        let (second, _) = self.0.match_indices('#').nth(1)?;
        self.0[second..].starts_with("#r").then(|| Self(self.0[..second].to_owned()))
    }

    /// Whether the key is that of a body that is not an event.
    pub fn is_quarantined(&self) -> bool {
        !self.0.contains('#')
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Percent-encodes the character that separates a key's parts, and the one that encodes it. Not with a library: those
/// encode all that is not ASCII too, which would make keys of other scripts three times as long.
fn encode(text: &str) -> Cow<'_, str> {
    if text.contains(['#', '%']) { text.replace('%', "%25").replace('#', "%23").into() } else { text.into() }
}

/// A SHA-256 digest; displays as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads a digest from its bytes; `None` unless there are exactly 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hex digits, which tell apart the revisions of one event and the parts of one item.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..8])
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> Event<'a> {
    /// The group under which the event is stored, the same through every subscription that delivers it.
    pub fn table_group(&self) -> Cow<'a, str> {
        let envelope_group = || self.group_id.clone();
        let of_data = match self.known_type() {
            // Here data.groupId is the sub-group that came or went; the event belongs to its parent.
            Some(EventType::GroupAdded | EventType::GroupRemoved) => {
                return envelope_group().or_else(|| self.object_id.clone()).unwrap_or(Cow::Borrowed(UNGROUPED));
            }
            _ => self.indexed.group_id.clone(),
        };
        of_data
            .or_else(envelope_group)
            .or_else(|| self.object_id.clone().filter(|_| self.object_type.as_deref() == Some("Group")))
            .unwrap_or(Cow::Borrowed(UNGROUPED))
    }

    /// The sort key under which the event is stored when it is the first of its eventId.
    pub fn key(&self) -> EventKey {
        EventKey::new(&self.event_type, &self.event_id)
    }

    /// Whether DynamoDB takes the event's keys, those of its revisions and parts included.
    pub(super) fn fits_keys(&self) -> bool {
        self.key().as_str().len() + SUFFIX_BYTES <= MAX_SORT_KEY_BYTES && self.table_group().len() <= MAX_GROUP_ID_BYTES
    }

    /// The digest of what the event says, whoever it was delivered for: SHA-256 over the event type, a newline and `data` as
    /// compact JSON with sorted members, unescaped UTF-8 and numbers as they were written (`null` when absent). The data of a
    /// CloudEvent that is not JSON counts as the bytes that it is.
    pub fn content_digest(&self) -> Sha256Digest {
        let mut hash = Sha256::new();
        hash.update(self.event_type.as_bytes());
        hash.update(b"\n");
        match (self.cloud_event(), self.data) {
            (Some(cloud_event), _) => cloud_event.add_content(&mut hash),
            (None, Some(data)) => hash.update(canonical_json(data)),
            (None, None) => hash.update(b"null"),
        }
        Sha256Digest(hash.finalize().into())
    }
}
