//! The first reading of the rows: which groups, types, actions, questions and people there are.

use std::collections::HashMap;

use super::{
    hash::hash,
    newest::{Arrived, Newest, arrived},
    question::{QuestionOutline, Value, package_name, question_key},
    who::Everybody,
};
use crate::{
    event::Timestamp,
    tables::{ActionRow, AnswerRow, QuestionRow, Row, read::RowSink, trust_in_name},
};

/// How many different answer texts each thread tells apart, for all questions together. Further texts are counted without a bar of
/// their own.
const MAX_TEXTS: usize = 1_000_000;

/// What one thread has found in the rows.
pub(super) struct Outline {
    /// When the first and the last event arrived: `None` without events.
    pub(super) period: Option<(Timestamp, Timestamp)>,
    /// How many events each group has.
    pub(super) groups: HashMap<String, u64>,
    /// What groups are called, by id: the most trusted of the names, each with how much its source is trusted and when it came.
    pub(super) group_names: HashMap<String, (usize, Arrived, String)>,
    /// How many events each type has.
    pub(super) types: HashMap<String, u64>,
    /// Actions by the hash of their id.
    pub(super) actions: HashMap<u64, ActionOutline>,
    /// Questions by their [key](question_key).
    pub(super) questions: HashMap<u64, QuestionOutline>,
    /// Everybody who has caused an event or is named in one.
    everybody: Everybody,
    /// Whether the current event has been counted for the person who has caused it. If the event itself does not name its
    /// sender, a response in it may say who has answered.
    is_caused: bool,
    /// How many further texts may still be told apart.
    texts_left: usize,
    /// The package of the action whose questions are being read.
    package: Option<String>,
}

/// What is known of an action: a card, a survey, a job, or whatever else events refer to by an action id.
#[derive(Default)]
pub(super) struct ActionOutline {
    pub(super) id: String,
    pub(super) title: Option<Newest<String>>,
    pub(super) package: Option<Newest<String>>,
    pub(super) is_job: bool,
    /// How many events refer to it.
    pub(super) events: u64,
}

impl Default for Outline {
    fn default() -> Self {
        Self {
            period: None,
            groups: HashMap::new(),
            group_names: HashMap::new(),
            types: HashMap::new(),
            actions: HashMap::new(),
            questions: HashMap::new(),
            everybody: Everybody::default(),
            is_caused: false,
            texts_left: MAX_TEXTS,
            package: None,
        }
    }
}

impl RowSink for Outline {
    fn row(&mut self, row: &Row<'_>) {
        match row {
            Row::Events(row) => {
                let at = arrived(&row.origin);
                let [phone, user_id, name] =
                    [&row.from_user, &row.from_user_id, &row.from_user_name].map(|text| text.as_deref());
                self.everybody.seen(at, phone, user_id, name);
                self.is_caused = false;
                self.caused_by(row.person_id.as_deref());
                self.arrival(row.origin.received_at);
                count(&mut self.groups, row.origin.group_id);
                count(&mut self.types, row.event_type.as_deref().unwrap_or_default());
                if let Some(id) = &row.action_id {
                    self.action(id).events += 1;
                }
            }
            Row::Quarantine(row) => {
                self.arrival(row.origin.received_at);
                self.groups.entry(row.origin.group_id.to_owned()).or_default();
            }
            Row::Actions(row) => self.created(row),
            Row::Questions(row) => self.question(row),
            Row::Responses(row) => {
                let (phone, user_id) = (row.responder.as_deref(), row.responder_id.as_deref());
                self.everybody.seen(arrived(&row.origin), phone, user_id, row.responder_name.as_deref());
                self.caused_by(row.person_id.as_deref());
                if let (Some(id), Some(package)) = (&row.action_id, &row.package_id) {
                    let at = arrived(&row.origin);
                    Newest::put(&mut self.action(id).package, at, || package_name(package).to_owned());
                }
            }
            Row::Answers(row) => self.answer(row),
            Row::Jobs(row) => {
                self.everybody.seen(arrived(&row.origin), row.assignee.as_deref(), None, None);
                if let Some(id) = &row.action_id {
                    let action = self.action(id);
                    action.is_job = true;
                    if let Some(title) = &row.title {
                        Newest::put(&mut action.title, arrived(&row.origin), || title.to_string());
                    }
                }
            }
            Row::JobResponses(row) => {
                let (phone, name) = (row.assignee.as_deref(), row.assignee_name.as_deref());
                self.everybody.seen(arrived(&row.origin), phone, None, name);
                self.caused_by(row.person_id.as_deref());
                if let Some(id) = &row.action_id {
                    self.action(id).is_job = true;
                }
            }
            Row::GroupNames(row) => {
                if let (Some(id), Some(name)) = (&row.named_group_id, &row.name) {
                    self.called(id, (trust_in_name(row.source.as_deref()), arrived(&row.origin), name.to_string()));
                }
            }
            Row::Members(row) => {
                let (phone, id, name) = (row.member.as_deref(), row.member_id.as_deref(), row.member_name.as_deref());
                self.everybody.seen(arrived(&row.origin), phone, id, name);
            }
            Row::Messages(_)
            | Row::Announcements(_)
            | Row::Attachments(_)
            | Row::CloudEvents(_)
            | Row::Subgroups(_)
            | Row::Groups(_)
            | Row::People(_)
            | Row::Cards(_) => {}
        }
    }
}

