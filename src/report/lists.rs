//! The page's lists of people: who is active, who has not answered, who has open jobs.

use std::{cmp::Reverse, collections::HashMap};

use serde_json::{Value, json};

use super::{
    calendar::Unit,
    counts::cut,
    jobs::Open,
    packed::Packed,
    plan::{Action, ReportPlan},
    room,
    series::{List, Series},
    tally::Tallied,
};

/// Everybody whom the page names. Each person stands in its list once, and other lists refer to the place there.
pub(super) struct Named<'a> {
    plan: &'a ReportPlan,
    /// Places in `list` by the keys of people.
    places: HashMap<u64, u32>,
    list: Vec<Value>,
    room: usize,
}

impl<'a> Named<'a> {
    pub(super) fn new(plan: &'a ReportPlan) -> Self {
        Self { plan, places: HashMap::new(), list: Vec::new(), room: room::PEOPLE }
    }

    /// Lists the most active people, and returns how many there is room for. Their places are those of
    /// [`ReportPlan::most_active`]. To be called first.
    pub(super) fn most_active(&mut self) -> u16 {
        let fit = self.plan.most_active.iter().map_while(|key| self.entry(*key, true));
        fit.zip(1..).last().map_or(0, |(_, count)| count)
    }

    /// The place of a person in the list: `None` if there is no room for more people.
    fn of(&mut self, key: u64) -> Option<u32> {
        match self.places.get(&key) {
            Some(place) => Some(*place),
            None => self.entry(key, false),
        }
    }

    /// Lists a person: phone number or user id, name, and if wanted the days of the first and the last event of or about them.
    fn entry(&mut self, key: u64, with_days: bool) -> Option<u32> {
        let person = self.plan.known.people.get(&key);
        let mut entry = vec![
            json!(person.map_or(String::new(), |person| cut(person.id()))),
            json!(person.and_then(|person| person.name.as_ref()).map(|name| cut(&name.value))),
        ];
        if let (true, Some(seen)) = (with_days, person.and_then(|person| person.seen)) {
            entry.extend(seen.map(|time| json!(self.plan.calendar.begin(Unit::Day, time))));
        }
        self.room = self.room.checked_sub(room::bytes(&entry) + 1)?;
        let place = u32::try_from(self.list.len()).ok()?;
        self.list.push(entry.into());
        self.places.insert(key, place);
        Some(place)
    }

    /// Name and id, by which people are sorted.
    fn label(&self, key: u64) -> (&str, &str) {
        self.plan
            .known
            .people
            .get(&key)
            .map_or(("", ""), |person| (person.name.as_ref().map_or("", |name| name.value.as_str()), person.id()))
    }

    /// All people so far.
    pub(super) fn list(self) -> Vec<Value> {
        self.list
    }
}

/// How many events each of the most active people has caused, by series and bin, and how many people these are. `listed` is how
/// many people the page names.
pub(super) fn activity(tallied: &Tallied, series: &Series, listed: u16) -> (List, u16) {
    let count = |people: u16| {
        let mut list = List::default();
        for ((cell, person), events) in tallied.activity.iter().filter(|((_, person), _)| *person < people) {
            list.push(series, *cell, [u32::from(*person), *events]);
        }
        list
    };
    let mut people = listed;
    loop {
        let list = count(people);
        if people == 0 || room::bytes(&list) <= room::ACTIVITY {
            return (list, people);
        }
        people -= people.div_ceil(10);
    }
}

/// Open assignments, late ones first. For each: series, bin, person, due time, whether it is late, and of a job that is counted
/// together with others its id and title.
pub(super) fn open(tallied: &Tallied, named: &mut Named<'_>, series: &Series) -> Vec<Value> {
    let mut open: Vec<_> = tallied.open.iter().collect();
    open.sort_by_key(|open| (Reverse(open.is_late), open.due.is_none(), open.due, open.cell, open.assignee));
    let mut room = room::OPEN;
    let entry = |open: &Open| {
        let person = match open.assignee {
            Some(key) => Some(named.of(key)?),
            None => None,
        };
        let due = open.due.map(|due| named.plan.calendar.begin(Unit::Second, due));
        let mut entry = vec![json!(series.number(open.cell)), json!(open.cell.bin), json!(person), json!(due)];
        entry.push(json!(open.is_late));
        if let Some((id, title)) = open.job.and_then(|job| named.plan.further_jobs.get(&job)) {
            entry.extend([json!(room::name(id)), json!(title.as_deref().map(room::name))]);
        }
        room = room.checked_sub(room::bytes(&entry) + 1)?;
        Some(Value::from(entry))
    };
    open.into_iter().take(room::MAX_OPEN).map_while(entry).collect()
}

/// Who was asked: for each card and group how many people were there, how many of them have not answered, and some of these.
pub(super) fn known(tallied: &Tallied, named: &mut Named<'_>) -> Packed {
    let mut room = room::MAX_SILENT_IN_ALL;
    let mut known = Packed::default();
    let is_card =
        |action: u16| matches!(named.plan.actions.get(usize::from(action)), Some(Action::One { is_job: false, .. }));
    let cards: Vec<_> = tallied.known.iter().filter(|((action, _), _)| is_card(*action)).collect();
    for ((action, group), members) in cards {
        let mut silent = members.silent.clone();
        silent.sort_by(|one, other| {
            let ((name, id), (other_name, other_id)) = (named.label(*one), named.label(*other));
            (name.is_empty(), name, id).cmp(&(other_name.is_empty(), other_name, other_id))
        });
        let listed: Vec<_> = silent.iter().take(room::MAX_SILENT.min(room)).map_while(|key| named.of(*key)).collect();
        room -= listed.len();
        known.push(*action);
        known.push(*group);
        known.push(members.count);
        for length in [silent.len(), listed.len()] {
            known.push(u32::try_from(length).unwrap_or(u32::MAX));
        }
        for place in listed {
            known.push(place);
        }
    }
    known
}
