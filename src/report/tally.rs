//! The second reading of the rows: counts by group, event type, action and time.

use std::collections::{BTreeMap, HashMap};

use super::{
    counts::{Answers, Cell, Counts, Sample, Sampled, cut},
    hash::hash,
    jobs::{Jobs, Open},
    newest::arrived,
    people::{Members, People, Sighting},
    plan::{Action, ReportPlan},
    question::{Chart, Choices, Value, question_key},
};
use crate::{
    event::Timestamp,
    tables::{AnswerRow, Row, read::RowSink},
};

/// How many single answers to a question are kept. If there are more, a hash of event and position decides which are kept, so
/// that every run keeps the same ones.
const MAX_SAMPLES: usize = 1_000;
/// The longest link that the page holds, in bytes. Signed links to photos have about 700.
const LONGEST_URL: usize = 1000;

/// What one thread has counted so far.
pub(super) struct Tally<'a> {
    plan: &'a ReportPlan,
    current: Cell,
    counts: HashMap<Cell, Counts>,
    quarantine: BTreeMap<(String, Cell), u32>,
    answers: HashMap<(u16, Cell), Answers>,
    /// The text beside a bar, by question and bar.
    labels: HashMap<(u16, u16), String>,
    samples: Vec<BTreeMap<u64, Sample>>,
    activity: HashMap<(Cell, u16), u32>,
    /// Whether it is known who has caused the current event. If the event itself does not name its sender, a response in it may.
    is_caused: bool,
    people: People,
    jobs: Jobs,
}

impl<'a> Tally<'a> {
    pub(super) fn new(plan: &'a ReportPlan) -> Self {
        Self {
            plan,
            current: Cell::default(),
            counts: HashMap::new(),
            quarantine: BTreeMap::new(),
            answers: HashMap::new(),
            labels: HashMap::new(),
            samples: plan.questions.iter().map(|_| BTreeMap::new()).collect(),
            activity: HashMap::new(),
            is_caused: false,
            people: People::default(),
            jobs: Jobs::default(),
        }
    }

    fn cell(&self, group: &str, event_type: Option<&str>, action: Option<&str>, time: Timestamp) -> Cell {
        Cell {
            group: self.plan.groups.of(group),
            event_type: event_type.map(|name| self.plan.types.of(name)),
            action: self.plan.action(action),
            // The first reading has seen every time, so each is in a bin: but for a minute that clocks show twice.
            bin: self.plan.bins.index(time).unwrap_or_default(),
        }
    }

    /// Whether the current event belongs to an action that the page shows on its own.
    fn is_single(&self) -> bool {
        matches!(self.plan.actions.get(usize::from(self.current.action)), Some(Action::One { .. }))
    }

    fn counts(&mut self) -> &mut Counts {
        self.counts.entry(self.current).or_default()
    }
}

impl RowSink for Tally<'_> {
    fn row(&mut self, row: &Row<'_>) {
        match row {
            Row::Events(row) => {
                let event_type = row.event_type.as_deref().unwrap_or_default();
                let time = row.origin.received_at;
                self.current = self.cell(row.origin.group_id, Some(event_type), row.action_id.as_deref(), time);
                let counts = self.counts();
                counts.events += 1;
                counts.revisions += u32::from(row.revision_of.is_some());
                if self.is_single() {
                    self.people.happened(self.current, time);
                }
                self.is_caused = false;
                self.caused_by(row.person_id.as_deref());
            }
            Row::Quarantine(row) => {
                let cell = self.cell(row.origin.group_id, None, None, row.origin.received_at);
                let reason = row.reason.as_deref().unwrap_or_default().to_owned();
                *self.quarantine.entry((reason, cell)).or_default() += 1;
            }
            Row::Responses(row) => {
                if row.is_latest == Some(true) {
                    self.counts().responses += 1;
                } else {
                    self.counts().replaced += 1;
                }
                let (at, who) = (row.origin.received_at, self.caused_by(row.person_id.as_deref()));
                self.people.seen(self.current, at, Sighting::There, who);
                if self.is_single() {
                    self.people.answered(self.current, at, who);
                }
            }
            Row::Answers(row) => self.answer(row),
            Row::Jobs(row) => {
                let assignee = self.who(row.person_id.as_deref());
                self.people.seen(self.current, row.origin.received_at, Sighting::There, assignee);
                self.jobs.assigned(arrived(&row.origin), self.current, row.action_id.as_deref(), assignee, row.due_at);
            }
            Row::JobResponses(row) => {
                let assignee = self.caused_by(row.person_id.as_deref());
                if row.is_latest != Some(true) {
                    self.counts().replaced += 1;
                    return;
                }
                self.counts().responses += 1;
                let at = (row.ranked_at.unwrap_or(row.origin.received_at), hash(row.origin.event_key));
                self.jobs.answered(at, self.current, row.action_id.as_deref(), assignee, row.is_completed);
            }
            Row::Members(row) => {
                let sighting = if row.change.as_deref() == Some("removed") { Sighting::Left } else { Sighting::Joined };
                let member = self.who(row.person_id.as_deref());
                self.people.seen(self.current, row.origin.received_at, sighting, member);
            }
            // Behind the row of its event.
            Row::CloudEvents(_) => self.counts().cloud_events += 1,
            Row::Actions(_)
            | Row::Questions(_)
            | Row::Messages(_)
            | Row::Announcements(_)
            | Row::Attachments(_)
            | Row::Subgroups(_)
            | Row::GroupNames(_)
            | Row::Groups(_)
            | Row::People(_)
            | Row::Cards(_) => {}
        }
    }
}

