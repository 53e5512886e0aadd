//! The whole table, page by page and in parallel: what an export of the live table is made of.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    types::{AttributeValue, ReturnConsumedCapacity},
};

use super::{
    Store,
    error::StoreError,
    item::{key_of, text},
    read::StoredItem,
    schema::{EVENT_KEY, GROUP_ID},
};

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const OPERATION_TIMEOUT: Duration = Duration::from_mins(3);
const MAX_ATTEMPTS: u32 = 10;

/// A page of a scan.
pub struct Page {
    /// The items, parts among them.
    pub items: Vec<StoredItem>,
    /// After which key the next page begins; none when there is no next page.
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
    /// [`StoreError`] when DynamoDB does not answer.
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
            .segment(number(segment))
            .total_segments(number(segments))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .set_exclusive_start_key(after.map(|key| key_of(&key.group_id, &key.event_key)))
            .customize()
            .config_override(patient())
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
}

/// Nobody waits for a page as Kaizala waits for an answer, and a page may be a megabyte on a slow line.
fn patient() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    Builder::new().timeout_config(timeouts).retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
}

impl PageKey {
    fn of(key: &HashMap<String, AttributeValue>) -> Self {
        let owned = |name| text(key, name).unwrap_or_default().to_owned();
        Self { group_id: owned(GROUP_ID), event_key: owned(EVENT_KEY) }
    }
}
