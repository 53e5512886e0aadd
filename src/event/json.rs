//! A tolerant view of JSON objects.
//!
//! Kaizala's payloads disagree with its documentation and with each other. Deriving `Deserialize` would turn one
//! mistyped, doubled or oddly spelled field into the loss of all its neighbours; here each field is asked for by name and
//! is absent when it does not fit. Values stay raw until asked for, and skipping over a raw value neither recurses nor
//! judges numbers, so neither depth nor size of foreign JSON can hurt.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of a JSON object, with their values unread.
#[derive(Clone)]
pub(crate) struct JsonObject<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'a> JsonObject<'a> {
    /// Reads an object; `None` when `json` is anything else, or not JSON.
    pub(crate) fn parse(json: &'a str) -> Option<Self> {
        // serde_json takes thousands of instructions to report that a value is not an object, and a body has room for
        // millions of those.
        let is_object = json.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
        if is_object { serde_json::from_str(json).ok() } else { None }
    }

    /// All members in their order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.value.clone(), *value))
    }

    /// Whether a name holds a control character. In JSON it must be escaped there, which serde_json checks in strings but
    /// not in what is asked for as bytes; names like that are rare enough to read such a text twice.
    pub(crate) fn may_have_bad_names(&self) -> bool {
        self.0.iter().any(|(name, _)| name.value.bytes().any(|byte| byte < b' '))
    }

    /// The value of a member; `None` also when it is `null`. Of doubled names the last counts, as in most JSON parsers.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key.value == name)
            .map(|(_, value)| *value)
            .filter(|value| value.get() != "null")
    }

    /// A member that is a string.
    pub(crate) fn string(&self, name: &str) -> Option<Cow<'a, str>> {
        string(self.raw(name)?)
    }

    /// A member that is a string without an unpaired surrogate: one in which nothing had to be replaced, so that two
    /// different ones cannot become the same.
    pub(crate) fn exact_string(&self, name: &str) -> Option<Cow<'a, str>> {
        exact_string(self.raw(name)?)
    }

    /// A member that reads as text: a string, or a number or Boolean as it was written.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.raw(name)?)
    }

    /// As [`text`](Self::text), with "" as absent: Kaizala sends it for names and pictures that it does not have.
    pub(crate) fn label(&self, name: &str) -> Option<Cow<'a, str>> {
        self.text(name).filter(|label| !label.is_empty())
    }

    /// A member that identifies something: an [exact string](Self::exact_string) or a number, and not empty.
    pub(crate) fn id(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.raw(name)?;
        let id = match value.get().as_bytes() {
            [b'"', ..] => exact_string(value),
            [b'-' | b'0'..=b'9', ..] => text(value),
            _ => None,
        };
        id.filter(|id| !id.is_empty())
    }

    /// A Boolean, also when it came as a string or as 0 or 1.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        if text == "1" || text.eq_ignore_ascii_case("true") {
            Some(true)
        } else if text == "0" || text.eq_ignore_ascii_case("false") {
            Some(false)
        } else {
            None
        }
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<JsonObject<'a>> {
        JsonObject::parse(self.raw(name)?.get())
    }

    /// The elements of a member; a value that is not an array counts as a list of itself.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.raw(name).map(list).unwrap_or_default()
    }
}

fn exact_string(value: &RawValue) -> Option<Cow<'_, str>> {
    if let Some(text) = plain_string(value) {
        return Some(text.into());
    }
    serde_json::from_str::<Text<'_>>(value.get()).ok().filter(|text| text.exact).map(|text| text.value)
}

/// What stands between the quotes of a string without escapes: most strings, for a fraction of the instructions. A raw value
/// is valid JSON, so that there is nothing else to look for.
fn plain_string(value: &RawValue) -> Option<&str> {
    let text = value.get().strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', text.as_bytes()).is_none().then_some(text)
}

/// Reads a string; `None` when the value is anything else.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    if let Some(text) = plain_string(value) {
        return Some(text.into());
    }
    serde_json::from_str::<Text<'_>>(value.get()).ok().map(|text| text.value)
}

/// The text that a value reads as: a string, or a number or Boolean as it was written.
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get().as_bytes().first() {
        Some(b'"') => string(value),
        Some(b'{' | b'[' | b'n') | None => None,
        Some(_) => Some(Cow::Borrowed(value.get())),
    }
}

/// The elements of an array; any other value counts as a list of itself.
pub(crate) fn list(value: &RawValue) -> Vec<&RawValue> {
    // As with objects, what is not one is found out here for less.
    let elements = if value.get().starts_with('[') { serde_json::from_str(value.get()).ok() } else { None };
    elements.unwrap_or_else(|| vec![value])
}

/// Whether a text is one JSON text.
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// The first elements of an array, at most `most`, and whether there are more; `None` when `json` is not an array. Those
/// beyond cost no memory.
pub(crate) fn elements(json: &str, most: usize) -> Option<(Vec<&RawValue>, bool)> {
    struct First(usize);

    impl<'de> Visitor<'de> for First {
        type Value = (Vec<&'de RawValue>, bool);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            let mut is_larger = false;
            while let Some(element) = array.next_element()? {
                if elements.len() < self.0 {
                    elements.push(element);
                } else {
                    is_larger = true;
                }
            }
            Ok((elements, is_larger))
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_seq(First(most)).ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = JsonObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject<'de>, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(JsonObject(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A JSON string. Asked for as bytes, since serde_json refuses an unpaired surrogate escape (`"\ud83d"`, half an emoji
/// cut off by a client) only in strings; it reads as U+FFFD here.
#[derive(Clone)]
struct Text<'a> {
    value: Cow<'a, str>,
    /// Whether nothing was replaced.
    exact: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON string")
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(match std::str::from_utf8(bytes) {
                    Ok(text) => Text { value: Cow::Borrowed(text), exact: true },
                    Err(_) => Text { value: String::from_utf8_lossy(bytes), exact: false },
                })
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
                // `from_utf8_lossy` alone would go byte by byte.
                Ok(match std::str::from_utf8(bytes) {
                    Ok(text) => Text { value: Cow::Owned(text.to_owned()), exact: true },
                    Err(_) => Text { value: Cow::Owned(String::from_utf8_lossy(bytes).into_owned()), exact: false },
                })
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}
