//! JSON whose members keep their order and whose numbers keep their spelling, both of which `serde_json::Value` leaves to
//! the features that some other crate may have turned on.

use super::dice::Dice;

/// A JSON value.
#[derive(Clone)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// A number as it is to be written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

/// The members of a JSON object in their order.
#[derive(Clone, Default)]
pub(super) struct Object(Vec<(&'static str, Json)>);

/// The order in which members are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they were added.
    Added,
    /// The other way round, in every object.
    Reversed,
}

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// With one more member.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// With one more member, if there is a value for it.
    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With one more member, which has its value in `percent` cases out of a hundred and is null or absent otherwise.
    pub(super) fn often(self, percent: u64, dice: &mut Dice, name: &'static str, value: impl Into<Json>) -> Self {
        if dice.percent(percent) {
            self.with(name, value)
        } else if dice.one_in(3) {
            self.with(name, Json::Null)
        } else {
            self
        }
    }

    /// With the members of another object behind its own.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn write(&self, order: Order, out: &mut Vec<u8>) {
        let mut separator = b'{';
        let mut member = |(name, value): &(&'static str, Json)| {
            out.push(separator);
            separator = b',';
            write_text(name, out);
            out.push(b':');
            value.write(order, out);
        };
        match order {
            Order::Added => self.0.iter().for_each(&mut member),
            Order::Reversed => self.0.iter().rev().for_each(&mut member),
        }
        if self.0.is_empty() {
            out.push(b'{');
        }
        out.push(b'}');
    }
}

impl Json {
    /// An integer.
    pub(super) fn integer(number: u64) -> Self {
        Self::Number(number.to_string())
    }

    /// A list of the things.
    pub(super) fn list<T: Into<Json>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// The value as compact JSON in UTF-8.
    pub(super) fn to_bytes(&self, order: Order) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.write(order, &mut out);
        out
    }

    /// The value as text.
    pub(super) fn to_text(&self) -> String {
        String::from_utf8(self.to_bytes(Order::Added)).unwrap_or_default()
    }

    fn write(&self, order: Order, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(number) => out.extend_from_slice(number.as_bytes()),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write(order, out);
                }
                out.push(b']');
            }
            Self::Object(object) => object.write(order, out),
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\0'..='\u{1f}' => out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes()),
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Json {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Object> for Json {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}
