//! The whole table, page by page and in parallel: what an export of the live table is made of.

use aws_sdk_dynamodb::{
    config::{Builder, retry::RetryConfig},
    types::ReturnConsumedCapacity,
};

use super::{
    Store,
    attribute::{Item, key_of, text},
    error::StoreError,
    schema::{EVENT_KEY, GROUP_ID},
    stored_item::StoredItem,
};

/// The most items of a page. DynamoDB ends a page at a megabyte, which these seldom reach; an emulator may well collect all
/// that is left of the table for each page, unless the page is limited.
pub(super) const PAGE_ITEMS: i32 = 1000;

/// Attempts at a page of a long scan, with pauses of the SDK's own, which begin with up to a second: throttling is what such
/// a scan brings about.
const MAX_ATTEMPTS: u32 = 10;

/// A page of a scan.
pub struct Page {
    /// The items, parts among them.
    pub items: Vec<StoredItem>,
    /// After which key the next page begins: `None` if there is no next page.
    pub last: Option<PageKey>,
    /// Read units that the page took.
    pub read_units: f64,
}

/// Where a page ends.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageKey {
    /// The partition.
    pub group_id: String,
    /// The sort key.
    pub event_key: String,
}

impl Store {
    /// The page of a segment of `segments` that begins behind `after`.
    ///
    /// Read consistently: an item's parts are written before it and stand behind it, so that a consistent scan that sees
    /// the item will see its parts.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn scan_page(
        &self,
        segment: usize,
        segments: usize,
        after: Option<&PageKey>,
    ) -> Result<Page, StoreError> {
        // DynamoDB's limit is a million.
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let page = self
            .client
            .scan()
            .table_name(&self.table)
            // A scan that is not cut up goes by the key, for which an emulator has an index; one that is need not.
            .set_segment((segments > 1).then(|| number(segment)))
            .set_total_segments((segments > 1).then(|| number(segments)))
            .limit(PAGE_ITEMS)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .set_exclusive_start_key(after.map(|key| key_of(&key.group_id, &key.event_key)))
            .customize()
            .config_override(Builder::new().retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS)))
            .send()
            .await?;
        let read_units = page.consumed_capacity().and_then(aws_sdk_dynamodb::types::ConsumedCapacity::capacity_units);
        Ok(Page {
            last: page.last_evaluated_key().map(PageKey::of),
            read_units: read_units.unwrap_or_default(),
            items: page.items.unwrap_or_default().into_iter().map(StoredItem::from).collect(),
        })
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The region of the table, wherever it was set.
    pub fn region(&self) -> Option<&str> {
        self.client.config().region().map(AsRef::as_ref)
    }
}

impl PageKey {
    fn of(key: &Item) -> Self {
        let owned = |name| text(key, name).unwrap_or_default().to_owned();
        Self { group_id: owned(GROUP_ID), event_key: owned(EVENT_KEY) }
    }
}
