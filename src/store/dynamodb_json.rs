//! Items in the form in which DynamoDB exports them to S3: one line of DynamoDB JSON each, `{"Item":{"groupId":{"S":…}}}`.

use std::{borrow::Cow, collections::HashMap, fmt, marker::PhantomData};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::json;

use super::{
    schema::{
        ACTION_ID, CONTENT_SHA256, EVENT_ID, FROM_USER_ID, OBJECT_ID, OBJECT_TYPE, PAYLOAD, PULLED_REVISIONS,
        REQUEST_ID, RESPONSE_ID,
    },
    stored_item::StoredItem,
};

/// What a body says too, or what is of no use outside the table: no row is made of it.
const NOT_FOR_ROWS: [&str; 9] = [
    ACTION_ID,
    CONTENT_SHA256,
    EVENT_ID,
    FROM_USER_ID,
    OBJECT_ID,
    OBJECT_TYPE,
    PULLED_REVISIONS,
    REQUEST_ID,
    RESPONSE_ID,
];

impl StoredItem {
    /// The item on a line of an export. Attributes of types that this table has no use for are left out.
    ///
    /// # Errors
    /// If the line is not an item in DynamoDB JSON.
    pub fn from_export_line(line: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "Item")]
            item: Attributes<All>,
        }
        Ok(Self::from(serde_json::from_str::<Line>(line)?.item.0))
    }

    /// The item on a line of an export without the attributes that no row is made of, for two thirds of the time.
    ///
    /// # Errors
    /// If the line is not an item in DynamoDB JSON.
    pub fn for_rows_of_export_line(line: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "Item")]
            item: Attributes<ForRows>,
        }
        Ok(Self::from(serde_json::from_str::<Line>(line)?.item.0))
    }

    /// The item on a line of an export without its body and what else is binary: enough to sort items by, for a third of the
    /// time.
    ///
    /// # Errors
    /// If the line is not an item in DynamoDB JSON.
    pub fn strings_of_export_line(line: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "Item")]
            item: Attributes<Strings>,
        }
        Ok(Self::from(serde_json::from_str::<Line>(line)?.item.0))
    }

    /// Appends the item as a line of an export, its attributes in alphabetical order.
    pub fn write_export_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"Item\":");
        self.write_attributes(out);
        out.extend_from_slice(b"}\n");
    }

    /// Appends the attributes as an object in DynamoDB JSON.
    pub(super) fn write_attributes(&self, out: &mut Vec<u8>) {
        let mut attributes: Vec<_> = self.attributes().iter().collect();
        attributes.sort_by_key(|(name, _)| *name);
        out.push(b'{');
        for (at, (name, value)) in attributes.into_iter().enumerate() {
            let (kind, value) = match value {
                AttributeValue::S(text) => ("S", json!(text)),
                AttributeValue::N(number) => ("N", json!(number)),
                AttributeValue::B(bytes) => ("B", json!(STANDARD.encode(bytes.as_ref()))),
                AttributeValue::Bool(flag) => ("BOOL", json!(flag)),
                AttributeValue::Ss(texts) => ("SS", json!(texts)),
                // The table has no others.
                _ => continue,
            };
            if at > 0 {
                out.push(b',');
            }
            write_json(name, out);
            out.extend_from_slice(b":{\"");
            out.extend_from_slice(kind.as_bytes());
            out.extend_from_slice(b"\":");
            write_json(&value, out);
            out.push(b'}');
        }
        out.push(b'}');
    }
}

fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("it is JSON, and a Vec takes every write");
}

/// Which attributes are read.
pub(super) trait Choice {
    /// Whether an attribute is.
    fn has(name: &str) -> bool;
    /// Whether bytes are. Else the name alone is, which tells what an item is.
    const BYTES: bool;
}

/// All attributes.
pub(super) struct All;

/// Those that rows are made of.
pub(super) struct ForRows;

/// Strings, numbers and Booleans except the body.
struct Strings;

impl Choice for All {
    const BYTES: bool = true;

    fn has(_: &str) -> bool {
        true
    }
}

impl Choice for ForRows {
    const BYTES: bool = true;

    fn has(name: &str) -> bool {
        !NOT_FOR_ROWS.contains(&name)
    }
}

impl Choice for Strings {
    const BYTES: bool = false;

    fn has(name: &str) -> bool {
        name != PAYLOAD
    }
}

/// Those attributes of an item that are chosen.
pub(super) struct Attributes<C>(pub(super) HashMap<String, AttributeValue>, PhantomData<C>);

impl<'de, C: Choice> Deserialize<'de> for Attributes<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names<C>(PhantomData<C>);

        impl<'de, C: Choice> Visitor<'de> for Names<C> {
            type Value = Attributes<C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the attributes of an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes<C>, A::Error> {
                let mut attributes = HashMap::with_capacity(20);
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    if !C::has(&name) {
                        map.next_value::<IgnoredAny>()?;
                    } else if let Some(value) = map.next_value_seed(TypedValue { reads_bytes: C::BYTES })? {
                        attributes.insert(name.into_owned(), value);
                    }
                }
                Ok(Attributes(attributes, PhantomData))
            }
        }

        deserializer.deserialize_map(Names(PhantomData))
    }
}

/// `{"S": "…"}`, `{"N": "…"}`, `{"B": "…"}` or `{"BOOL": …}`.
struct TypedValue {
    reads_bytes: bool,
}

impl<'de> DeserializeSeed<'de> for TypedValue {
    type Value = Option<AttributeValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TypedValue {
    type Value = Option<AttributeValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute with its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        while let Some(kind) = map.next_key::<Cow<'de, str>>()? {
            value = match &*kind {
                "S" => Some(AttributeValue::S(map.next_value()?)),
                "N" => Some(AttributeValue::N(map.next_value()?)),
                "SS" => Some(AttributeValue::Ss(map.next_value()?)),
                "BOOL" => Some(AttributeValue::Bool(map.next_value()?)),
                "B" if self.reads_bytes => {
                    let text: Cow<'de, str> = map.next_value()?;
                    let bytes = STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
                    Some(AttributeValue::B(Blob::new(bytes)))
                }
                "B" => {
                    map.next_value::<IgnoredAny>()?;
                    Some(AttributeValue::Null(true))
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
        }
        Ok(value)
    }
}
