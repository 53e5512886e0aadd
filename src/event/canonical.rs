//! JSON in one spelling, so that equal data has equal bytes.
//!
//! Not RFC 8785, which rewrites numbers as doubles: two long numbers that differ behind the 17th digit would become one,
//! and an edit would be taken for a duplicate. Here a number stays as it was written.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// From this depth on, a value is copied without white space but otherwise as it was written. It bounds the recursion;
/// Kaizala's data is five deep.
const MAX_DEPTH: usize = 128;

/// Writes `json` without white space, its members sorted by name, its strings as unescaped UTF-8 (escaped are only `"`, `\`,
/// control characters and unpaired surrogates); numbers as they were written. Members of the same name keep their order.
///
/// Takes a [`RawValue`], which is valid JSON by construction: there is nothing to report and nothing to check.
pub(super) fn canonical_json(json: &RawValue) -> Vec<u8> {
    let json = json.get();
    let mut writer =
        Writer { json, at: 0, out: Vec::with_capacity(json.len()), members: Vec::new(), sorted: Vec::new() };
    writer.value(0);
    writer.out
}

/// Copies `json` without the white space between its tokens, otherwise as it was written.
pub(super) fn compact_json(json: &RawValue) -> String {
    let json = json.get();
    if !json.starts_with(['{', '[']) {
        return json.to_owned();
    }
    let mut writer =
        Writer { json, at: 0, out: Vec::with_capacity(json.len()), members: Vec::new(), sorted: Vec::new() };
    writer.container_as_written();
    String::from_utf8(writer.out).unwrap_or_default()
}

struct Writer<'a> {
    json: &'a str,
    at: usize,
    out: Vec<u8>,
    /// The members of all objects that are open, innermost last.
    members: Vec<Member<'a>>,
    sorted: Vec<u8>,
}

/// A member that has been written: its name, unescaped, and where in `out` it stands. Names are bytes, since an unpaired
/// surrogate has no place in a string; as bytes they sort by code point all the same.
struct Member<'a> {
    name: Cow<'a, [u8]>,
    start: usize,
    end: usize,
}

