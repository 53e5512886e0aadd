//! Reading items back, bodies whole.

use std::borrow::Cow;

use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;

use super::{
    Store,
    attribute::key_of,
    body::{MAX_BODY_BYTES, gunzip},
    error::{ReadError, StoreError},
    schema::{PART, PARTS_SHA256, PAYLOAD, PAYLOAD_BYTES, PAYLOAD_GZIP, PAYLOAD_PARTS, PAYLOAD_SHA256},
    stored_item::{ItemKind, StoredItem},
};
use crate::event::{EventKey, Sha256Digest};

/// The body of an item, as far as the item itself holds it.
pub enum StoredBody<'a> {
    /// All of it.
    Whole(Cow<'a, [u8]>),
    /// The body is in items of its own.
    Parts(StoredParts<'a>),
}

/// A body that was cut into items of its own, in the same partition.
pub struct StoredParts<'a> {
    item: &'a StoredItem,
    count: u64,
    /// Digest of the body, which the joined parts have to match.
    body: Sha256Digest,
    /// The digest in the parts' keys.
    in_keys: Sha256Digest,
}

impl StoredParts<'_> {
    /// The sort keys of the part items, in order.
    pub fn keys(&self) -> impl Iterator<Item = EventKey> {
        let key = EventKey::from_table(self.item.event_key().unwrap_or_default());
        (0..self.count).map(move |index| key.part(&self.in_keys, index))
    }

    /// The body, made of the pieces in the part items, one behind the other.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the pieces do not make a body, or make another one.
    pub fn join(&self, pieces: &[u8]) -> Result<Vec<u8>, ReadError> {
        let body = gunzip(pieces).map_err(|_| self.item.damaged("its gzip does not unpack"))?;
        if Sha256Digest::of(&body) == self.body {
            Ok(body)
        } else {
            Err(self.item.damaged("its parts make another body"))
        }
    }

    /// The error that a part is not there.
    pub fn missing(&self) -> ReadError {
        self.item.damaged("a part is missing")
    }
}

impl StoredItem {
    /// The body, or where its parts are.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if what the item says about its body does not hold, or if it has none.
    pub fn body(&self) -> Result<StoredBody<'_>, ReadError> {
        if let Some(text) = self.text(PAYLOAD) {
            if text.len() > MAX_BODY_BYTES {
                return Err(self.damaged("its body is larger than any that is received"));
            }
            return Ok(StoredBody::Whole(text.as_bytes().into()));
        }
        if let Some(bytes) = self.bytes(PAYLOAD_BYTES) {
            return Ok(StoredBody::Whole(bytes.into()));
        }
        if let Some(gzip) = self.bytes(PAYLOAD_GZIP) {
            let body = gunzip(gzip).map_err(|_| self.damaged("its gzip does not unpack"))?;
            return Ok(StoredBody::Whole(body.into()));
        }
        if self.kind() == ItemKind::Group {
            // All that it says is in its attributes.
            return Ok(StoredBody::Whole(Cow::Borrowed(&[])));
        }
        self.parts().map(StoredBody::Parts)
    }

    /// Where the parts of the body are.
    pub(super) fn parts(&self) -> Result<StoredParts<'_>, ReadError> {
        let no_body = if self.kind() == ItemKind::Erased { "it was erased" } else { "it has no body" };
        let count = self.number(PAYLOAD_PARTS).ok_or_else(|| self.damaged(no_body))?;
        let digest = |name| self.bytes(name).and_then(Sha256Digest::from_bytes);
        let body = digest(PAYLOAD_SHA256).ok_or_else(|| self.damaged("it has parts but no digest of them"))?;
        // Items of earlier versions name no digest of their gzip: their parts are under that of the body.
        let in_keys = digest(PARTS_SHA256).unwrap_or(body);
        Ok(StoredParts { item: self, count, body, in_keys })
    }
}

impl Store {
    /// The item under a key, read consistently.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn get(&self, group: &str, key: &str) -> Result<Option<StoredItem>, StoreError> {
        Ok(self.get_item(group, key).send().await?.item.map(StoredItem::from))
    }

    /// A read of one item. Consistent, as every read here decides something or has to find what was just written.
    pub(super) fn get_item(&self, group: &str, key: &str) -> GetItemFluentBuilder {
        self.client.get_item().table_name(&self.table).set_key(Some(key_of(group, key))).consistent_read(true)
    }

    /// The body that an item was made of, byte for byte, fetched from its parts if it has some.
    ///
    /// # Errors
    /// [`ReadError`] if DynamoDB does not answer, or if what the item says about its body does not hold.
    pub async fn body(&self, item: &StoredItem) -> Result<Vec<u8>, ReadError> {
        let parts = match item.body()? {
            StoredBody::Whole(body) => return Ok(body.into_owned()),
            StoredBody::Parts(parts) => parts,
        };
        let group = item.group().unwrap_or_default();
        let mut gzip = Vec::new();
        for key in parts.keys() {
            let part = self.get(group, key.as_str()).await?;
            let piece = part.as_ref().and_then(|part| part.bytes(PART)).ok_or_else(|| parts.missing())?;
            gzip.extend_from_slice(piece);
        }
        parts.join(&gzip)
    }
}
