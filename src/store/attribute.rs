//! Attributes: values of the DynamoDB types that the table uses, made and read.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use super::schema::{EVENT_KEY, GROUP_ID};
use crate::event::Sha256Digest;

/// The attributes of an item by their names.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The key attributes of an item.
pub(super) fn key_of(group: &str, key: &str) -> Item {
    let mut item = HashMap::with_capacity(20);
    item.insert(GROUP_ID.to_owned(), string(group));
    item.insert(EVENT_KEY.to_owned(), string(key));
    item
}

pub(super) fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn blob(bytes: impl AsRef<[u8]>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes.as_ref()))
}

pub(super) fn digest(digest: &Sha256Digest) -> AttributeValue {
    blob(digest.as_bytes())
}

/// The attribute, if it is a string.
pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The attribute, if it is binary.
pub(super) fn bytes<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    item.get(name)?.as_b().ok().map(AsRef::as_ref)
}

/// Whether the attribute is the Boolean `true`.
pub(super) fn flag(item: &Item, name: &str) -> bool {
    item.get(name).is_some_and(|value| value.as_bool() == Ok(&true))
}
