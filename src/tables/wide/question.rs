//! The questions of a card become columns.

use std::{borrow::Cow, collections::HashMap};

use super::{
    name::Names,
    record::{Asked, Value},
};
use crate::{
    event::Timestamp,
    tables::{
        column::{Cell, ColumnType},
        write::{Field, LOCAL},
    },
};

/// What stands between the options that were chosen, and between the URLs of files.
const BETWEEN: &str = "; ";
/// The ending of the column for answers that do not fit the type of their question.
const TEXT: &str = "_text";
/// The endings of the columns for a place.
const PLACE: [&str; 3] = ["_latitude", "_longitude", "_place"];

/// The questions that a card has had, in any of its versions.
#[derive(Default)]
pub(super) struct Questions {
    all: Vec<Question>,
    places: HashMap<Identity, usize>,
    /// The questions of the last record, and their places among all: most records of a card have the same.
    last: (Vec<Identity>, Vec<usize>),
}

/// Title, type, and which of several with the same title and type in the same card. There is no id.
type Identity = (Option<String>, Option<String>, usize);

struct Question {
    identity: Identity,
    /// Its last place in any version of the card.
    position: i64,
    /// Whether some answer does not fit the type.
    has_text: bool,
}

/// What the answers to a question are, by its type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Number,
    Time,
    Place,
    /// Anything that is written down as text: options and files too.
    Text,
}

impl Form {
    fn of(question_type: Option<&str>) -> Self {
        match question_type.unwrap_or_default() {
            "Numeric" | "Rating" => Self::Number,
            "DateTime" | "Date" => Self::Time,
            "Location" => Self::Place,
            _ => Self::Text,
        }
    }

    /// What may come behind the name of the question in the names of its columns.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Number => &["", TEXT],
            Self::Time => &["", LOCAL[0], LOCAL[1], TEXT],
            Self::Place => &[PLACE[0], PLACE[1], PLACE[2], TEXT],
            Self::Text => &[""],
        }
    }

    fn fits(self, value: &Value<'_>) -> bool {
        match self {
            Self::Number => value.number.is_some(),
            Self::Time => value.time.is_some(),
            Self::Place => value.latitude.is_some() && value.longitude.is_some(),
            Self::Text => true,
        }
    }
}

impl Questions {
    /// Takes note of a record's questions.
    pub(super) fn look_at(&mut self, asked: &[Asked<'_>]) {
        self.find(asked);
        for (asked, place) in asked.iter().zip(&self.last.1) {
            let question = &mut self.all[*place];
            question.position = question.position.max(asked.position);
            let form = Form::of(asked.question_type);
            let fits = |(at, value): (usize, _)| form == Form::Text || (at == 0 && form.fits(value));
            question.has_text |= !asked.values.iter().enumerate().all(fits);
        }
    }

    /// Puts the places of a record's questions among all questions into `self.last`.
    fn find(&mut self, asked: &[Asked<'_>]) {
        let (last, places) = &mut self.last;
        let is_same = |(asked, (title, question_type, _)): (&Asked<'_>, &Identity)| {
            asked.title == title.as_deref() && asked.question_type == question_type.as_deref()
        };
        if last.len() == asked.len() && asked.iter().zip(&*last).all(is_same) {
            return;
        }
        let mut seen = HashMap::<_, usize>::new();
        last.clear();
        places.clear();
        for asked in asked {
            let count = seen.entry((asked.title, asked.question_type)).or_default();
            let identity = (
                asked.title.map(str::to_owned),
                asked.question_type.map(str::to_owned),
                std::mem::replace(count, *count + 1),
            );
            let new = self.all.len();
            let place = *self.places.entry(identity.clone()).or_insert(new);
            if place == new {
                self.all.push(Question { identity: identity.clone(), position: asked.position, has_text: false });
            }
            last.push(identity);
            places.push(place);
        }
    }

    /// The columns: questions in the order of the card, and where versions differ, by the last place that each has had.
    pub(super) fn columns(&self, mut names: Names) -> Columns {
        let mut order: Vec<_> = (0..self.all.len()).collect();
        order.sort_by_key(|at| (self.all[*at].position, &self.all[*at].identity));
        let mut columns = Columns { fields: Vec::new(), slots: vec![Slot::default(); order.len()] };
        for at in order {
            let question = &self.all[at];
            let slot = columns.add(question, &mut names);
            columns.slots[at] = slot;
        }
        columns
    }
}

/// The columns of all questions.
pub(super) struct Columns {
    pub(super) fields: Vec<Field>,
    /// For each question, where its columns are.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    form: Option<Form>,
    first: usize,
    text: Option<usize>,
}

/// A value of a row.
#[derive(Clone, Debug, Default)]
pub(super) enum Answer<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Number(f64),
    Time(Timestamp),
}

impl Answer<'_> {
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::None => Cell::Null,
            Self::Text(text) => Cell::Text(text),
            Self::Number(number) => Cell::Number(*number),
            Self::Time(time) => Cell::Time(*time),
        }
    }
}

