//! The page's lists of people: who is active, who has not answered, who has open jobs.

use std::{cmp::Reverse, collections::HashMap};

use serde_json::{Value, json};

use super::{
    counts::cut,
    jobs::Open,
    plan::ReportPlan,
    series::{List, Series},
    tally::Tallied,
};

/// The most cells of activity in the page. If there are more, the least active people are left out.
const MAX_ACTIVITY: usize = 20_000;
/// How many people who have not answered are listed for one action in one group.
const MAX_SILENT: usize = 100;
/// How many people who have not answered are listed in the whole page.
const MAX_SILENT_IN_ALL: usize = 8_000;
/// How many open assignments are listed.
const MAX_OPEN: usize = 500;

/// Everybody whom the page names. Each person stands in its list once, and other lists refer to the place there.
pub(super) struct Named<'a> {
    plan: &'a ReportPlan,
    places: HashMap<u64, usize>,
    keys: Vec<u64>,
}

impl<'a> Named<'a> {
    /// Begins with the most active people, so that their places are the same as in [`ReportPlan::most_active`].
    pub(super) fn new(plan: &'a ReportPlan) -> Self {
        let keys = plan.most_active.clone();
        Self { plan, places: keys.iter().copied().zip(0..).collect(), keys }
    }

    fn of(&mut self, key: u64) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.keys.len() - 1
        })
    }

    /// Name and id, by which people are sorted.
    fn label(&self, key: u64) -> (&str, &str) {
        self.plan.known.people.get(&key).map_or(("", ""), |person| {
            (person.name.as_ref().map_or("", |name| name.value.as_str()), person.id.as_str())
        })
    }

    /// For each person: id, name, and the times of the first and the last event of or about them.
    pub(super) fn list(&self) -> Vec<Value> {
        let person = |key| {
            let person = self.plan.known.people.get(key)?;
            let name = person.name.as_ref().map(|name| cut(&name.value));
            Some(json!([cut(&person.id), name, person.seen[0].to_string(), person.seen[1].to_string()]))
        };
        self.keys.iter().map(|key| person(key).unwrap_or_else(|| json!(["", null, "", ""]))).collect()
    }
}

/// How many events each of the most active people has caused, by series and bin.
pub(super) fn activity(tallied: &Tallied, series: &mut Series) -> List {
    let mut cells = HashMap::<u16, usize>::new();
    for (_, person) in tallied.activity.keys() {
        *cells.entry(*person).or_default() += 1;
    }
    let (mut end, mut room) = (0, MAX_ACTIVITY);
    while let Some(rest) = cells.get(&end).and_then(|cells| room.checked_sub(*cells)) {
        (end, room) = (end + 1, rest);
    }
    let mut list = List::default();
    for ((cell, person), events) in tallied.activity.iter().filter(|((_, person), _)| *person < end) {
        list.push(series, *cell, &[u32::from(*person), *events]);
    }
    list
}

/// Open assignments, late ones first. For each: series, bin, person, due time, and whether it is late.
pub(super) fn open(tallied: &Tallied, named: &mut Named<'_>, series: &mut Series) -> Vec<Value> {
    let mut open: Vec<_> = tallied.open.iter().collect();
    open.sort_by_key(|open| (Reverse(open.is_late), open.due.is_none(), open.due, open.cell, open.assignee));
    open.truncate(MAX_OPEN);
    let entry = |open: &Open| {
        let person = open.assignee.map(|key| named.of(key));
        json!([series.of(open.cell), open.cell.bin, person, open.due.map(|due| due.to_string()), open.is_late])
    };
    open.into_iter().map(entry).collect()
}

/// Who was asked: for each action and group how many people were there, some of those who have not answered, and how many have
/// not answered.
pub(super) fn known(tallied: &Tallied, named: &mut Named<'_>) -> Vec<Value> {
    let mut room = MAX_SILENT_IN_ALL;
    let mut list = Vec::new();
    for ((action, group), members) in &tallied.known {
        let mut silent = members.silent.clone();
        silent.sort_by(|one, other| {
            let ((name, id), (other_name, other_id)) = (named.label(*one), named.label(*other));
            (name.is_empty(), name, id).cmp(&(other_name.is_empty(), other_name, other_id))
        });
        silent.truncate(MAX_SILENT.min(room));
        room -= silent.len();
        let silent: Vec<_> = silent.into_iter().map(|key| named.of(key)).collect();
        list.push(json!([action, group, members.count, silent, members.silent.len()]));
    }
    list
}
