//! Redaction of JSON whose members are not known: `other` of `events`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::redact::Redactor;
use crate::event::json::{JsonObject, list, text};

/// What names of members say that their value is a person.
const PEOPLE: [&str; 11] =
    ["user", "responder", "assignee", "member", "creator", "sender", "author", "owner", "phone", "mobile", "contact"];
/// What names of members say that a name is not a person's.
const THINGS: [&str; 6] = ["group", "file", "package", "option", "question", "event"];
/// Deeper values are left out: a body has room for more nesting than a thread has memory for.
const MAX_DEPTH: usize = 64;

impl Redactor {
    /// The JSON with the same members. A text under a name that tells of a person becomes a hash whatever it is, others lose
    /// phone numbers and names as texts do.
    pub(super) fn rest(&self, json: &str) -> String {
        let Ok(raw) = serde_json::from_str::<&RawValue>(json) else { return String::new() };
        let mut out = String::with_capacity(json.len());
        self.value("", raw, 0, &mut out);
        out
    }

    fn value(&self, name: &str, raw: &RawValue, depth: usize, out: &mut String) {
        match raw.get().as_bytes().first() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => out.push_str("null"),
            Some(b'{') => {
                let object = JsonObject::parse(raw.get());
                out.push('{');
                for (at, (name, value)) in object.iter().flat_map(JsonObject::members).enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    // Names of members may be somebody's: an object of answers by phone number, say.
                    out.push_str(&quoted(&self.plain(&name)));
                    out.push(':');
                    self.value(&name, value, depth + 1, out);
                }
                out.push('}');
            }
            Some(b'[') => {
                out.push('[');
                for (at, value) in list(raw).into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.value(name, value, depth + 1, out);
                }
                out.push(']');
            }
            Some(b'"') => out.push_str(&quoted(&self.text_under(name, &text(raw).unwrap_or_default()))),
            Some(b'0'..=b'9') if tells_person(name) => out.push_str(&quoted(&self.phone(raw.get()))),
            _ => out.push_str(raw.get()),
        }
    }

    fn text_under<'a>(&self, name: &str, text: &'a str) -> Cow<'a, str> {
        let lower = name.to_ascii_lowercase();
        if lower.ends_with("pic") || lower.ends_with("picture") {
            return self.hash("picture", text).into();
        }
        if lower.ends_with("name") && !THINGS.iter().any(|thing| lower.contains(thing)) {
            return self.hash("name", text).into();
        }
        if tells_person(name) {
            let is_phone = text.bytes().filter(u8::is_ascii_digit).count() * 2 > text.len();
            return if is_phone { self.phone(text) } else { self.hash("name", text) }.into();
        }
        self.prose(text)
    }
}

/// Whether what stands under a name is a person. Ids mean nothing outside of Kaizala.
fn tells_person(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_id = name.ends_with("Id") || name.ends_with("Ids") || name.ends_with("ID") || lower == "id";
    let is_other = ["count", "type", "role", "at", "time", "date"].iter().any(|end| lower.ends_with(end));
    !is_id && !is_other && PEOPLE.iter().any(|person| lower.contains(person))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
