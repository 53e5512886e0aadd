//! A digest of all that an item says, by which two copies of it are compared.

use aws_sdk_dynamodb::types::AttributeValue;

use super::stored_item::StoredItem;
use crate::event::Sha256Digest;

impl StoredItem {
    /// The digest of all attributes. Equal for an item of the table and a line of an export that has the same; attributes of
    /// types that this table has no use for do not count.
    pub fn fingerprint(&self) -> Sha256Digest {
        let mut json = Vec::new();
        // DynamoDB returns the elements of a set in any order.
        let sorted = self.attributes().iter().map(|(name, value)| {
            let value = match value {
                AttributeValue::Ss(texts) => {
                    let mut texts = texts.clone();
                    texts.sort();
                    AttributeValue::Ss(texts)
                }
                value => value.clone(),
            };
            (name.clone(), value)
        });
        Self::from(sorted.collect::<super::attribute::Item>()).write_attributes(&mut json);
        Sha256Digest::of(&json)
    }
}
