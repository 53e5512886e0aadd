//! What came when: the index by time.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Store,
    attribute::text,
    error::StoreError,
    scan::PAGE_ITEMS,
    schema::{BY_TIME, EVENT_KEY, GROUP_ID, RECEIVED_AT},
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
}

fn time(time: Timestamp) -> AttributeValue {
    AttributeValue::S(time.to_string())
}