impl<'a> Writer<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips white space, and `byte` when it comes next.
    fn eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) {
        self.skip_space();
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => self.container_as_written(),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => {
                self.string();
            }
            _ => self.literal(),
        }
    }

    fn array(&mut self, depth: usize) {
        self.at += 1;
        self.out.push(b'[');
        while !self.eat(b']') {
            self.value(depth + 1);
            if self.eat(b',') {
                self.out.push(b',');
            }
        }
        self.out.push(b']');
    }

    fn object(&mut self, depth: usize) {
        self.at += 1;
        self.out.push(b'{');
        let first = self.members.len();
        let body = self.out.len();
        while !self.eat(b'}') {
            let start = self.out.len();
            self.skip_space();
            let name = self.string();
            self.eat(b':');
            self.out.push(b':');
            self.value(depth + 1);
            self.members.push(Member { name, start, end: self.out.len() });
            if self.eat(b',') {
                self.out.push(b',');
            }
        }
        let members = &mut self.members[first..];
        if !members.is_sorted_by(|a, b| a.name <= b.name) {
            members.sort_by(|a, b| a.name.cmp(&b.name));
            self.sorted.clear();
            for member in members {
                if !self.sorted.is_empty() {
                    self.sorted.push(b',');
                }
                self.sorted.extend_from_slice(&self.out[member.start..member.end]);
            }
            self.out.truncate(body);
            self.out.extend_from_slice(&self.sorted);
        }
        self.members.truncate(first);
        self.out.push(b'}');
    }

    /// Writes the string that comes next and returns it unescaped.
    fn string(&mut self) -> Cow<'a, [u8]> {
        self.at += 1;
        let start = self.at;
        let end = self.quote_or_backslash();
        if self.json.as_bytes().get(end) == Some(&b'\\') {
            return self.escaped_string(start, end);
        }
        self.at = end + 1;
        // The usual string, without escapes, stands between its quotes as it must be written.
        self.out.extend_from_slice(&self.json.as_bytes()[start - 1..self.at]);
        Cow::Borrowed(&self.json.as_bytes()[start..end])
    }

    /// The rest of a string from its first escape on.
    fn escaped_string(&mut self, start: usize, first_escape: usize) -> Cow<'a, [u8]> {
        self.out.extend_from_slice(&self.json.as_bytes()[start - 1..first_escape]);
        let mut name = self.json.as_bytes()[start..first_escape].to_vec();
        self.at = first_escape;
        loop {
            match self.peek() {
                None => break,
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => self.escape(&mut name),
                Some(_) => {
                    let end = self.quote_or_backslash();
                    let plain = &self.json.as_bytes()[self.at..end];
                    self.out.extend_from_slice(plain);
                    name.extend_from_slice(plain);
                    self.at = end;
                }
            }
        }
        self.out.push(b'"');
        Cow::Owned(name)
    }

    /// Reads the escape that comes next and writes its character the canonical way.
    fn escape(&mut self, name: &mut Vec<u8>) {
        let kind = self.json.as_bytes()[self.at + 1];
        self.at += 2;
        let character = match kind {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex4();
                let Some(character) = self.scalar(unit) else {
                    let escape = format!("\\u{unit:04x}");
                    self.out.extend_from_slice(escape.as_bytes());
                    name.extend_from_slice(&surrogate_bytes(unit));
                    return;
                };
                character
            }
            quoted => char::from(quoted),
        };
        name.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        match character {
            '"' => self.out.extend_from_slice(b"\\\""),
            '\\' => self.out.extend_from_slice(b"\\\\"),
            '\u{8}' => self.out.extend_from_slice(b"\\b"),
            '\u{c}' => self.out.extend_from_slice(b"\\f"),
            '\n' => self.out.extend_from_slice(b"\\n"),
            '\r' => self.out.extend_from_slice(b"\\r"),
            '\t' => self.out.extend_from_slice(b"\\t"),
            '\0'..='\u{1f}' => self.out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes()),
            _ => self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }

    /// The character of an escaped UTF-16 unit, with its second half when that comes next; `None` for an unpaired half.
    fn scalar(&mut self, unit: u16) -> Option<char> {
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(u32::from(unit));
        }
        if !self.json.as_bytes()[self.at..].starts_with(b"\\u") {
            return None;
        }
        let before = self.at;
        self.at += 2;
        let pair = char::decode_utf16([unit, self.hex4()]).next().and_then(Result::ok);
        if pair.is_none() {
            self.at = before;
        }
        pair
    }

    fn hex4(&mut self) -> u16 {
        let digits = &self.json[self.at..self.at + 4];
        self.at += 4;
        // RawValue has checked the digits.
        u16::from_str_radix(digits, 16).unwrap_or_default()
    }

    /// Numbers, `true`, `false`, `null`.
    fn literal(&mut self) {
        let rest = &self.json.as_bytes()[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.out.extend_from_slice(&rest[..length]);
        self.at += length;
    }

    fn container_as_written(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            let start = self.at;
            match byte {
                b'"' => self.skip_string(),
                _ => self.at += 1,
            }
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => continue,
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.out.extend_from_slice(&self.json.as_bytes()[start..self.at]);
            if open == 0 {
                break;
            }
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            let end = self.quote_or_backslash();
            if self.json.as_bytes()[end] == b'"' {
                self.at = end + 1;
                return;
            }
            self.at = end + 2;
        }
    }

    /// Where the string that is being read ends or has its next escape.
    fn quote_or_backslash(&self) -> usize {
        let rest = &self.json.as_bytes()[self.at..];
        memchr::memchr2(b'"', b'\\', rest).map_or(self.json.len(), |offset| self.at + offset)
    }
}

/// An unpaired surrogate as UTF-8 would encode it if it could: bytes that no character has.
fn surrogate_bytes(unit: u16) -> [u8; 3] {
    let [high, low] = unit.to_be_bytes();
    [0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f]
}
