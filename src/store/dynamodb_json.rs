//! Items in the form in which DynamoDB exports them to S3: one line of DynamoDB JSON each, `{"Item":{"groupId":{"S":…}}}`.

use std::{borrow::Cow, collections::HashMap, fmt};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::json;

use super::stored_item::StoredItem;

impl StoredItem {
    /// The item on a line of an export. Attributes of types that this table has no use for are left out.
    ///
    /// # Errors
    /// If the line is not an item in DynamoDB JSON.
    pub fn from_export_line(line: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "Item")]
            item: Attributes<true>,
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
            item: Attributes<false>,
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

/// The attributes of an item: all of them if `WHOLE`, else the strings, numbers and Booleans except the body, and of what
/// is binary the name alone.
pub(super) struct Attributes<const WHOLE: bool>(pub(super) HashMap<String, AttributeValue>);

impl<'de, const WHOLE: bool> Deserialize<'de> for Attributes<WHOLE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names<const WHOLE: bool>;

        impl<'de, const WHOLE: bool> Visitor<'de> for Names<WHOLE> {
            type Value = Attributes<WHOLE>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the attributes of an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes<WHOLE>, A::Error> {
                let mut attributes = HashMap::with_capacity(20);
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    if !WHOLE && name == super::schema::PAYLOAD {
                        map.next_value::<IgnoredAny>()?;
                    } else if let Some(value) = map.next_value_seed(TypedValue::<WHOLE>)? {
                        attributes.insert(name.into_owned(), value);
                    }
                }
                Ok(Attributes(attributes))
            }
        }

        deserializer.deserialize_map(Names::<WHOLE>)
    }
}

/// `{"S": "…"}`, `{"N": "…"}`, `{"B": "…"}` or `{"BOOL": …}`.
struct TypedValue<const WHOLE: bool>;

impl<'de, const WHOLE: bool> DeserializeSeed<'de> for TypedValue<WHOLE> {
    type Value = Option<AttributeValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const WHOLE: bool> Visitor<'de> for TypedValue<WHOLE> {
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
                "B" if WHOLE => {
                    let text: Cow<'de, str> = map.next_value()?;
                    let bytes = STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
                    Some(AttributeValue::B(Blob::new(bytes)))
                }
                "B" => {
                    map.next_value::<IgnoredAny>()?;
                    // Its presence tells what an item is.
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
