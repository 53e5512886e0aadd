//! The domain: what Kaizala and senders of CloudEvents send, what of it identifies an event, and how its data reads.
//!
//! Pure: no I/O, no clock, no AWS type. Everything borrows from the body it was parsed out of.
//!
//! [`Event::parse`] asks for very little (a JSON object with an eventId and an eventType), because whatever it turns
//! away ends in quarantine. Everything beyond that is read on demand and tolerantly: see [`Event::data`].

mod canonical;
mod cloud_event;
mod data;
mod event_type;
mod identity;
#[cfg(feature = "lake")]
pub mod imported;
pub(crate) mod json;
mod latest;
mod question;
mod response_time;
#[cfg(feature = "lake")]
mod rest;
mod same_answers;
mod timestamp;
#[cfg(feature = "cli")]
mod who;

use std::{borrow::Cow, fmt};

use serde_json::value::RawValue;

#[cfg(feature = "lake")]
pub(crate) use self::question::is_title;
#[cfg(feature = "cli")]
pub use self::who::{Person, searchable};
pub use self::{
    cloud_event::{Batch, CloudEvent, is_json_type, structured},
    data::{
        Announcement, Attachment, Created, Data, JobCreated, JobResponse, MemberChange, Response, SubGroup, TextMessage,
    },
    event_type::EventType,
    identity::{EventKey, QUARANTINE_GROUP, Sha256Digest, UNGROUPED},
    latest::Rank,
    question::{Answer, Location, Media, PhoneNumber, Question},
    timestamp::Timestamp,
};
#[cfg(feature = "lake")]
pub use self::{data::ImportedMessage, imported::ImportedType, timestamp::NotATime};
use self::{
    json::{JsonObject, is_json},
    response_time::response_time,
};

/// Who speaks: which envelope an event came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Kaizala's own callbacks.
    Kaizala,
    /// Anybody who sends CloudEvents 1.0.
    CloudEvents,
}

impl Sender {
    /// The sender as it stands in the table, in logs and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kaizala => "kaizala",
            Self::CloudEvents => "cloudevents",
        }
    }
}

/// One event as it arrived: what identifies it and what the table is looked up by. Everything else is read when somebody
/// asks for it, so that a delivery does not pay for what only tables show.
///
/// Field names and presence follow the captured payloads; every field but the two that identify the event is optional,
/// since Kaizala leaves out or nulls what it does not know. An empty string counts as absent.
#[derive(Clone)]
pub struct Event<'a> {
    /// Identifies the event together with its type. In a captured ActionResponse it equals `data.responseId`, so an
    /// edit arrives under the eventId of the original.
    pub event_id: Cow<'a, str>,
    /// The event type as it was sent; [`Event::known_type`] tells whether it is one that Kaizala is known to send.
    pub event_type: Cow<'a, str>,
    /// What was subscribed to: a group id, an action id or a package id.
    pub object_id: Option<Cow<'a, str>>,
    /// `Group`, `Action` or `ActionPackage`.
    pub object_type: Option<Cow<'a, str>>,
    /// The group, undocumented but present in captured payloads.
    pub group_id: Option<Cow<'a, str>>,
    /// Kaizala's opaque id of who caused the event.
    pub from_user_id: Option<Cow<'a, str>>,
    envelope: Envelope<'a>,
    /// Kaizala's `data`. What a CloudEvent says is in its envelope.
    data: Option<&'a RawValue>,
    /// The members of `data`; `None` unless it is an object.
    members: Option<JsonObject<'a>>,
    indexed: Indexed<'a>,
    /// Whether it is a row of a download, and which. Its data is by column names, which people may have chosen.
    #[cfg(feature = "lake")]
    imported: Option<ImportedType>,
}

/// The envelope, for what is read of it on demand.
#[derive(Clone)]
enum Envelope<'a> {
    Kaizala(JsonObject<'a>),
    CloudEvents(Box<CloudEvent<'a>>),
}

/// The fields of `data` that become attributes of the item, read once when the event is parsed.
#[derive(Clone, Default)]
struct Indexed<'a> {
    group_id: Option<Cow<'a, str>>,
    action_id: Option<Cow<'a, str>>,
    response_id: Option<Cow<'a, str>>,
    occurred_at: Option<Timestamp>,
}

