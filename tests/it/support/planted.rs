//! Items put into a table as they are, many at once.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use kaizala_webhook::store::StoredItem;
use serde_json::Value;

use super::{World, world::TABLE};

impl World {
    /// Puts items into the table, without the receiver.
    pub async fn plant_all(&self, items: &[StoredItem]) {
        for batch in items.chunks(25) {
            let put = |item| PutRequest::builder().set_item(Some(attributes(item))).build().expect("it has an item");
            let writes = batch.iter().map(|item| WriteRequest::builder().put_request(put(item)).build()).collect();
            let written = self.client.batch_write_item().request_items(TABLE, writes).send().await;
            let left = written.expect("the table answers").unprocessed_items.unwrap_or_default();
            assert!(left.is_empty(), "the engine takes whole batches");
        }
    }
}

/// An item as the SDK has it, by way of a line of an export.
fn attributes(item: &StoredItem) -> HashMap<String, AttributeValue> {
    let mut line = Vec::new();
    item.write_export_line(&mut line);
    let line: Value = serde_json::from_slice(&line).expect("it is JSON");
    let object = line["Item"].as_object().expect("it is an item");
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    let value = |typed: &Value| {
        let (kind, value) = typed.as_object().and_then(|typed| typed.iter().next()).expect("it has a type");
        match kind.as_str() {
            "S" => AttributeValue::S(text(value)),
            "N" => AttributeValue::N(text(value)),
            "B" => AttributeValue::B(Blob::new(STANDARD.decode(text(value)).expect("it is base64"))),
            "BOOL" => AttributeValue::Bool(value == true),
            "SS" => AttributeValue::Ss(value.as_array().into_iter().flatten().map(text).collect()),
            other => panic!("no item has a {other}"),
        }
    };
    object.iter().map(|(name, typed)| (name.clone(), value(typed))).collect()
}
