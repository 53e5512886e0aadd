//! Who has answered, and how many there were to answer.

use std::collections::{BTreeMap, HashMap};

use super::{
    counts::{Cell, Counts},
    hash::hash,
};
use crate::event::Timestamp;

/// What an event says about somebody in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sighting {
    /// Has left with it.
    Left,
    /// Has joined with it.
    Joined,
    /// Was there: has answered, or was assigned a job.
    There,
}

/// People, told apart by a hash of their phone number.
#[derive(Default)]
pub(super) struct People {
    /// The first and the last sighting of everybody in a group.
    seen: HashMap<(u8, u64), [(Timestamp, Sighting); 2]>,
    /// Who has answered which action, and where the first answer counts.
    answered: HashMap<(u16, u64), (Timestamp, Cell)>,
    /// The first and the last event of an action in a group.
    spans: HashMap<(u16, u8), [Timestamp; 2]>,
}

impl People {
    pub(super) fn seen(&mut self, cell: Cell, at: Timestamp, sighting: Sighting, phone: Option<&str>) {
        if let Some(phone) = phone {
            self.sighted((cell.group, hash(phone)), [(at, sighting); 2]);
        }
    }

    fn sighted(&mut self, who: (u8, u64), [first, last]: [(Timestamp, Sighting); 2]) {
        let seen = self.seen.entry(who).or_insert([first, last]);
        *seen = [first.min(seen[0]), last.max(seen[1])];
    }

    /// Something has happened to an action that stands on its own.
    pub(super) fn happened(&mut self, cell: Cell, at: Timestamp) {
        self.spanned((cell.action, cell.group), [at; 2]);
    }

    fn spanned(&mut self, what: (u16, u8), [first, last]: [Timestamp; 2]) {
        let span = self.spans.entry(what).or_insert([first, last]);
        *span = [first.min(span[0]), last.max(span[1])];
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
        other.seen.into_iter().for_each(|(who, seen)| self.sighted(who, seen));
        other.answered.into_iter().for_each(|(who, answer)| self.first(who, answer));
        other.spans.into_iter().for_each(|(what, span)| self.spanned(what, span));
    }

    /// Adds those who have answered to the counts, and returns who was in a group between the first and the last event of an
    /// action there.
    pub(super) fn finish(self, counts: &mut HashMap<Cell, Counts>) -> BTreeMap<(u16, u8), Members> {
        for (_, cell) in self.answered.values() {
            counts.entry(*cell).or_default().people += 1;
        }
        let mut groups = HashMap::<u8, Vec<_>>::new();
        for ((group, who), seen) in self.seen {
            groups.entry(group).or_default().push((who, seen));
        }
        let was_there = |[begin, end]: [Timestamp; 2], [first, last]: [(Timestamp, Sighting); 2]| {
            // Who was not seen joining has been there all along, and who was not seen leaving still is.
            (first.1 != Sighting::Joined || first.0 <= end) && (last.1 != Sighting::Left || last.0 >= begin)
        };
        let mut known = BTreeMap::<_, Members>::new();
        for ((action, group), span) in self.spans {
            let members = known.entry((action, group)).or_default();
            for (who, _) in groups.get(&group).into_iter().flatten().filter(|(_, seen)| was_there(span, *seen)) {
                members.count += 1;
                if !self.answered.contains_key(&(action, *who)) {
                    members.silent.push(*who);
                }
            }
        }
        known
    }
}

/// Who was in a group while an action was answered there.
#[derive(Default)]
pub(super) struct Members {
    pub(super) count: u32,
    /// Those who have not answered, by the hash of their phone number.
    pub(super) silent: Vec<u64>,
}