/// Why a body is not an event. Such a body goes to quarantine, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The body is not UTF-8.
    NotUtf8,
    /// The body is not one JSON text.
    NotJson,
    /// The body is JSON, but not an object.
    NotAnObject,
    /// `eventId` is absent or blank, not a string, or a string that is not all Unicode; of a CloudEvent, `id`.
    NoEventId,
    /// `eventType` is absent or blank, not a string, or a string that is not all Unicode; of a CloudEvent, `type`.
    NoEventType,
    /// eventType and eventId, or the group id, are longer than a DynamoDB key may be.
    KeyTooLong,
    /// `specversion` of a CloudEvent is absent, not a string, or not version 1.
    SpecVersion,
    /// `source` of a CloudEvent is absent or blank, not a string, or a string that is not all Unicode.
    NoSource,
    /// A CloudEvent has both `data` and `data_base64`.
    TwoData,
    /// `data_base64` of a CloudEvent is not base64.
    BadBase64,
}

impl Unreadable {
    /// The reason as it stands in the table, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not-utf8",
            Self::NotJson => "not-json",
            Self::NotAnObject => "not-an-object",
            Self::NoEventId => "no-event-id",
            Self::NoEventType => "no-event-type",
            Self::KeyTooLong => "key-too-long",
            Self::SpecVersion => "spec-version",
            Self::NoSource => "no-source",
            Self::TwoData => "two-data",
            Self::BadBase64 => "bad-base64",
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Unreadable {}

impl<'a> Event<'a> {
    /// Reads the envelope of a callback's body: Kaizala's, or that of a CloudEvent where there is no eventId but a
    /// `specversion`.
    ///
    /// Unknown event types, unknown, missing or mistyped fields and any shape of `data` are accepted.
    ///
    /// # Errors
    /// [`Unreadable`] when nothing identifies the event.
    pub fn parse(body: &'a [u8]) -> Result<Self, Unreadable> {
        Self::read(body, response_time)
    }

    /// Reads the envelope of a body that was stored before. Who sent it and when the event happened were found out then and
    /// need not be looked for again.
    ///
    /// # Errors
    /// [`Unreadable`] when nothing identifies the event.
    pub fn parse_stored(body: &'a [u8], sender: Sender, occurred_at: Option<Timestamp>) -> Result<Self, Unreadable> {
        match sender {
            Sender::Kaizala => Self::read(body, |_| occurred_at),
            Sender::CloudEvents => Self::of_cloud_event(envelope(body)?, occurred_at),
        }
    }

