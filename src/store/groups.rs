//! The names of groups: items of their own in a partition of their own, which the receiver never writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::{error::SdkError, types::AttributeValue};

use super::{
    Store,
    attribute::{Item, key_of, string},
    error::StoreError,
    schema::{EVENT_KEY, GROUP_ID, GROUP_NAME, GROUP_TYPE, GROUPS, SOURCE, UPDATED_AT},
    stored_item::{ItemKind, StoredItem},
};
use crate::event::Timestamp;

/// The longest group id that can be named: what DynamoDB takes for a sort key, in bytes, once encoded.
pub const MAX_GROUP_KEY_BYTES: usize = 1024;

/// How much a name and a type may have together: far below an item's limit, and more than any name has.
pub const MAX_GROUP_NAME_BYTES: usize = 16 * 1024;

/// Who says what a group is called, the least trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupSource {
    /// An archive that was imported.
    Archive,
    /// The API's list of groups.
    Api,
    /// A file that somebody wrote by hand.
    File,
}

impl GroupSource {
    const ALL: [Self; 3] = [Self::Archive, Self::Api, Self::File];

    /// The source as it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Api => "api",
            Self::File => "file",
        }
    }
}

/// What a group is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGroup {
    /// The group.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind of group it is, as Kaizala says it; `None` if nobody does.
    pub group_type: Option<String>,
}

impl NamedGroup {
    /// Whether the table takes it: there is an id and a name, and neither is too long.
    pub fn is_usable(&self) -> bool {
        let of_type = self.group_type.as_ref().map_or(0, String::len);
        !self.id.is_empty()
            && encode(&self.id).len() <= MAX_GROUP_KEY_BYTES
            && !self.name.is_empty()
            && self.name.len() + of_type <= MAX_GROUP_NAME_BYTES
    }
}

impl Store {
    /// Keeps what a group is called, in one conditional write: a name from a source that is trusted more stays, and then this
    /// is false.
    ///
    /// # Errors
    /// [`StoreError`] if it may not have been written.
    pub async fn put_group(
        &self,
        group: &NamedGroup,
        source: GroupSource,
        updated_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = item_of(group, source, updated_at);
        let mut condition = format!("attribute_not_exists({EVENT_KEY})");
        let mut put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        for other in GroupSource::ALL.into_iter().filter(|other| *other <= source) {
            let value = format!(":{}", other.as_str());
            condition.push_str(" OR #source = ");
            condition.push_str(&value);
            put = put.expression_attribute_values(value, string(other.as_str()));
        }
        // SOURCE is a word that DynamoDB reserves.
        let put = put.expression_attribute_names("#source", SOURCE).condition_expression(condition);
        match put.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(refusal)) if refusal.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The names of all groups that have one, by their ids.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn group_names(&self) -> Result<HashMap<String, String>, StoreError> {
        let mut names = HashMap::new();
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{GROUP_ID} = :groups"))
            .expression_attribute_values(":groups", string(GROUPS));
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let items = page?.items.unwrap_or_default().into_iter().map(StoredItem::from);
            names.extend(items.filter(|item| item.kind() == ItemKind::Group).filter_map(|item| {
                let group = item.named_group()?;
                Some((group.id, group.name))
            }));
        }
        Ok(names)
    }
}

impl StoredItem {
    /// The item that names a group, as [`Store::put_group`] writes it.
    pub fn of_group(group: &NamedGroup, source: GroupSource, updated_at: Timestamp) -> Self {
        Self::from(item_of(group, source, updated_at))
    }

    /// The id of the group that an item names.
    pub fn named_group_id(&self) -> Option<String> {
        Some(decode(self.event_key()?))
    }

    /// What group an item names; `None` if it has no name.
    pub fn named_group(&self) -> Option<NamedGroup> {
        Some(NamedGroup {
            id: self.named_group_id()?,
            name: self.text(GROUP_NAME)?.to_owned(),
            group_type: self.text(GROUP_TYPE).map(str::to_owned),
        })
    }

    /// Who says what a group is called.
    pub fn group_source(&self) -> Option<&str> {
        self.text(SOURCE)
    }
}

fn item_of(group: &NamedGroup, source: GroupSource, updated_at: Timestamp) -> Item {
    let mut item = key_of(GROUPS, &encode(&group.id));
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set(GROUP_NAME, string(&group.name));
    set(SOURCE, string(source.as_str()));
    set(UPDATED_AT, string(&updated_at.to_string()));
    if let Some(group_type) = &group.group_type {
        set(GROUP_TYPE, string(group_type));
    }
    item
}

/// Without the character by which the keys of events are told from those of names.
fn encode(id: &str) -> String {
    id.replace('%', "%25").replace('#', "%23")
}

fn decode(key: &str) -> String {
    key.replace("%23", "#").replace("%25", "%")
}
