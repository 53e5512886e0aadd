//! What the page shows one by one, and what it counts together. Everything is counted; the limits here decide how finely.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use super::{
    bins::TimeBins,
    calendar::Calendar,
    hash::hash,
    outline::{ActionOutline, Outline},
    question::{Chart, QuestionOutline},
    who::{Known, Person},
};
use crate::event::Timestamp;

pub(super) const MAX_GROUPS: usize = 40;
pub(super) const MAX_TYPES: usize = 30;
pub(super) const MAX_CARDS: usize = 200;
pub(super) const MAX_JOBS: usize = 100;
pub(super) const MAX_PACKAGES: usize = 40;
pub(super) const MAX_QUESTIONS: usize = 60;
/// How many people are shown one by one in the chart of activity.
pub(super) const MAX_PEOPLE: usize = 200;
const MAX_BINS: u16 = 400;

/// What the page shows one by one.
pub(super) struct ReportPlan {
    /// When the first and the last event arrived: `None` without events.
    pub(super) period: Option<(Timestamp, Timestamp)>,
    pub(super) calendar: Calendar,
    pub(super) bins: TimeBins,
    pub(super) groups: Slots,
    /// The names of groups by id, where a name is known.
    pub(super) group_names: HashMap<String, String>,
    pub(super) types: Slots,
    pub(super) actions: Vec<Action>,
    slots_of_actions: HashMap<u64, u16>,
    /// The ids and titles of jobs that are counted together with others, by the hash of the id.
    pub(super) further_jobs: Titles,
    pub(super) questions: Vec<Question>,
    slots_of_questions: HashMap<u64, u16>,
    /// Everybody whose name may be shown.
    pub(super) known: Known,
    /// The keys of the people who have caused the most events, most active first.
    pub(super) most_active: Vec<u64>,
    places_of_people: HashMap<u64, u16>,
    /// How many questions were answered but are not among `questions`.
    pub(super) further_questions: usize,
}

/// An entry in the list of actions.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// Events that belong to no action.
    None,
    /// An action that is shown on its own.
    One { id: String, title: Option<String>, package: Option<String>, is_job: bool },
    /// The actions of a package that are not shown on their own.
    Package { name: String, actions: u64 },
    /// All other actions.
    Others { actions: u64 },
}

/// A question, and how its answers are drawn.
pub(super) struct Question {
    pub(super) package: Option<String>,
    pub(super) position: i64,
    pub(super) title: Option<String>,
    /// The question's type as the sender calls it.
    pub(super) kind: Option<String>,
    pub(super) chart: Chart,
}

/// Places in a list: one for each of the most frequent names, and one behind them for all other names.
pub(super) struct Slots {
    pub(super) names: Vec<String>,
    places: HashMap<String, u8>,
    /// How many names share the last place.
    pub(super) others: usize,
}

impl Slots {
    /// Gives at most `most` names places of their own: those with the highest counts.
    fn new(counts: HashMap<String, u64>, most: usize) -> Self {
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable_by(|(name, count), (other, others)| others.cmp(count).then_with(|| name.cmp(other)));
        let others = counts.len().saturating_sub(most);
        let names: Vec<_> = counts.into_iter().take(most).map(|(name, _)| name).collect();
        let places = names.iter().cloned().zip(0..).collect();
        Self { names, places, others }
    }

    /// Takes their own places from the less frequent half of the names. Returns `false` if there are none.
    fn halve(&mut self) -> bool {
        let own = self.names.len() / 2;
        self.others += self.names.len() - own;
        let has_changed = own < self.names.len();
        for name in self.names.drain(own..) {
            self.places.remove(&name);
        }
        has_changed
    }

    pub(super) fn of(&self, name: &str) -> u8 {
        let others = || u8::try_from(self.names.len()).unwrap_or(u8::MAX);
        self.places.get(name).copied().unwrap_or_else(others)
    }
}

impl ReportPlan {
    pub(super) fn new(mut outline: Outline, calendar: Calendar) -> Self {
        let known = outline.take_everybody().finish();
        let names = std::mem::take(&mut outline.group_names).into_iter();
        let (first, last) = outline.period.unwrap_or((Timestamp::EPOCH, Timestamp::EPOCH));
        let (actions, slots_of_actions, further_jobs) = actions(outline.actions);
        let (questions, slots_of_questions, further_questions) = questions(outline.questions, &calendar);
        let most_active = most_active(&known);
        Self {
            period: outline.period,
            bins: TimeBins::of_period(&calendar, first, last, MAX_BINS),
            groups: Slots::new(outline.groups, MAX_GROUPS),
            group_names: names.map(|(id, (_, _, name))| (id, name)).collect(),
            types: Slots::new(outline.types, MAX_TYPES),
            actions,
            slots_of_actions,
            further_jobs,
            questions,
            slots_of_questions,
            further_questions,
            places_of_people: most_active.iter().copied().zip(0..).collect(),
            most_active,
            known,
            calendar,
        }
    }

    /// The place of a person among the most active, by the key in `known`.
    pub(super) fn place_of(&self, who: u64) -> Option<u16> {
        self.places_of_people.get(&who).copied()
    }

    /// Counts by larger units, first of time, then of groups. Returns `false` if there are none.
    pub(super) fn coarsen(&mut self) -> bool {
        self.bins.coarsen() || self.groups.halve()
    }