impl Tally<'_> {
    fn who(&self, person_id: Option<&str>) -> Option<u64> {
        person_id.map(|person_id| self.plan.known.key(person_id))
    }

    /// Counts the current event for whoever has caused it, unless that was done. Returns the person's key.
    fn caused_by(&mut self, person_id: Option<&str>) -> Option<u64> {
        let who = self.who(person_id)?;
        if !std::mem::replace(&mut self.is_caused, true)
            && let Some(place) = self.plan.place_of(who)
        {
            *self.activity.entry((self.current, place)).or_default() += 1;
        }
        Some(who)
    }

    /// Keeps an answer for the page if it says more than its place in a chart of counts does.
    fn sample(&mut self, question: u16, row: &AnswerRow<'_>, value: &Value<'_>) {
        let sampled = match (&self.plan.questions[usize::from(question)].chart, value) {
            (Chart::Numbers(_), Value::Number(number)) => Sampled::Number(*number),
            (Chart::Places, Value::Place { latitude, longitude }) => {
                Sampled::Place { latitude: *latitude, longitude: *longitude, name: row.place.as_deref().map(cut) }
            }
            (Chart::Texts(_) | Chart::Answered, Value::Text(text)) => Sampled::Text(cut(text)),
            (Chart::Answered, Value::File) => {
                // A URL that was cut leads nowhere.
                let url = row.media_url.as_deref().filter(|url| url.len() <= LONGEST_URL);
                Sampled::File { name: row.media_file_name.as_deref().map(cut), url: url.map(str::to_owned) }
            }
            _ => return,
        };
        let place = hash((row.origin.event_key, row.question_position, row.answer_position));
        let kept = &mut self.samples[usize::from(question)];
        kept.insert(place, Sample { cell: self.current, value: sampled });
        if kept.len() > MAX_SAMPLES {
            kept.pop_last();
        }
    }

    fn answer(&mut self, row: &AnswerRow<'_>) {
        if row.is_latest != Some(true) || row.is_invisible == Some(true) {
            return;
        }
        let title = row.question_title.as_deref();
        let kind = row.question_type.as_deref();
        let key = question_key(row.package_id.as_deref(), row.question_position, title, kind);
        let Some(question) = self.plan.question(key) else { return };
        let chart = &self.plan.questions[usize::from(question)].chart;
        let answers = self.answers.entry((question, self.current)).or_default();
        let value = Value::of(row);
        match &value {
            Value::Unanswered => {
                answers.skipped += 1;
                return;
            }
            Value::Number(number) => answers.sum += number,
            Value::Text(_) | Value::Time(_) | Value::Place { .. } | Value::File => {}
        }
        answers.answered += u32::from(row.answer_position == Some(1));
        let bar = chart.bar(&value);
        *answers.bars.entry(bar).or_default() += 1;
        self.sample(question, row, &value);
        if let (Chart::Options(Choices { count, .. }) | Chart::Texts(Choices { count, .. }), Value::Text(text)) =
            (chart, value)
            && bar < *count
        {
            self.labels.entry((question, bar)).or_insert_with(|| cut(text));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, events) in other.activity {
            *self.activity.entry(key).or_default() += events;
        }
        for (cell, others) in other.counts {
            let counts = self.counts.entry(cell).or_default();
            counts.events += others.events;
            counts.revisions += others.revisions;
            counts.cloud_events += others.cloud_events;
            counts.responses += others.responses;
            counts.replaced += others.replaced;
        }
        for (key, count) in other.quarantine {
            *self.quarantine.entry(key).or_default() += count;
        }
        for (key, others) in other.answers {
            let answers = self.answers.entry(key).or_default();
            answers.answered += others.answered;
            answers.skipped += others.skipped;
            answers.sum += others.sum;
            for (bar, count) in others.bars {
                *answers.bars.entry(bar).or_default() += count;
            }
        }
        self.labels.extend(other.labels);
        for (samples, others) in self.samples.iter_mut().zip(other.samples) {
            samples.extend(others);
            while samples.len() > MAX_SAMPLES {
                samples.pop_last();
            }
        }
        self.people.merge(other.people);
        self.jobs.merge(other.jobs);
    }

    pub(super) fn finish(self) -> Tallied {
        let mut counts = self.counts;
        let known = self.people.finish(&mut counts);
        let open = self.jobs.finish(self.plan.period.map_or(Timestamp::EPOCH, |(_, last)| last), &mut counts);
        Tallied {
            counts: counts.into_iter().collect(),
            quarantine: self.quarantine,
            answers: self.answers.into_iter().collect(),
            labels: self.labels,
            samples: self.samples,
            known,
            activity: self.activity.into_iter().collect(),
            open,
        }
    }
}

/// All counts of the second reading.
pub(super) struct Tallied {
    pub(super) counts: BTreeMap<Cell, Counts>,
    pub(super) quarantine: BTreeMap<(String, Cell), u32>,
    pub(super) answers: BTreeMap<(u16, Cell), Answers>,
    /// The text beside a bar, by question and bar.
    pub(super) labels: HashMap<(u16, u16), String>,
    /// For each question, some of its answers: those whose event and position have the lowest hashes.
    pub(super) samples: Vec<BTreeMap<u64, Sample>>,
    /// By action and group: who was in the group while the action was answered there.
    pub(super) known: BTreeMap<(u16, u8), Members>,
    /// How many events a person has caused in a cell. The person is a place in the list of the most active.
    pub(super) activity: BTreeMap<(Cell, u16), u32>,
    /// Assignments that are not done.
    pub(super) open: Vec<Open>,
}
