//! Which groups there are, out of the index alone: a small part of what the table holds.

use std::collections::{BTreeMap, HashMap};

use super::{
    Store,
    attribute::text,
    error::StoreError,
    scan::PAGE_ITEMS,
    schema::{BY_TIME, EVENT_KEY, GROUP_ID, RECEIVED_AT},
    stored_item::StoredItem,
};
use crate::event::{EventKey, QUARANTINE_GROUP};

/// The groups that have events, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    groups: BTreeMap<String, GroupFigures>,
    names: HashMap<String, String>,
}

/// What there is of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFigures {
    /// How many events, revisions among them.
    pub events: u64,
    /// When the newest was received, in RFC 3339.
    pub last: String,
}

impl Overview {
    /// Counts an item, if it is an event.
    pub fn count(&mut self, item: &StoredItem) {
        if let (Some(group), Some(key), Some(received_at)) = (item.group(), item.event_key(), item.text(RECEIVED_AT)) {
            self.count_key(group, key, received_at);
        }
    }

    /// Takes note of the name of a group.
    pub fn name(&mut self, item: &StoredItem) {
        self.names.extend(item.named_group().map(|group| (group.id, group.name)));
    }

    /// Takes note of names by the ids of their groups.
    pub fn name_all(&mut self, names: HashMap<String, String>) {
        self.names.extend(names);
    }

    /// What a group is called, if that is known.
    pub fn name_of(&self, group: &str) -> Option<&str> {
        self.names.get(group).map(String::as_str)
    }

    /// Counts what a key and a time tell of: only events and quarantined bodies have both.
    fn count_key(&mut self, group: &str, key: &str, received_at: &str) {
        if group == QUARANTINE_GROUP && EventKey::from_table(key).is_quarantined() {
            return;
        }
        if !self.groups.contains_key(group) {
            self.groups.insert(group.to_owned(), GroupFigures::default());
        }
        if let Some(figures) = self.groups.get_mut(group) {
            figures.events += 1;
            if *figures.last < *received_at {
                received_at.clone_into(&mut figures.last);
            }
        }
    }

    /// Counts what another one has counted too.
    pub fn add(&mut self, other: Self) {
        self.names.extend(other.names);
        for (group, counted) in other.groups {
            let figures = self.groups.entry(group).or_default();
            figures.events += counted.events;
            figures.last = std::mem::take(&mut figures.last).max(counted.last);
        }
    }

    /// The groups, those with the newest events first.
    pub fn groups(&self) -> Vec<(&str, &GroupFigures)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(group, figures)| (group.as_str(), figures)).collect();
        groups.sort_by(|(_, one), (_, other)| other.last.cmp(&one.last));
        groups
    }
}

impl Store {
    /// Goes through the index once and counts. The index follows the table within moments. `seen` is told how many more
    /// items were read.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn overview(&self, seen: impl Fn(u64)) -> Result<Overview, StoreError> {
        let mut overview = Overview::default();
        let scan = self.client.scan().table_name(&self.table).index_name(BY_TIME).limit(PAGE_ITEMS);
        let mut pages = scan.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page?;
            for item in page.items() {
                if let (Some(group), Some(key), Some(received_at)) =
                    (text(item, GROUP_ID), text(item, EVENT_KEY), text(item, RECEIVED_AT))
                {
                    overview.count_key(group, key, received_at);
                }
            }
            seen(page.items().len() as u64);
        }
        Ok(overview)
    }
}
