//! The items of a window whose rows go, and in which files those may be.

use std::collections::{HashMap, HashSet};

use super::change::Gone;
use crate::{event::Timestamp, tables::lake_files::Wanted};

/// Items whose rows are to be removed.
#[derive(Default)]
pub(super) struct GoneItems {
    keys: HashMap<String, HashSet<String>>,
    count: usize,
    /// When they arrived, in order once [sorted](Self::sort).
    arrivals: Vec<Timestamp>,
    /// Whether the arrival of one is not known.
    anywhere: bool,
}

impl GoneItems {
    pub(super) fn add(&mut self, gone: Gone) {
        let is_new = self.keys.entry(gone.group).or_default().insert(gone.key);
        self.count += usize::from(is_new);
        match gone.received_at {
            Some(time) => self.arrivals.push(time),
            None => self.anywhere = true,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// To be called when all are there.
    pub(super) fn sort(&mut self) {
        self.arrivals.sort_unstable();
    }

    pub(super) fn contains(&self, group: &str, key: &str) -> bool {
        self.keys.get(group).is_some_and(|keys| keys.contains(key))
    }

    /// The first day under which rows of these items may be filed: that on which the first arrived; `None` when that is not
    /// known.
    pub(super) fn first_day(&self) -> Option<String> {
        let first = self.arrivals.first().filter(|_| !self.anywhere)?;
        first.to_string().split('T').next().map(str::to_owned)
    }
}

impl Wanted for GoneItems {
    fn arrived(&self, first: Timestamp, last: Timestamp) -> bool {
        self.anywhere
            || self.arrivals.get(self.arrivals.partition_point(|time| *time < first)).is_some_and(|time| *time <= last)
    }

    fn any_key(&self, is_there: impl Fn(&str) -> bool) -> bool {
        self.keys.values().flatten().any(|key| is_there(key))
    }
}
