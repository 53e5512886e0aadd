//! CloudEvents over HTTP: in which mode a request carries them, and what a request in binary mode stands for.
//!
//! The binding is `cloudevents/spec` at `ce@v1.0.2`, `bindings/http-protocol-binding.md`.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use percent_encoding::percent_decode_str;

use crate::event::structured;

const PREFIX: &str = "ce-";
/// What a message in binary mode has to have.
const REQUIRED: [&str; 4] = ["ce-id", "ce-source", "ce-specversion", "ce-type"];
/// What of a message in binary mode is not in a header of that prefix.
const ELSEWHERE: [&str; 3] = ["data", "data_base64", "datacontenttype"];

const STRUCTURED: &str = "application/cloudevents";
const BATCHED: &str = "application/cloudevents-batch";

/// How a request carries its event, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They tell nothing.
    Unmarked,
    /// The body is a CloudEvent as JSON, or a batch of them. Senders disagree about the content type of batches, so that the
    /// body decides.
    Json,
    /// The body is a CloudEvent in a format that is not JSON.
    OtherFormat,
    /// The headers are a CloudEvent's attributes, and the body is its data.
    Binary,
}

impl Mode {
    /// Reads the mode off the headers, in one pass over their names: Kaizala's callbacks, which have none of this, must not
    /// pay for it.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let (mut content_type, mut required) = (None, 0);
        for (name, value) in headers {
            if name == CONTENT_TYPE {
                content_type = content_type.or(Some(value));
            } else if name.as_str().starts_with(PREFIX) && REQUIRED.contains(&name.as_str()) {
                // A doubled one would count twice.
                required |= 1 << REQUIRED.iter().position(|required| required == name).unwrap_or_default();
            }
        }
        match content_type.and_then(Self::of_content_type) {
            Some(mode) => mode,
            None if required == (1 << REQUIRED.len()) - 1 => Self::Binary,
            None => Self::Unmarked,
        }
    }

    fn of_content_type(content_type: &HeaderValue) -> Option<Self> {
        let after = |prefix: &str| {
            let (start, rest) = content_type.as_bytes().split_at_checked(prefix.len())?;
            start.eq_ignore_ascii_case(prefix.as_bytes()).then_some(rest)
        };
        let rest = after(BATCHED).or_else(|| after(STRUCTURED))?;
        let format = rest.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is_json = format.is_empty() || format.eq_ignore_ascii_case(b"+json");
        Some(if is_json { Self::Json } else { Self::OtherFormat })
    }
}

/// The CloudEvent that a request in binary mode stands for, as JSON. Of the headers, it holds the attributes alone: no token.
///
/// # Errors
/// The same with the attributes undecoded, if one of them decodes to what is not UTF-8.
pub(super) fn from_binary(headers: &HeaderMap, body: &[u8]) -> Result<Bytes, Bytes> {
    let mut names: Vec<_> = headers.keys().filter(|name| attribute(name).is_some()).collect();
    // The same event has the same bytes, in whatever order its headers come.
    names.sort_unstable_by_key(|name| name.as_str());
    let raw: Vec<_> = names.iter().filter_map(|name| Some((attribute(name)?, raw_value(headers, name)))).collect();
    let decoded: Option<Vec<_>> = raw.iter().map(|(name, value)| Some((*name, decoded(value)?))).collect();
    let content_type = headers.contains_key(CONTENT_TYPE).then(|| raw_value(headers, &CONTENT_TYPE));
    let object = |attributes: &[(&str, String)]| {
        let attributes = attributes.iter().map(|(name, value)| (*name, &**value));
        Bytes::from(structured(attributes, content_type.as_deref().filter(|text| !text.is_empty()), body))
    };
    match decoded {
        Some(decoded) => Ok(object(&decoded)),
        None => Err(object(&raw)),
    }
}

/// The attribute that a header holds.
fn attribute(name: &HeaderName) -> Option<&str> {
    name.as_str().strip_prefix(PREFIX).filter(|name| !name.is_empty() && !ELSEWHERE.contains(name))
}

/// The text of a header. One that is there several times is joined as API Gateway joins it; bytes that are not UTF-8 are
/// Latin-1, which some clients send.
fn raw_value(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|value| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    });
    values.collect::<Vec<_>>().join(",")
}

/// Undoes a quoted string, and then percent-encoding, once. A percent sign without two hex digits stands for itself: some
/// clients do not encode. `None` when what comes out is not UTF-8.
fn decoded(value: &str) -> Option<String> {
    let value = unquoted(value);
    percent_decode_str(&value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            other => out.push(other),
        }
    }
    out
}
