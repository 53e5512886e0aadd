//! Who has answered an action, and how many people were in the group to answer it.

use std::collections::{BTreeMap, HashMap};

use super::counts::{Cell, Counts};
use crate::event::Timestamp;

/// What an event says about somebody in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sighting {
    /// The event says that they have left the group.
    Left,
    /// The event says that they have joined the group.
    Joined,
    /// They were in the group: they have answered an action, or a job was assigned to them.
    There,
}

/// Who was seen in which group, and who has answered which action. People are told apart by their
/// keys in [`Known`](super::who::Known).
#[derive(Default)]
pub(super) struct People {
    /// The first and the last sighting, by group and person.
    seen: HashMap<(u8, u64), [(Timestamp, Sighting); 2]>,
    /// By action and person: when the first answer arrived, and the cell in which it counts.
    answered: HashMap<(u16, u64), (Timestamp, Cell)>,
    /// The first and the last event, by action and group.
    spans: HashMap<(u16, u8), [Timestamp; 2]>,
}

impl People {
    pub(super) fn seen(&mut self, cell: Cell, at: Timestamp, sighting: Sighting, who: Option<u64>) {
        if let Some(who) = who {
            self.sighted((cell.group, who), [(at, sighting); 2]);
        }
    }

    fn sighted(&mut self, who: (u8, u64), [first, last]: [(Timestamp, Sighting); 2]) {
        let seen = self.seen.entry(who).or_insert([first, last]);
        *seen = [first.min(seen[0]), last.max(seen[1])];
    }

    /// Takes in an event of an action that the page shows on its own.
    pub(super) fn happened(&mut self, cell: Cell, at: Timestamp) {
        self.spanned((cell.action, cell.group), [at; 2]);
    }

    fn spanned(&mut self, what: (u16, u8), [first, last]: [Timestamp; 2]) {
        let span = self.spans.entry(what).or_insert([first, last]);
        *span = [first.min(span[0]), last.max(span[1])];
    }

    /// Takes in an answer to an action that the page shows on its own.
    pub(super) fn answered(&mut self, cell: Cell, at: Timestamp, who: Option<u64>) {
        if let Some(who) = who {
            self.first((cell.action, who), (at, cell));
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

    /// Adds those who have answered to `counts`. Returns, by action and group, who was in the group between the action's first
    /// and last event there.
    pub(super) fn finish(self, counts: &mut HashMap<Cell, Counts>) -> BTreeMap<(u16, u8), Members> {
        for (_, cell) in self.answered.values() {
            counts.entry(*cell).or_default().people += 1;
        }
        let mut groups = HashMap::<u8, Vec<_>>::new();
        for ((group, who), seen) in self.seen {
            groups.entry(group).or_default().push((who, seen));
        }
        let was_there = |[begin, end]: [Timestamp; 2], [first, last]: [(Timestamp, Sighting); 2]| {
            // Somebody who was not seen joining was there from the start; somebody who was not seen leaving is still there.
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
    /// How many they are.
    pub(super) count: u32,
    /// Those who have not answered, by their keys in [`Known`](super::who::Known).
    pub(super) silent: Vec<u64>,
}
