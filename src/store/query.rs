//! What came when: the index by time.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::{
    Store,
    attribute::{key_of, text},
    error::{StoreError, build},
    scan::PAGE_ITEMS,
    schema::{BY_TIME, EVENT_KEY, GROUP_ID, PART, RECEIVED_AT},
    stored_item::StoredItem,
};
use crate::event::{EventKey, Timestamp};

/// Which of a group's items to list, and in which order.
#[derive(Clone, Debug, Default)]
pub struct TimeRange {
    /// Leaves out what was received before.
    pub since: Option<Timestamp>,
    /// Leaves out what was received later.
    pub until: Option<Timestamp>,
    /// Only events of this type.
    pub event_type: Option<String>,
    /// Only quarantined bodies: a group of events may have the name of their group.
    pub is_quarantined: bool,
    /// Lists the newest first.
    pub is_newest_first: bool,
}

/// An item as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The sort key.
    pub key: EventKey,
    /// When it was received, in RFC 3339.
    pub received_at: String,
}

impl Store {
    /// The items of a group in the order of their arrival, at most `limit`. The index follows the table within moments: what
    /// was written just now may be missing.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn list(&self, group: &str, range: &TimeRange, limit: usize) -> Result<Vec<Listed>, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_TIME)
            .scan_index_forward(!range.is_newest_first)
            .key_condition_expression(format!("{GROUP_ID} = :group AND {RECEIVED_AT} BETWEEN :since AND :until"))
            .expression_attribute_values(":group", AttributeValue::S(group.to_owned()))
            .expression_attribute_values(":since", time(range.since.unwrap_or(Timestamp::EPOCH)))
            .expression_attribute_values(":until", time(range.until.unwrap_or(Timestamp::MAX)));
        if let Some(event_type) = &range.event_type {
            query = query
                .filter_expression(format!("begins_with({EVENT_KEY}, :type)"))
                .expression_attribute_values(":type", AttributeValue::S(EventKey::type_prefix(event_type)));
        }
        // A filter leaves out items of a page, so that the page must not be as small as what is asked for.
        let is_filtered = range.event_type.is_some() || range.is_quarantined;
        let page = if is_filtered { PAGE_ITEMS } else { i32::try_from(limit).unwrap_or(PAGE_ITEMS) };
        let mut pages = query.limit(page.clamp(1, PAGE_ITEMS)).into_paginator().send();
        let mut listed = Vec::new();
        while listed.len() < limit
            && let Some(page) = pages.next().await
        {
            let page = page?;
            let items = page.items().iter().map(|item| Listed {
                key: EventKey::from_table(text(item, EVENT_KEY).unwrap_or_default()),
                received_at: text(item, RECEIVED_AT).unwrap_or_default().to_owned(),
            });
            listed.extend(items.filter(|item| !range.is_quarantined || item.key.is_quarantined()));
        }
        listed.truncate(limit);
        Ok(listed)
    }

    /// The keys of a group that begin with some text, at most `limit`, in order. Read consistently; parts of bodies are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn keys_beginning(&self, group: &str, start: &str, limit: usize) -> Result<Vec<EventKey>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!("{GROUP_ID} = :group AND begins_with({EVENT_KEY}, :start)"))
            .filter_expression(format!("attribute_not_exists({PART})"))
            .projection_expression(EVENT_KEY)
            .expression_attribute_values(":group", AttributeValue::S(group.to_owned()))
            .expression_attribute_values(":start", AttributeValue::S(start.to_owned()));
        let mut pages = query.limit(PAGE_ITEMS).into_paginator().send();
        let mut keys = Vec::new();
        while keys.len() < limit
            && let Some(page) = pages.next().await
        {
            keys.extend(page?.items().iter().filter_map(|item| text(item, EVENT_KEY)).map(EventKey::from_table));
        }
        keys.truncate(limit);
        Ok(keys)
    }

    /// The items of a group under some keys, by key; those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn get_all(&self, group: &str, keys: &[&EventKey]) -> Result<HashMap<String, StoredItem>, StoreError> {
        let mut found = HashMap::new();
        for batch in keys.chunks(BATCH) {
            let mut wanted = KeysAndAttributes::builder();
            for key in batch {
                wanted = wanted.keys(key_of(group, key.as_str()));
            }
            let mut requested = Some(HashMap::from([(self.table.clone(), build(wanted.build())?)]));
            while let Some(request) = requested {
                let mut answer = self.client.batch_get_item().set_request_items(Some(request)).send().await?;
                let items = answer.responses.take().unwrap_or_default().into_values().flatten();
                for item in items.map(StoredItem::from) {
                    found.insert(item.event_key().unwrap_or_default().to_owned(), item);
                }
                // What did not fit into an answer of 16 MB.
                requested = answer.unprocessed_keys.filter(|keys| !keys.is_empty());
            }
        }
        Ok(found)
    }
}

/// DynamoDB's limit on the keys of a batch.
const BATCH: usize = 100;

fn time(time: Timestamp) -> AttributeValue {
    AttributeValue::S(time.to_string())
}
