//! CloudEvents 1.0: the second envelope, which many senders share.
//!
//! The format is `cloudevents/spec` at `ce@v1.0.2`: `spec.md` for the attributes, `formats/json-format.md` for their JSON. The
//! specification identifies an event by `source` and `id`; here the source is the group, and `type` and `id` are the key.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    Event, Indexed, Timestamp, Unreadable,
    canonical::{canonical_json, compact_json},
    json::{JsonObject, is_json},
};

/// Attributes of the specification; every other member is an extension.
const ATTRIBUTES: [&str; 10] =
    ["id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "data", "data_base64"];

/// The attribute that tells a CloudEvent from any other JSON object: it is required.
pub(super) const SPEC_VERSION: &str = "specversion";

/// What only the envelope of a CloudEvent has.
#[derive(Clone)]
pub struct CloudEvent<'a> {
    attributes: JsonObject<'a>,
    content: Content<'a>,
}

/// The data of a CloudEvent, in whichever of its forms it came.
#[derive(Clone)]
enum Content<'a> {
    /// There is none.
    None,
    /// JSON.
    Json(&'a RawValue),
    /// Text that is not JSON, by its content type.
    Text { raw: &'a RawValue, text: Cow<'a, str> },
    /// What `data_base64` decodes to.
    Bytes { base64: &'a RawValue, bytes: Vec<u8>, declared_json: bool },
}

impl<'a> Event<'a> {
    /// Reads a body that is said to be one CloudEvent as JSON ("structured mode").
    ///
    /// # Errors
    /// [`Unreadable`] when the body is not a CloudEvent of version 1. A batch is [`Unreadable::NotAnObject`].
    pub fn parse_cloud_event(body: &'a [u8]) -> Result<Self, Unreadable> {
        Self::of_cloud_event(super::envelope(body)?, None)
    }

    /// Reads the attributes of a CloudEvent. `occurred_at` is known of an event that was stored before.
    pub(super) fn of_cloud_event(
        attributes: JsonObject<'a>,
        occurred_at: Option<Timestamp>,
    ) -> Result<Self, Unreadable> {
        let version = attributes.exact_string(SPEC_VERSION).ok_or(Unreadable::SpecVersion)?;
        if version.strip_prefix("1.").is_none_or(str::is_empty) {
            return Err(Unreadable::SpecVersion);
        }
        // As of Kaizala's ids, white space tells no two events apart.
        let required = |name| attributes.exact_string(name).filter(|text| !text.trim().is_empty());
        let event_id = required("id").ok_or(Unreadable::NoEventId)?;
        let event_type = required("type").ok_or(Unreadable::NoEventType)?;
        let source = required("source").ok_or(Unreadable::NoSource)?;
        let time = || Timestamp::from_rfc3339(&attributes.exact_string("time")?);
        let event = Self {
            event_id,
            event_type,
            object_id: attributes.exact_string("subject").filter(|subject| !subject.is_empty()),
            object_type: None,
            group_id: Some(source),
            from_user_id: None,
            data: None,
            members: None,
            indexed: Indexed { occurred_at: occurred_at.or_else(time), ..Indexed::default() },
            envelope: super::Envelope::CloudEvents(Box::new(CloudEvent {
                content: Content::read(&attributes)?,
                attributes,
            })),
            #[cfg(feature = "lake")]
            imported: None,
        };
        if event.fits_keys() { Ok(event) } else { Err(Unreadable::KeyTooLong) }
    }
}

impl<'a> CloudEvent<'a> {
    /// The media type of the data, `datacontenttype`. Data without one is JSON.
    pub fn content_type(&self) -> Option<Cow<'a, str>> {
        self.attributes.label("datacontenttype")
    }

    /// Where the schema of the data is, `dataschema`.
    pub fn data_schema(&self) -> Option<Cow<'a, str>> {
        self.attributes.label("dataschema")
    }

    /// The data as a JSON text: JSON as it was sent but for white space, other text as a JSON string, anything else as a JSON
    /// string of its base64. `None` when the event has no data.
    pub fn data(&self) -> Option<Cow<'a, str>> {
        match &self.content {
            Content::None => None,
            Content::Json(json) => Some(compact_json(json).into()),
            Content::Text { raw, .. } => Some(raw.get().into()),
            Content::Bytes { base64, bytes, declared_json } => match json_in(bytes, *declared_json) {
                Some(json) => Some(compact_json(json).into()),
                None => Some(base64.get().into()),
            },
        }
    }

    /// The extensions, attributes that the specification does not name, as a JSON object in the order in which they were
    /// sent; `None` when there are none.
    pub fn extensions(&self) -> Option<String> {
        let mut object = String::new();
        for (name, value) in self.attributes.members() {
            if ATTRIBUTES.contains(&&*name) || value.get() == "null" {
                continue;
            }
            object.push(if object.is_empty() { '{' } else { ',' });
            // A string: nothing that serde_json could fail on.
            object.push_str(&serde_json::to_string(&name).unwrap_or_default());
            object.push(':');
            object.push_str(&compact_json(value));
        }
        (!object.is_empty()).then(|| object + "}")
    }

    /// Adds the data to an event's digest, in a form that does not depend on how it was sent: JSON canonically, the rest as
    /// the bytes that it is. So an event in binary mode is the same event in structured mode.
    pub(super) fn add_content(&self, hash: &mut Sha256) {
        match &self.content {
            Content::None => hash.update(b"null"),
            Content::Json(json) => hash.update(canonical_json(json)),
            Content::Text { text, .. } => hash.update(text.as_bytes()),
            Content::Bytes { bytes, declared_json, .. } => match json_in(bytes, *declared_json) {
                Some(json) => hash.update(canonical_json(json)),
                None => hash.update(bytes),
            },
        }
    }
}

