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
    tables::{ActionRow, AnswerRow, QuestionRow, Row, read::RowSink},
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
    /// The names of groups by id, as events tell them of sub-groups.
    group_names: HashMap<String, Option<Newest<String>>>,
    /// The names of groups by id that the table holds, which are trusted more.
    kept_group_names: HashMap<String, Option<Newest<String>>>,
    /// How many events each type has.
    pub(super) types: HashMap<String, u64>,
    /// Actions by the hash of their id.
    pub(super) actions: HashMap<u64, ActionOutline>,
    /// Questions by their [key](question_key).
    pub(super) questions: HashMap<u64, QuestionOutline>,
    /// Everybody who has caused an event or is named in one.
    everybody: Everybody,
    /// Who has caused the current event: when it arrived, id or phone number if known, and name. It is counted only after the
    /// event's last row, since a later row may say that the response is anonymous.
    sender: Option<(Arrived, Option<String>, Option<String>)>,
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
            kept_group_names: HashMap::new(),
            types: HashMap::new(),
            actions: HashMap::new(),
            questions: HashMap::new(),
            everybody: Everybody::default(),
            sender: None,
            texts_left: MAX_TEXTS,
            package: None,
        }
    }
}

impl RowSink for Outline {
    fn row(&mut self, row: &Row<'_>) {
        match row {
            Row::Events(row) => {
                self.settle();
                let [id, name] =
                    [&row.from_user_id, &row.from_user_name].map(|text| text.as_deref().map(str::to_owned));
                self.sender = Some((arrived(&row.origin), id, name));
                self.arrival(row.origin.received_at);
                count(&mut self.groups, row.origin.group_id);
                count(&mut self.types, row.event_type.as_deref().unwrap_or_default());
                if let Some(id) = &row.action_id {
                    self.action(id).events += 1;
                }
            }
            Row::Quarantine(row) => {
                self.settle();
                self.arrival(row.origin.received_at);
                self.groups.entry(row.origin.group_id.to_owned()).or_default();
            }
            Row::Actions(row) => self.created(row),
            Row::Questions(row) => self.question(row),
            Row::Responses(row) => {
                if row.is_anonymous == Some(true) {
                    self.sender = None;
                } else {
                    // The sender of a response is the person who has answered.
                    let sender = self.sender.as_ref().and_then(|(_, id, _)| id.clone());
                    let id = row.responder_id.as_deref().or(sender.as_deref());
                    self.sent_by(row.responder.as_deref(), id, row.responder_name.as_deref());
                }
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
                self.sent_by(row.assignee.as_deref(), None, row.assignee_name.as_deref());
                if let Some(id) = &row.action_id {
                    self.action(id).is_job = true;
                }
            }
            Row::GroupNames(row) => {
                if let (Some(id), Some(name)) = (&row.named_group_id, &row.name) {
                    let is_of_event = row.source.as_deref() == Some("event");
                    let names = if is_of_event { &mut self.group_names } else { &mut self.kept_group_names };
                    let place = names.entry(id.to_string()).or_default();
                    Newest::put(place, arrived(&row.origin), || name.to_string());
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
    /// Takes in who has answered, as a response says it. Sometimes the event itself does not name its sender.
    fn sent_by(&mut self, phone: Option<&str>, id: Option<&str>, name: Option<&str>) {
        let Some((at, sender, _)) = &mut self.sender else { return };
        self.everybody.seen(*at, phone, id, name);
        if sender.is_none() {
            *sender = phone.or(id).map(str::to_owned);
        }
    }

    /// Counts the event that ends for its sender. To be called when all rows of an event have been seen.
    fn settle(&mut self) {
        if let Some((at, Some(who), name)) = self.sender.take() {
            self.everybody.caused(at, &who, name.as_deref());
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

    /// What each group is called.
    pub(super) fn take_group_names(&mut self) -> HashMap<String, String> {
        let of_events = std::mem::take(&mut self.group_names).into_iter();
        let names = of_events.chain(std::mem::take(&mut self.kept_group_names));
        names.filter_map(|(id, name)| Some((id, name?.value))).collect()
    }

    /// Takes out everybody, including the sender of the last event.
    pub(super) fn take_everybody(&mut self) -> Everybody {
        self.settle();
        std::mem::take(&mut self.everybody)
    }

    pub(super) fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
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
            Newest::merge(self.group_names.entry(id).or_default(), name);
        }
        for (id, name) in other.kept_group_names {
            Newest::merge(self.kept_group_names.entry(id).or_default(), name);
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
