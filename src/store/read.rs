//! Reading items back, bodies whole.

use std::{borrow::Cow, collections::HashMap, fmt};

use aws_sdk_dynamodb::{operation::get_item::builders::GetItemFluentBuilder, types::AttributeValue};

use super::{
    Store,
    body::{MAX_BODY_BYTES, gunzip},
    error::StoreError,
    item::{bytes, key_of, text},
    schema::{
        CONTENT_SHA256, EVENT_KEY, GROUP_ID, PART, PAYLOAD, PAYLOAD_BYTES, PAYLOAD_GZIP, PAYLOAD_PARTS, PAYLOAD_SHA256,
        PULLED,
    },
};
use crate::event::{EventKey, Sha256Digest};

/// An item of the table, as it stands there.
#[derive(Clone, PartialEq)]
pub struct StoredItem(HashMap<String, AttributeValue>);

/// The body of an item, as far as the item itself holds it.
pub enum StoredBody<'a> {
    /// All of it.
    Whole(Cow<'a, [u8]>),
    /// It is in items of its own.
    Parts(StoredParts<'a>),
}

/// A body that was cut into items of its own, in the same partition.
pub struct StoredParts<'a> {
    item: &'a StoredItem,
    count: u64,
    digest: Sha256Digest,
}

impl StoredParts<'_> {
    /// The sort keys of the part items, in order.
    pub fn keys(&self) -> impl Iterator<Item = EventKey> {
        let key = EventKey::from_table(self.item.text(EVENT_KEY).unwrap_or_default());
        (0..self.count).map(move |index| key.part(&self.digest, index))
    }

    /// The body, of its part items' `part` attributes one after the other.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] when they make no body, or another one.
    pub fn join(&self, pieces: &[u8]) -> Result<Vec<u8>, ReadError> {
        let body = gunzip(pieces).map_err(|_| self.item.damaged("its gzip does not unpack"))?;
        if Sha256Digest::of(&body) == self.digest {
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

/// Why a body could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// DynamoDB did not answer.
    Store(StoreError),
    /// The item holds no body, or not all of it, or one that is damaged.
    Damaged {
        /// The partition.
        group: String,
        /// The sort key.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Damaged { group, key, what } => write!(f, "item {group} / {key}: {what}"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Damaged { .. } => None,
        }
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<HashMap<String, AttributeValue>> for StoredItem {
    fn from(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }
}

impl StoredItem {
    /// A string attribute, by a name of [`schema`](super::schema).
    pub fn text(&self, name: &str) -> Option<&str> {
        text(&self.0, name)
    }

    /// A binary attribute, by a name of [`schema`](super::schema).
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        bytes(&self.0, name)
    }

    /// A number attribute, by a name of [`schema`](super::schema).
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// Whether this is a piece of another item's body and no event of its own.
    pub fn is_part(&self) -> bool {
        self.0.contains_key(PART)
    }

    /// Whether this is a response that came by pull.
    pub fn is_pulled(&self) -> bool {
        self.0.get(PULLED).is_some_and(|pulled| pulled.as_bool() == Ok(&true))
    }

    /// The body, or where its parts are.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] when what the item says about its body does not hold.
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
        let count = self.number(PAYLOAD_PARTS).ok_or_else(|| self.damaged("it has no body"))?;
        let digest = self
            .bytes(PAYLOAD_SHA256)
            .and_then(Sha256Digest::from_bytes)
            .ok_or_else(|| self.damaged("it has parts but no digest of them"))?;
        Ok(StoredBody::Parts(StoredParts { item: self, count, digest }))
    }

    #[cfg(feature = "cli")]
    pub(super) fn attributes(&self) -> &HashMap<String, AttributeValue> {
        &self.0
    }

    /// The error that something is wrong with this item.
    pub fn damaged(&self, what: &'static str) -> ReadError {
        let owned = |name| self.text(name).unwrap_or_default().to_owned();
        ReadError::Damaged { group: owned(GROUP_ID), key: owned(EVENT_KEY), what }
    }
}

impl Store {
    /// The item under a key, read consistently.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn get(&self, group: &str, key: &str) -> Result<Option<StoredItem>, StoreError> {
        Ok(self.get_item(group, key).send().await?.item.map(StoredItem))
    }

    /// A read of one item. Consistent, as every read here decides something or has to find what was just written.
    pub(super) fn get_item(&self, group: &str, key: &str) -> GetItemFluentBuilder {
        self.client.get_item().table_name(&self.table).set_key(Some(key_of(group, key))).consistent_read(true)
    }

    /// Calls `found` with group, key and content digest of every item that is no part. Reads the whole table, page by page;
    /// memory stays flat.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn for_each_key(
        &self,
        mut found: impl FnMut(String, EventKey, Option<Sha256Digest>),
    ) -> Result<(), StoreError> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .projection_expression(format!("{GROUP_ID}, {EVENT_KEY}, {CONTENT_SHA256}"))
            .filter_expression(format!("attribute_not_exists({PART})"))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for item in page?.items() {
                let group = text(item, GROUP_ID).unwrap_or_default().to_owned();
                let key = EventKey::from_table(text(item, EVENT_KEY).unwrap_or_default());
                found(group, key, bytes(item, CONTENT_SHA256).and_then(Sha256Digest::from_bytes));
            }
        }
        Ok(())
    }

    /// The body that an item was made of, byte for byte, fetched from its parts where it has some.
    ///
    /// # Errors
    /// [`ReadError`] when DynamoDB does not answer, or when what the item says about its body does not hold.
    pub async fn body(&self, item: &StoredItem) -> Result<Vec<u8>, ReadError> {
        let parts = match item.body()? {
            StoredBody::Whole(body) => return Ok(body.into_owned()),
            StoredBody::Parts(parts) => parts,
        };
        let group = item.text(GROUP_ID).unwrap_or_default();
        let mut gzip = Vec::new();
        for key in parts.keys() {
            let part = self.get(group, key.as_str()).await?;
            let piece = part.as_ref().and_then(|part| part.bytes(PART)).ok_or_else(|| parts.missing())?;
            gzip.extend_from_slice(piece);
        }
        parts.join(&gzip)
    }
}

/// Shows the key alone: the rest is what people wrote.
impl fmt::Debug for StoredItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredItem")
            .field(GROUP_ID, &self.text(GROUP_ID))
            .field(EVENT_KEY, &self.text(EVENT_KEY))
            .finish_non_exhaustive()
    }
}