    fn read(body: &'a [u8], occurred_at: impl Fn(&JsonObject<'a>) -> Option<Timestamp>) -> Result<Self, Unreadable> {
        let envelope = envelope(body)?;
        // White space tells no two events apart.
        let identifying = |name| envelope.exact_string(name).filter(|text| !text.trim().is_empty());
        let Some(event_id) = identifying("eventId") else {
            return match envelope.raw(cloud_event::SPEC_VERSION) {
                Some(_) => Self::of_cloud_event(envelope, None),
                None => Err(Unreadable::NoEventId),
            };
        };
        let event_type = identifying("eventType").ok_or(Unreadable::NoEventType)?;
        let data = envelope.raw("data");
        let members = data.and_then(|data| JsonObject::parse(data.get()));
        #[cfg(feature = "lake")]
        let imported = ImportedType::from_name(&event_type);
        let index = |members: &JsonObject<'a>| {
            #[cfg(feature = "lake")]
            if let Some(imported) = imported {
                let occurred_at = imported::occurred_at(imported, members);
                return Indexed { occurred_at, ..Indexed::default() };
            }
            Indexed::read(members, &occurred_at)
        };
        let event = Self {
            event_id,
            event_type,
            object_id: envelope.id("objectId"),
            object_type: envelope.id("objectType"),
            group_id: envelope.id("groupId"),
            from_user_id: envelope.id("fromUserId"),
            envelope: Envelope::Kaizala(envelope),
            data,
            indexed: members.as_ref().map(index).unwrap_or_default(),
            members,
            #[cfg(feature = "lake")]
            imported,
        };
        if event.fits_keys() { Ok(event) } else { Err(Unreadable::KeyTooLong) }
    }

    /// Who sent the event.
    pub fn sender(&self) -> Sender {
        match &self.envelope {
            Envelope::Kaizala(_) => Sender::Kaizala,
            Envelope::CloudEvents(_) => Sender::CloudEvents,
        }
    }

    /// What only a CloudEvent says; `None` when it is Kaizala's event.
    pub fn cloud_event(&self) -> Option<&CloudEvent<'a>> {
        match &self.envelope {
            Envelope::Kaizala(_) => None,
            Envelope::CloudEvents(cloud_event) => Some(cloud_event),
        }
    }

    /// The envelope as Kaizala has it; `None` of a CloudEvent, whose extensions may bear the same names.
    fn kaizala(&self) -> Option<&JsonObject<'a>> {
        match &self.envelope {
            Envelope::Kaizala(envelope) => Some(envelope),
            Envelope::CloudEvents(_) => None,
        }
    }

    /// The event type, when it is one that Kaizala is known to send, and Kaizala sent it.
    pub fn known_type(&self) -> Option<EventType> {
        match &self.envelope {
            Envelope::Kaizala(_) => EventType::from_name(&self.event_type),
            Envelope::CloudEvents(_) => None,
        }
    }

    /// `data`, typed by the event type. Never fails: what does not fit is [`Data::Other`].
    pub fn data(&self) -> Data<'a> {
        #[cfg(feature = "lake")]
        if let (Some(imported), Some(row)) = (self.imported, &self.members) {
            return imported::data(imported, row);
        }
        Data::read(self.known_type(), self.members.as_ref(), self.data)
    }

    /// The members of `data`, of an event that came from Kaizala: those of a row of a download are not fields.
    fn fields(&self) -> Option<&JsonObject<'a>> {
        #[cfg(feature = "lake")]
        if self.imported.is_some() {
            return None;
        }
        self.members.as_ref()
    }

    /// The action that the event belongs to, `data.actionId`.
    pub fn action_id(&self) -> Option<&str> {
        self.indexed.action_id.as_deref()
    }

    /// The response that the event carries, `data.responseId`.
    pub fn response_id(&self) -> Option<&str> {
        self.indexed.response_id.as_deref()
    }

    /// Whether the event says that it is an edit of a response, `data.isUpdateResponse`.
    pub fn is_edit(&self) -> bool {
        self.fields().and_then(|data| data.flag("isUpdateResponse")).unwrap_or_default()
    }

    /// The subscription that delivered the event. The same event comes through several.
    pub fn subscription_id(&self) -> Option<Cow<'a, str>> {
        self.kaizala()?.id("subscriptionId")
    }

    /// The `callBackContext` that the subscriber registered.
    pub fn context(&self) -> Option<Cow<'a, str>> {
        self.kaizala()?.label("context")
    }

    /// Phone number of who caused the event, E.164. Personal data.
    pub fn from_user(&self) -> Option<Cow<'a, str>> {
        self.kaizala()?.id("fromUser")
    }

    /// Display name of who caused the event. Personal data.
    pub fn from_user_name(&self) -> Option<Cow<'a, str>> {
        self.kaizala()?.label("fromUserName")
    }

    /// Whether a bot caused the event, `isBotfromUser`; undocumented.
    pub fn is_bot(&self) -> Option<bool> {
        self.kaizala()?.flag("isBotfromUser")
    }

    /// Further properties of an action or a response, as they were sent: a list of `{name, type, value}`. Documented as
    /// `properties`, captured as `Properties`.
    pub fn properties(&self) -> Option<&'a RawValue> {
        let data = self.fields()?;
        data.raw("properties").or_else(|| data.raw("Properties"))
    }

    /// When it happened by the sender's clock: the answer to the question `ResponseTime`, since Kaizala's envelope has no
    /// time; of a CloudEvent its `time`.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        self.indexed.occurred_at
    }
}

impl<'a> Indexed<'a> {
    fn read(data: &JsonObject<'a>, occurred_at: impl Fn(&JsonObject<'a>) -> Option<Timestamp>) -> Self {
        Self {
            group_id: data.id("groupId"),
            action_id: data.id("actionId"),
            response_id: data.id("responseId"),
            occurred_at: occurred_at(data),
        }
    }
}

/// The members of a body that is a JSON object.
fn envelope(body: &[u8]) -> Result<JsonObject<'_>, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
    // RFC 8259 lets a parser ignore a byte order mark; refusing the event over one would help nobody.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match JsonObject::parse(text) {
        Some(envelope) if envelope.may_have_bad_names() && !is_json(text) => Err(Unreadable::NotJson),
        Some(envelope) => Ok(envelope),
        None if is_json(text) => Err(Unreadable::NotAnObject),
        None => Err(Unreadable::NotJson),
    }
}

/// Shows what identifies the event and nothing of what people wrote: an event ends up in logs by accident.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event_type", &self.event_type)
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}