impl Columns {
    fn add(&mut self, question: &Question, names: &mut Names) -> Slot {
        let Question { identity: (title, question_type, _), position, has_text } = question;
        let form = Form::of(question_type.as_deref());
        let name = names.of_title(title.as_deref().unwrap_or_default(), *position, form.endings());
        let of_type = question_type.as_ref().map(|of| format!(", of type `{of}`")).unwrap_or_default();
        let first = self.fields.len();
        let mut add = |ending: &str, column_type, what: &str| {
            self.fields.push(Field {
                name: format!("{name}{ending}"),
                title: title.clone(),
                column_type,
                description: format!("{what} to question {position}{of_type}."),
            });
        };
        match form {
            Form::Number => add("", ColumnType::Number, "The answer"),
            Form::Time => add("", ColumnType::Time, "The answer"),
            Form::Text => add("", ColumnType::Text, "The answer"),
            Form::Place => {
                add(PLACE[0], ColumnType::Number, "Degrees north, of the answer");
                add(PLACE[1], ColumnType::Number, "Degrees east, of the answer");
                add(PLACE[2], ColumnType::Text, "Name and address, of the answer");
            }
        }
        if *has_text {
            add(TEXT, ColumnType::Text, "What does not fit the type, of the answer");
        }
        Slot { form: Some(form), first, text: has_text.then_some(self.fields.len() - 1) }
    }

    /// The values of a row for a response's answers.
    pub(super) fn row<'a>(&self, questions: &mut Questions, asked: &[Asked<'a>], row: &mut Vec<Answer<'a>>) {
        questions.find(asked);
        row.clear();
        row.resize_with(self.fields.len(), Answer::default);
        for (asked, place) in asked.iter().zip(&questions.last.1) {
            let slot = self.slots[*place];
            let form = slot.form.unwrap_or(Form::Text);
            for (at, value) in asked.values.iter().enumerate() {
                match form {
                    Form::Number if at == 0 && form.fits(value) => {
                        row[slot.first] = value.number.map_or(Answer::None, Answer::Number);
                    }
                    Form::Time if at == 0 && form.fits(value) => {
                        row[slot.first] = value.time.map_or(Answer::None, Answer::Time);
                    }
                    Form::Place if at == 0 && form.fits(value) => {
                        row[slot.first] = value.latitude.map_or(Answer::None, Answer::Number);
                        row[slot.first + 1] = value.longitude.map_or(Answer::None, Answer::Number);
                        row[slot.first + 2] = value.place.map_or(Answer::None, |place| Answer::Text(place.into()));
                    }
                    Form::Text => add_text(&mut row[slot.first], value),
                    _ => {
                        if let Some(text) = slot.text {
                            add_text(&mut row[text], value);
                        }
                    }
                }
            }
        }
    }
}

/// Adds a value as text.
fn add_text<'a>(answer: &mut Answer<'a>, value: &Value<'a>) {
    let text: Option<Cow<'a, str>> =
        match (value.text.or(value.url).or(value.file_name).or(value.json), value.latitude.zip(value.longitude)) {
            (Some(text), _) => Some(text.into()),
            (None, Some((latitude, longitude))) => Some(format!("{latitude}, {longitude}").into()),
            (None, None) => value
                .number
                .map(|number| number.to_string())
                .or(value.time.map(|time| time.to_string()))
                .map(Cow::Owned),
        };
    let Some(text) = text else { return };
    match answer {
        Answer::Text(before) => {
            let before = before.to_mut();
            before.push_str(BETWEEN);
            before.push_str(&text);
        }
        _ => *answer = Answer::Text(text),
    }
}