impl Outline {
    /// Counts the current event for whoever has caused it, unless that was done.
    fn caused_by(&mut self, person_id: Option<&str>) {
        if let (false, Some(person_id)) = (self.is_caused, person_id) {
            self.everybody.caused(person_id);
            self.is_caused = true;
        }
    }

    /// Takes in what a group is called.
    fn called(&mut self, id: &str, name: (usize, Arrived, String)) {
        if self.group_names.get(id).is_none_or(|known| *known < name) {
            self.group_names.insert(id.to_owned(), name);
        }
    }

    fn arrival(&mut self, time: Timestamp) {
        let (first, last) = self.period.unwrap_or((time, time));
        self.period = Some((first.min(time), last.max(time)));
    }

    fn action(&mut self, id: &str) -> &mut ActionOutline {
        self.actions.entry(hash(id)).or_insert_with(|| ActionOutline { id: id.to_owned(), ..ActionOutline::default() })
    }

    fn created(&mut self, row: &ActionRow<'_>) {
        self.package = row.package_id.as_deref().map(|package| package_name(package).to_owned());
        let Some(id) = &row.action_id else { return };
        let at = arrived(&row.origin);
        let package = self.package.clone();
        let action = self.action(id);
        if let Some(title) = &row.title {
            Newest::put(&mut action.title, at, || title.to_string());
        }
        if let Some(package) = package {
            Newest::put(&mut action.package, at, || package);
        }
    }

    fn question(&mut self, row: &QuestionRow<'_>) {
        let options = row.options.as_deref().and_then(|options| serde_json::from_str::<Vec<String>>(options).ok());
        let package = self.package.clone();
        let question = self.question_of(package.as_deref(), row.position, row.title.as_deref(), row.r#type.as_deref());
        for option in options.into_iter().flatten() {
            question.option(option);
        }
    }

    fn answer(&mut self, row: &AnswerRow<'_>) {
        if row.is_latest != Some(true) || row.is_invisible == Some(true) {
            return;
        }
        let mut texts_left = self.texts_left;
        let question = self.question_of(
            row.package_id.as_deref(),
            row.question_position,
            row.question_title.as_deref(),
            row.question_type.as_deref(),
        );
        let place = hash((row.origin.event_key, row.question_position, row.answer_position));
        question.take(&Value::of(row), place, &mut texts_left);
        self.texts_left = texts_left;
    }

    fn question_of(
        &mut self,
        package: Option<&str>,
        position: Option<i64>,
        title: Option<&str>,
        question_type: Option<&str>,
    ) -> &mut QuestionOutline {
        let key = question_key(package, position, title, question_type);
        self.questions.entry(key).or_insert_with(|| QuestionOutline::new(package, position, title, question_type))
    }

    /// Takes out everybody.
    pub(super) fn take_everybody(&mut self) -> Everybody {
        std::mem::take(&mut self.everybody)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.everybody.merge(other.everybody);
        for time in other.period.into_iter().flat_map(|(first, last)| [first, last]) {
            self.arrival(time);
        }
        for (group, events) in other.groups {
            *self.groups.entry(group).or_default() += events;
        }
        for (name, events) in other.types {
            *self.types.entry(name).or_default() += events;
        }
        for (id, name) in other.group_names {
            self.called(&id, name);
        }
        for other in other.actions.into_values() {
            let action = self.action(&other.id);
            Newest::merge(&mut action.title, other.title);
            Newest::merge(&mut action.package, other.package);
            action.is_job |= other.is_job;
            action.events += other.events;
        }
        for (key, other) in other.questions {
            match self.questions.get_mut(&key) {
                Some(question) => question.merge(other),
                None => {
                    self.questions.insert(key, other);
                }
            }
        }
    }
}

fn count(counts: &mut HashMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}