    /// The place of an action among `actions`.
    pub(super) fn action(&self, id: Option<&str>) -> u16 {
        // The first reading has seen every id, so only events without an action get the first place.
        id.and_then(|id| self.slots_of_actions.get(&hash(id)).copied()).unwrap_or_default()
    }

    /// The place of a question among `questions`: `None` if it is not drawn.
    pub(super) fn question(&self, key: u64) -> Option<u16> {
        self.slots_of_questions.get(&key).copied()
    }
}

fn most_active(known: &Known) -> Vec<u64> {
    let mut people: Vec<_> = known.people.iter().filter(|(_, person)| person.events > 0).collect();
    let rank = |person: &Person| (Reverse(person.events), person.id().to_owned());
    people.sort_by_cached_key(|(_, person)| rank(person));
    people.into_iter().take(MAX_PEOPLE).map(|(key, _)| *key).collect()
}

/// Ids and titles, by the hash of the id.
type Titles = HashMap<u64, (String, Option<String>)>;

/// Which actions are shown one by one, where each action is counted by the hash of its id, and the jobs that are not shown one
/// by one.
fn actions(outlines: HashMap<u64, ActionOutline>) -> (Vec<Action>, HashMap<u64, u16>, Titles) {
    let mut shown = vec![Action::None];
    let mut slots = HashMap::new();
    let (singles, further) = most_frequent(outlines);
    for (key, ActionOutline { id, title, package, is_job, .. }) in singles {
        slots.insert(key, slot(shown.len()));
        let (title, package) = (title.map(|title| title.value), package.map(|package| package.value));
        shown.push(Action::One { id, title, package, is_job });
    }
    let jobs = further.iter().filter(|(_, action)| action.is_job);
    let title = |action: &ActionOutline| action.title.as_ref().map(|title| title.value.clone());
    let further_jobs = jobs.map(|(key, action)| (*key, (action.id.clone(), title(action)))).collect();
    let further: Vec<_> =
        further.into_iter().map(|(key, action)| (key, action.package.map(|package| package.value))).collect();
    let (packages, others) = largest_packages(&further);
    let mut slots_of_packages = HashMap::new();
    for (name, actions) in packages {
        slots_of_packages.insert(name.clone(), slot(shown.len()));
        shown.push(Action::Package { name, actions });
    }
    let last = slot(shown.len());
    if others > 0 {
        shown.push(Action::Others { actions: others });
    }
    for (key, package) in further {
        slots.insert(key, package.and_then(|name| slots_of_packages.get(&name).copied()).unwrap_or(last));
    }
    (shown, slots, further_jobs)
}

type Outlines = Vec<(u64, ActionOutline)>;

/// Parts actions into those that are shown on their own, the cards and the jobs with the most events, and all others.
fn most_frequent(outlines: HashMap<u64, ActionOutline>) -> (Outlines, Outlines) {
    let mut outlines: Outlines = outlines.into_iter().collect();
    outlines.sort_unstable_by(|(_, one), (_, other)| other.events.cmp(&one.events).then_with(|| one.id.cmp(&other.id)));
    let (mut cards, mut jobs) = (MAX_CARDS, MAX_JOBS);
    outlines.into_iter().partition(|(_, action)| {
        let room = if action.is_job { &mut jobs } else { &mut cards };
        let has_room = *room > 0;
        *room = room.saturating_sub(1);
        has_room
    })
}

/// The packages that have the most of these actions, each with how many it has, and how many actions are in none of them.
fn largest_packages(actions: &[(u64, Option<String>)]) -> (Vec<(String, u64)>, u64) {
    let mut packages = BTreeMap::<_, u64>::new();
    for name in actions.iter().filter_map(|(_, package)| package.as_ref()) {
        *packages.entry(name.clone()).or_default() += 1;
    }
    let mut packages: Vec<_> = packages.into_iter().collect();
    packages.sort_by_key(|(_, actions)| Reverse(*actions));
    packages.truncate(MAX_PACKAGES);
    let within: u64 = packages.iter().map(|(_, actions)| actions).sum();
    (packages, actions.len() as u64 - within)
}

fn questions(
    outlines: HashMap<u64, QuestionOutline>,
    calendar: &Calendar,
) -> (Vec<Question>, HashMap<u64, u16>, usize) {
    let mut outlines: Vec<_> = outlines.into_iter().filter(|(_, question)| question.values() > 0).collect();
    outlines.sort_unstable_by_key(|(key, question)| (Reverse(question.values()), *key));
    let further = outlines.len().saturating_sub(MAX_QUESTIONS);
    outlines.truncate(MAX_QUESTIONS);
    // Questions with a chart of their answers come first. Among them, those of a package stand together, in the order of the card.
    let mut packages = HashMap::new();
    for (at, (_, question)) in outlines.iter().enumerate() {
        packages.entry(question.package.clone()).or_insert(at);
    }
    let mut shown: Vec<_> =
        outlines.into_iter().map(|(key, question)| (key, question.chart(calendar), question)).collect();
    shown.sort_by_key(|(_, chart, question)| {
        (matches!(chart, Chart::Texts(_) | Chart::Answered), packages[&question.package], question.position)
    });
    let slots = shown.iter().map(|(key, ..)| *key).zip(0..).collect();
    let shown = shown.into_iter().map(|(_, chart, question)| Question {
        chart,
        package: question.package,
        position: question.position,
        title: question.title,
        kind: question.question_type,
    });
    (shown.collect(), slots, further)
}

fn slot(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}
