//! Which items are wanted.

use std::collections::BTreeSet;

use crate::{event::Timestamp, store::StoredItem};

/// Which items are wanted; by default all of them. What an item is told by stands in its attributes, so that nobody has to
/// look into its body.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Groups; all when empty.
    pub groups: BTreeSet<String>,
    /// Event types; all when empty. What is in quarantine has none.
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

    /// Whether the group of an item is wanted; more is not known of an item that is a part of another's body.
    pub fn wants_group(&self, item: &StoredItem) -> bool {
        is_among(&self.groups, item.group())
    }
}

fn is_among(wanted: &BTreeSet<String>, value: Option<&str>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
}
