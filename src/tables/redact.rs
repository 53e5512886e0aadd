//! Phone numbers, names and links to files are replaced by keyed hashes: the same everywhere in an export, so that its tables still join, and
//! impossible to compute without the key.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::{
    column::{Cell, Personal},
    schema::Row,
};

/// How many digits a phone number in international form has (E.164 allows 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// How many digits without a `+` in front are taken for a phone number.
const BARE_PHONE_DIGITS: std::ops::RangeInclusive<usize> = 10..=15;
/// Shorter names are not looked for in texts.
const MIN_NAME_CHARACTERS: usize = 3;

/// Replaces phone numbers, names and links to files in rows.
#[derive(Clone)]
pub struct Redactor {
    key: Hmac<Sha256>,
    /// The names in the rows of the current item.
    names: Vec<String>,
    /// The phone numbers in them.
    phones: Vec<String>,
}

impl Redactor {
    /// A redactor that hashes with that key. The same key makes the same hashes in every export.
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes keys of any length")]
    pub fn new(key: &[u8]) -> Self {
        Self {
            key: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
            names: Vec::new(),
            phones: Vec::new(),
        }
    }

    /// Forgets the people of the item before.
    pub(super) fn begin_item(&mut self) {
        self.names.clear();
        self.phones.clear();
    }

    /// Takes note of the people in a row of the item. To be called with all of its rows, before the first is redacted: some
    /// tell of people whom later ones name.
    pub(super) fn learn(&mut self, row: &Row<'_>) {
        row.each_cell(|column, cell| {
            let Cell::Text(text) = cell else { return };
            let known = match column.personal {
                Personal::Name if text.chars().count() >= MIN_NAME_CHARACTERS => &mut self.names,
                Personal::Phone => &mut self.phones,
                _ => return,
            };
            if !known.iter().any(|known| known == text) {
                known.push(text.to_owned());
            }
        });
    }

    /// Calls `each` with every cell of a row, redacted.
    pub(super) fn row(&self, row: &Row<'_>, mut each: impl FnMut(Cell<'_>)) {
        let is_phone_number =
            matches!(row, Row::Answers(answer) if answer.question_type.as_deref() == Some("PhoneNumber"));
        let mut answer_has_changed = false;
        row.each_cell(|column, cell| {
            let Cell::Text(text) = cell else {
                // A number that is a text's must not tell what was taken out of that.
                let is_told = column.name == "answer_number" && answer_has_changed;
                return each(if is_told { Cell::Null } else { cell });
            };
            let redacted: Cow<'_, str> = match column.personal {
                Personal::Phone => self.phone(text).into(),
                Personal::Name => self.hash("name", text).into(),
                Personal::Person if self.phones.iter().any(|phone| phone == text) => self.phone(text).into(),
                // A person who is not a phone number is an id of Kaizala's.
                Personal::No | Personal::Person => Cow::Borrowed(text),
                Personal::Prose if is_phone_number && column.name == "answer_text" && text.starts_with('+') => {
                    self.phone(text).into()
                }
                // The same number, in pieces.
                Personal::Prose if is_phone_number && column.name == "answer_json" => return each(Cell::Null),
                Personal::Prose => self.prose(text),
                Personal::Link => self.hash("link", text).into(),
                Personal::Rest => self.rest(text).into(),
            };
            answer_has_changed |= column.name == "answer_text" && redacted != text;
            each(Cell::Text(&redacted));
        });
    }

    pub(super) fn hash(&self, what: &str, text: &str) -> String {
        let mut mac = self.key.clone();
        mac.update(what.as_bytes());
        mac.update(b"\n");
        mac.update(text.as_bytes());
        format!("{what}-{}", hex::encode(&mac.finalize().into_bytes()[..8]))
    }

    /// Hashes a phone number by its digits, however it is punctuated.
    pub(super) fn phone(&self, text: &str) -> String {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        self.hash("phone", if digits.is_empty() { text } else { &digits })
    }

    /// Redacts what people wrote. In JSON only strings are changed, so that it stays JSON.
    pub(super) fn prose<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let is_json = text.starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(text).is_ok();
        if !is_json {
            return self.plain(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, string)) = rest.split_once('"') {
            out.push_str(before);
            let end = string_end(string);
            out.push('"');
            out.push_str(&self.plain(&string[..end]));
            out.push('"');
            rest = string.get(end + 1..).unwrap_or_default();
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    pub(super) fn plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = self.without_phones(text);
        for name in &self.names {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), &self.hash("name", name)).into();
            }
        }
        text
    }

    fn without_phones<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = String::new();
        let mut done = 0;
        let mut at = 0;
        while let Some(offset) = text[at..].find(|c: char| c == '+' || c.is_ascii_digit()) {
            let start = at + offset;
            let (end, is_phone) = phone_at(text, start);
            if is_phone {
                out.push_str(&text[done..start]);
                out.push_str(&self.phone(&text[start..end]));
                done = end;
            }
            at = end;
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[done..]);
        Cow::Owned(out)
    }
}

/// Where the digits end that begin at `start`, and whether they are a phone number: with a `+` in front, punctuated in any
/// usual way; without, a run of digits that stands alone.
fn phone_at(text: &str, start: usize) -> (usize, bool) {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if bytes[start] != b'+' {
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = start + length;
        let is_decimal = bytes.get(end) == Some(&b'.') && is_digit(end + 1);
        let stands_alone = !text[..start]
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%'))
            && !text[end..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '%'));
        return (end, BARE_PHONE_DIGITS.contains(&length) && !is_decimal && stands_alone);
    }
    let (mut end, mut digits, mut at) = (start + 1, 0, start + 1);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                end = at + 1;
            }
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' if at < end + 2 => {}
            _ => break,
        }
        at += 1;
    }
    (end, PHONE_DIGITS.contains(&digits))
}

/// Where a JSON string ends that `text` begins within.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}
