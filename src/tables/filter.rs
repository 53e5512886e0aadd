//! Which items are wanted.

use std::collections::BTreeSet;

use crate::{event::Timestamp, store::StoredItem};

/// Which items are wanted; by default all of them. It asks for attributes alone, so that bodies need not be read.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The groups that are wanted; all if empty.
    pub groups: BTreeSet<String>,
    /// The event types that are wanted; all if empty. A quarantined body has no type.
    pub types: BTreeSet<String>,
    /// Received then or later.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
}

impl Filter {
    /// Whether an item is wanted.
    pub fn wants(&self, item: &StoredItem) -> bool {
        self.wants_group(item)
            && is_among(&self.types, item.event_type())
            && ((self.since.is_none() && self.until.is_none())
                || item.received_at().is_some_and(|time| {
                    self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
                }))
    }

    /// Whether the name of a group is wanted: whenever the group is.
    pub fn wants_name(&self, item: &StoredItem) -> bool {
        self.groups.is_empty() || item.named_group_id().is_some_and(|id| self.groups.contains(&id))
    }

    /// Whether the group of an item is wanted: all that can be said of a part of another item's body.
    pub fn wants_group(&self, item: &StoredItem) -> bool {
        is_among(&self.groups, item.group())
    }
}

fn is_among(wanted: &BTreeSet<String>, value: Option<&str>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
}