impl<'a> Content<'a> {
    fn read(attributes: &JsonObject<'a>) -> Result<Self, Unreadable> {
        let declared_json = || attributes.label("datacontenttype").is_none_or(|media_type| is_json_type(&media_type));
        match (attributes.raw("data"), attributes.raw("data_base64")) {
            (Some(_), Some(_)) => Err(Unreadable::TwoData),
            (None, None) => Ok(Self::None),
            (Some(raw), None) => Ok(match attributes.exact_string("data") {
                Some(text) if !declared_json() => Self::Text { raw, text },
                _ => Self::Json(raw),
            }),
            (None, Some(base64)) => {
                let text = attributes.exact_string("data_base64").ok_or(Unreadable::BadBase64)?;
                let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| Unreadable::BadBase64)?;
                Ok(Self::Bytes { base64, bytes, declared_json: declared_json() })
            }
        }
    }
}

/// The JSON that decoded data is, if it is declared as JSON.
fn json_in(bytes: &[u8], declared_json: bool) -> Option<&RawValue> {
    if !declared_json {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()
}

/// Whether a media type is one of JSON: `*/json` or `*/*+json`, whatever its parameters.
pub fn is_json_type(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let Some((_, subtype)) = essence.split_once('/') else { return false };
    let ends_with = |end: &str| {
        let start = subtype.len().checked_sub(end.len());
        start.and_then(|start| subtype.get(start..)).is_some_and(|there| there.eq_ignore_ascii_case(end))
    };
    subtype.eq_ignore_ascii_case("json") || ends_with("+json")
}

/// The CloudEvent that a message in binary mode stands for, as JSON: what a sender in structured mode would have sent. The
/// attributes come with their decoded values, without `data` and `datacontenttype`.
///
/// Data of a JSON type that is JSON stands there as it is, other text as a string, anything else as base64. Data of no bytes
/// is no data.
pub fn structured<'b>(
    attributes: impl IntoIterator<Item = (&'b str, &'b str)>,
    content_type: Option<&str>,
    data: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 512);
    let mut member = |name: &str, value: &str| {
        out.push(if out.is_empty() { b'{' } else { b',' });
        for text in [name, value] {
            // A string into a Vec: nothing that serde_json could fail on.
            let _ = serde_json::to_writer(&mut out, text);
            out.push(b':');
        }
        out.pop();
    };
    for (name, value) in attributes {
        member(name, value);
    }
    if let Some(content_type) = content_type {
        member("datacontenttype", content_type);
    }
    if out.is_empty() {
        out.push(b'{');
    } else if !data.is_empty() {
        out.push(b',');
    }
    if !data.is_empty() {
        let declared_json = content_type.is_none_or(is_json_type);
        match (json_in(data, declared_json), std::str::from_utf8(data)) {
            (Some(json), _) => {
                out.extend_from_slice(b"\"data\":");
                out.extend_from_slice(json.get().as_bytes());
            }
            (None, Ok(text)) if !declared_json => {
                out.extend_from_slice(b"\"data\":");
                let _ = serde_json::to_writer(&mut out, text);
            }
            _ => {
                out.extend_from_slice(b"\"data_base64\":\"");
                out.extend_from_slice(STANDARD.encode(data).as_bytes());
                out.push(b'"');
            }
        }
    }
    out.push(b'}');
    out
}

/// The events of a body that is a JSON array ("batched mode"), each as it stands there.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The first of them, at most [`Batch::MOST`].
    pub elements: Vec<&'a str>,
    /// Whether there are more.
    pub is_larger: bool,
}

impl<'a> Batch<'a> {
    /// How many events of one delivery are stored with it. Of more, a delivery could spend all its time on the same first
    /// ones, as often as it is repeated.
    pub const MOST: usize = 100;

    /// Reads a body that is said to hold a batch; `None` unless it is a JSON array.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        Self::of_at_most(Self::MOST, body)
    }

    /// Reads a body of which nothing is said; `None` unless it is a JSON array whose first element has a `specversion`.
    pub fn recognize(body: &'a [u8]) -> Option<Self> {
        Self::parse(body).filter(Self::begins_with_cloud_event)
    }

    /// Reads a body that is said to hold a batch, whole; `None` unless it is a JSON array.
    pub fn parse_whole(body: &'a [u8]) -> Option<Self> {
        Self::of_at_most(usize::MAX, body)
    }

    /// Whether the first element has a `specversion`.
    pub fn begins_with_cloud_event(&self) -> bool {
        let first = self.elements.first().and_then(|element| JsonObject::parse(element));
        first.is_some_and(|first| first.raw(SPEC_VERSION).is_some())
    }

    fn of_at_most(most: usize, body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('[') || !is_json(text) {
            return None;
        }
        let (elements, is_larger) = super::json::elements(text, most)?;
        Some(Self { elements: elements.into_iter().map(RawValue::get).collect(), is_larger })
    }
}
