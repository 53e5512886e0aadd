//! Erasure: of an event nothing is left but a tombstone, which keeps redeliveries from bringing it back.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::{error::SdkError, types::AttributeValue};

use super::{
    Store,
    attribute::{digest, key_of, text},
    error::StoreError,
    item::{LAST_REDELIVERY_DAYS, SECONDS_PER_DAY},
    schema::{CONTENT_SHA256, ERASED, EVENT_KEY, EXPIRES_AT, GROUP_ID},
    stored_item::{ItemKind, StoredItem},
};
use crate::event::{Sha256Digest, Timestamp};

/// How often what is left of an event is looked at again. Once is the rule; an edit may arrive in between, and a write
/// whose answer was lost looks like a refusal.
const ROUNDS: usize = 3;

/// What became of an event that was to be erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Versions that were erased: the event, and its revisions.
    pub versions: u64,
    /// Parts of bodies that were deleted.
    pub parts: u64,
    /// Versions that stay, since they are not what was to be erased any more.
    pub changed: u64,
}

/// An item of an event's family, without its body.
struct Relative {
    key: String,
    is_part: bool,
    content: Option<Sha256Digest>,
}

impl Relative {
    /// The key of the item whose body this is a part of; its own key unless it is one.
    fn owner(&self) -> &str {
        match self.key.rfind('#') {
            Some(end) if self.is_part => &self.key[..end],
            _ => &self.key,
        }
    }
}

impl Store {
    /// Erases an event or a quarantined body with all its revisions and parts. Each version is replaced by a tombstone that
    /// expires three days after `now`, on the condition that it still is what was read; the first version comes first, so that
    /// no further revision can be stored. An erasure that is interrupted can be repeated: the tombstones tell what to go on with.
    ///
    /// `planned` has the contents of the versions by their keys that somebody decided about: one that has another content now
    /// stays. Versions that are not in it go with the others.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer; some of it may be erased then.
    pub async fn erase(
        &self,
        group: &str,
        key: &str,
        planned: &BTreeMap<String, Option<Sha256Digest>>,
        now: Timestamp,
    ) -> Result<Erasure, StoreError> {
        let expires_at = now.epoch_seconds() + LAST_REDELIVERY_DAYS * SECONDS_PER_DAY;
        let (mut versions, mut parts) = (BTreeSet::new(), BTreeSet::new());
        let mut left = self.relatives(group, key).await?;
        for _ in 0..ROUNDS {
            if left.is_empty() {
                break;
            }
            let mut kept = BTreeSet::new();
            for version in left.iter().filter(|relative| !relative.is_part) {
                versions.insert(version.key.clone());
                let is_changed = planned.get(&version.key).is_some_and(|content| *content != version.content);
                if is_changed || !self.put_tombstone(group, version, expires_at).await? {
                    kept.insert(version.key.as_str());
                }
            }
            for part in left.iter().filter(|relative| relative.is_part && !kept.contains(relative.owner())) {
                parts.insert(part.key.clone());
                let delete = self.client.delete_item().table_name(&self.table);
                delete.set_key(Some(key_of(group, &part.key))).send().await?;
            }
            left = self.relatives(group, key).await?;
        }
        let changed = left.iter().filter(|relative| !relative.is_part).count() as u64;
        Ok(Erasure { versions: versions.len() as u64 - changed, parts: parts.len() as u64, changed })
    }

    /// Whether anything is left of an event that was erased: revisions or parts that an interrupted erasure has not come to.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn is_erased_in_part(&self, group: &str, key: &str) -> Result<bool, StoreError> {
        Ok(!self.relatives(group, key).await?.is_empty())
    }

    /// The item under a key, its revisions, and the parts of them all; tombstones are left out.
    async fn relatives(&self, group: &str, key: &str) -> Result<Vec<Relative>, StoreError> {
        let projection = [GROUP_ID, EVENT_KEY, CONTENT_SHA256, ERASED].join(", ");
        let first = self.get_item(group, key).projection_expression(&projection).send().await?;
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!("{GROUP_ID} = :group AND begins_with({EVENT_KEY}, :start)"))
            .projection_expression(projection)
            .expression_attribute_values(":group", AttributeValue::S(group.to_owned()))
            .expression_attribute_values(":start", AttributeValue::S(format!("{key}#")));
        let mut items: Vec<_> = first.item.into_iter().collect();
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            items.extend(page?.items.unwrap_or_default());
        }
        let relatives = items.into_iter().filter_map(|item| {
            let own = text(&item, EVENT_KEY)?.to_owned();
            // The suffixes of revisions begin otherwise.
            let suffix = own.get(key.len()..).and_then(|suffix| suffix.rsplit_once('#'));
            let is_part = suffix.is_some_and(|(_, last)| last.starts_with("part"));
            let item = StoredItem::from(item);
            (item.kind() != ItemKind::Erased).then(|| Relative { key: own, is_part, content: item.content_sha256() })
        });
        Ok(relatives.collect())
    }

    /// Replaces a version by its tombstone; returns whether it was still what was read.
    async fn put_tombstone(&self, group: &str, version: &Relative, expires_at: i64) -> Result<bool, StoreError> {
        let mut item = key_of(group, &version.key);
        item.insert(ERASED.to_owned(), AttributeValue::Bool(true));
        item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.to_string()));
        let put = self.client.put_item().table_name(&self.table);
        let put = match &version.content {
            Some(content) => {
                item.insert(CONTENT_SHA256.to_owned(), digest(content));
                put.condition_expression(format!("{CONTENT_SHA256} = :content AND attribute_not_exists({ERASED})"))
                    .expression_attribute_values(":content", digest(content))
            }
            None => put.condition_expression(format!(
                "attribute_exists({EVENT_KEY}) AND attribute_not_exists({CONTENT_SHA256}) AND attribute_not_exists({ERASED})"
            )),
        };
        match put.set_item(Some(item)).send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(refusal)) if refusal.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
