//! An item as it stands in the table, and what it says of itself.

use std::{collections::HashMap, fmt};

use aws_sdk_dynamodb::types::AttributeValue;

#[cfg(feature = "lake")]
use super::schema::{
    ACTION_ID, CONTENT_SHA256, EVENT_ID, EVENT_TYPE, EXPIRES_AT, FROM_USER_ID, OBJECT_ID, OBJECT_TYPE, OCCURRED_AT,
    RECEIVED_AT, REQUEST_ID, RESPONSE_ID, REVISION_OF, SENDER, UPDATED_AT,
};
use super::{
    attribute::{Item, bytes, flag, text},
    error::ReadError,
    schema::{ERASED, EVENT_KEY, GROUP_ID, GROUPS, PART, PULLED, REASON},
};
#[cfg(feature = "lake")]
use crate::event::{Rank, Sender, Sha256Digest, Timestamp};

/// An item of the table, as it stands there.
#[derive(Clone, PartialEq)]
pub struct StoredItem(Item);

/// What an item of the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// An event, first or revision.
    Event,
    /// A body that is not an event, or one that DynamoDB would not take as such.
    Quarantined,
    /// A piece of another item's body.
    Part,
    /// The name of a group.
    Group,
    /// What is left of an event that was erased, so that a redelivery does not bring it back.
    Erased,
}

/// What `kaizala events show` prints besides the body, in that order.
#[cfg(feature = "lake")]
const DESCRIPTION: [&str; 15] = [
    GROUP_ID,
    EVENT_KEY,
    EVENT_TYPE,
    EVENT_ID,
    SENDER,
    OBJECT_TYPE,
    OBJECT_ID,
    ACTION_ID,
    RESPONSE_ID,
    FROM_USER_ID,
    RECEIVED_AT,
    OCCURRED_AT,
    REQUEST_ID,
    REVISION_OF,
    REASON,
];

impl From<HashMap<String, AttributeValue>> for StoredItem {
    fn from(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }
}

impl StoredItem {
    /// What the item is. One of an unknown kind counts as an event, which its readers will find damaged.
    pub fn kind(&self) -> ItemKind {
        if self.is_part() {
            ItemKind::Part
        } else if flag(&self.0, ERASED) {
            ItemKind::Erased
        } else if self.0.contains_key(REASON) {
            ItemKind::Quarantined
        } else if self.group() == Some(GROUPS) && self.event_key().is_some_and(|key| !key.contains('#')) {
            ItemKind::Group
        } else {
            ItemKind::Event
        }
    }

    /// Whether this is a piece of another item's body.
    pub fn is_part(&self) -> bool {
        self.0.contains_key(PART)
    }

    /// Whether this is a response that was pulled through Kaizala's API.
    pub fn is_pulled(&self) -> bool {
        flag(&self.0, PULLED)
    }

    /// Whether this was read from one of Kaizala's own downloads.
    #[cfg(feature = "cli")]
    pub fn is_imported(&self) -> bool {
        flag(&self.0, super::schema::IMPORTED)
    }

    /// The partition key: the group that an event is stored under, or the partition of another kind of item.
    pub fn group(&self) -> Option<&str> {
        self.text(GROUP_ID)
    }

    /// The sort key, see [`EventKey`](crate::event::EventKey).
    pub fn event_key(&self) -> Option<&str> {
        self.text(EVENT_KEY)
    }

    /// A string attribute by its name in the table. For looking at items as they stand there, as tests do; whoever reads
    /// their meaning asks by the methods that are called after it.
    pub fn text(&self, name: &str) -> Option<&str> {
        text(&self.0, name)
    }

    /// A binary attribute by its name in the table, see [`text`](Self::text).
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        bytes(&self.0, name)
    }

    /// A number attribute by its name in the table, see [`text`](Self::text).
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// The error that something is wrong with this item.
    pub fn damaged(&self, what: &'static str) -> ReadError {
        let owned = |key: Option<&str>| key.unwrap_or_default().to_owned();
        ReadError::Damaged { group: owned(self.group()), key: owned(self.event_key()), what }
    }
}

#[cfg(feature = "lake")]
impl StoredItem {
    /// The eventId, of an event.
    pub fn event_id(&self) -> Option<&str> {
        self.text(EVENT_ID)
    }

    /// The event type, of an event.
    pub fn event_type(&self) -> Option<&str> {
        self.text(EVENT_TYPE)
    }

    /// Who sent an event.
    pub fn sender(&self) -> Sender {
        match self.text(SENDER) {
            Some(sender) if sender == Sender::CloudEvents.as_str() => Sender::CloudEvents,
            _ => Sender::Kaizala,
        }
    }

    /// The response that an event carries.
    pub fn response_id(&self) -> Option<&str> {
        self.text(RESPONSE_ID)
    }

    /// Who caused an event, as Kaizala's opaque id.
    pub fn from_user_id(&self) -> Option<&str> {
        self.text(FROM_USER_ID)
    }

    /// When the event or the quarantined body arrived; of the name of a group, when it was told.
    pub fn received_at(&self) -> Option<Timestamp> {
        self.text(RECEIVED_AT).or_else(|| self.text(UPDATED_AT)).and_then(Timestamp::from_rfc3339)
    }

    /// When an event happened by the sender's clock.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        self.text(OCCURRED_AT).and_then(Timestamp::from_rfc3339)
    }

    /// The id of the request that an event or a quarantined body came with.
    pub fn request_id(&self) -> Option<&str> {
        self.text(REQUEST_ID)
    }

    /// The sort key of the first event under the same eventId, of a revision.
    pub fn revision_of(&self) -> Option<&str> {
        self.text(REVISION_OF)
    }

    /// Digest of an event's type and data, which tells a duplicate from a revision.
    pub fn content_sha256(&self) -> Option<Sha256Digest> {
        self.bytes(CONTENT_SHA256).and_then(Sha256Digest::from_bytes)
    }

    /// Why a body is in quarantine.
    pub fn reason(&self) -> Option<&str> {
        self.text(REASON)
    }

    /// When DynamoDB may delete the item, in epoch seconds.
    pub fn expires_at(&self) -> Option<i64> {
        self.number(EXPIRES_AT).and_then(|at| i64::try_from(at).ok())
    }

    /// The piece of another item's body that a part holds.
    pub fn part(&self) -> Option<&[u8]> {
        self.bytes(PART)
    }

    /// Where the item stands among the versions of its response. `is_edit` tells whether its body says that it is an
    /// [edit](crate::event::Event::is_edit), which no attribute does. `None` if the item does not say when it was received.
    pub fn rank(&self, is_edit: bool) -> Option<Rank<'_>> {
        let (received_at, event_key) = (self.received_at()?, self.event_key()?);
        Some(if self.is_pulled() {
            Rank::of_pulled(received_at, event_key)
        } else {
            Rank::of_pushed(is_edit, self.occurred_at(), received_at, event_key)
        })
    }

    /// What the item says of itself besides its body, as names and texts for people, in an order of theirs.
    pub fn description(&self) -> impl Iterator<Item = (&'static str, &str)> {
        DESCRIPTION.into_iter().filter_map(|name| Some((name, self.text(name)?)))
    }

    pub(super) fn attributes(&self) -> &Item {
        &self.0
    }
}

/// Shows the key alone: the rest is what people wrote.
impl fmt::Debug for StoredItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredItem")
            .field(GROUP_ID, &self.group())
            .field(EVENT_KEY, &self.event_key())
            .finish_non_exhaustive()
    }
}
