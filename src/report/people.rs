//! Who has answered, and how many there are to answer.

use std::collections::{HashMap, HashSet};

use super::{
    hash,
    tally::{Cell, Counts},
};
use crate::event::Timestamp;

/// People, told apart by a hash of their phone number.
#[derive(Default)]
pub(super) struct People {
    /// Everybody whom the events of a group show in it: who joined, answered, or was assigned a job.
    known: HashSet<(u8, u64)>,
    /// Who has answered which action, and where the first answer counts.
    answered: HashMap<(u16, u64), (Timestamp, Cell)>,
}

impl People {
    pub(super) fn seen(&mut self, cell: Cell, phone: Option<&str>) {
        if let Some(phone) = phone {
            self.known.insert((cell.group, hash(phone)));
        }
    }

    /// Somebody has answered an action that stands on its own.
    pub(super) fn answered(&mut self, cell: Cell, at: Timestamp, phone: Option<&str>) {
        if let Some(phone) = phone {
            self.first((cell.action, hash(phone)), (at, cell));
        }
    }

    fn first(&mut self, who: (u16, u64), answer: (Timestamp, Cell)) {
        let first = self.answered.entry(who).or_insert(answer);
        *first = answer.min(*first);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.known.extend(other.known);
        for (who, answer) in other.answered {
            self.first(who, answer);
        }
    }

    /// Adds those who have answered to the counts, and returns how many are known in each group.
    pub(super) fn finish(self, counts: &mut HashMap<Cell, Counts>) -> HashMap<u8, u64> {
        for (_, cell) in self.answered.into_values() {
            counts.entry(cell).or_default().people += 1;
        }
        let mut known = HashMap::new();
        for (group, _) in self.known {
            *known.entry(group).or_default() += 1;
        }
        known
    }
}
