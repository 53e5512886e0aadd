//! Which questions are the same, how they were answered, and which chart shows their answers.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use super::{
    bins::{NumberBins, TimeBins},
    calendar::Calendar,
    hash::hash,
};
use crate::{event::Timestamp, tables::AnswerRow};

/// How many answers to a question decide the bins of its chart.
const SAMPLE: usize = 400;
/// How many options of a question are drawn one by one.
const MAX_OPTIONS: usize = 30;
/// How many texts are drawn one by one. A text that was written only once has no bar, since it says nothing in a chart of counts;
/// it can be read in the list of answers.
const MAX_TEXTS: usize = 20;
/// The most bars of a chart of dates.
const MAX_TIME_BINS: u16 = 60;

/// A value of an answer, as a chart sees it.
pub(super) enum Value<'a> {
    Unanswered,
    Text(&'a str),
    Number(f64),
    Time(Timestamp),
    Place { latitude: f64, longitude: f64 },
    File,
}

impl<'a> Value<'a> {
    pub(super) fn of(row: &'a AnswerRow<'_>) -> Self {
        if row.answer_position.is_none() {
            Self::Unanswered
        } else if let (Some(latitude), Some(longitude)) = (row.latitude, row.longitude) {
            Self::Place { latitude, longitude }
        } else if let Some(time) = row.answer_time {
            Self::Time(time)
        } else if let Some(number) = row.answer_number
            && (row.answer_text.is_none() || row.question_type.as_deref() == Some("Numeric"))
        {
            // The others are texts, of which some are numbers.
            Self::Number(number)
        } else if let Some(text) = &row.answer_text {
            Self::Text(text)
        } else if let (Some(json), None, None) = (&row.answer_json, &row.media_url, &row.media_file_name) {
            Self::Text(json)
        } else {
            Self::File
        }
    }
}

/// A package's name without the version that `packageId` may carry behind a dot. Versions of a package are taken together, since
/// they ask mostly the same questions.
pub(super) fn package_name(package_id: &str) -> &str {
    match package_id.rsplit_once('.') {
        Some((name, version))
            if !name.is_empty() && !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name
        }
        _ => package_id,
    }
}

/// The hash by which a question is the same in several responses. Kaizala sends no id of a question, and titles are not unique.
pub(super) fn question_key(
    package: Option<&str>,
    position: Option<i64>,
    title: Option<&str>,
    kind: Option<&str>,
) -> u64 {
    hash((package.map(package_name), position, title, kind))
}

/// A question as the first reading sees it.
#[derive(Debug, Default)]
pub(super) struct QuestionOutline {
    pub(super) package: Option<String>,
    pub(super) position: i64,
    pub(super) title: Option<String>,
    pub(super) question_type: Option<String>,
    /// The options that the card lists, so that a chart shows those that nobody chose too.
    pub(super) options: Vec<String>,
    /// How many answers are texts, numbers, times, places and files, in this order.
    answered: [u64; 5],
    /// How often each text was answered, by its hash.
    texts: HashMap<u64, u32>,
    /// Some of the numbers or times (in milliseconds since 1970), by a hash of event and position. The lowest hashes are kept, so
    /// that every run keeps the same ones.
    sample: BTreeMap<u64, f64>,
}

impl QuestionOutline {
    pub(super) fn new(
        package: Option<&str>,
        position: Option<i64>,
        title: Option<&str>,
        question_type: Option<&str>,
    ) -> Self {
        Self {
            package: package.map(|package| package_name(package).to_owned()),
            position: position.unwrap_or_default(),
            title: title.map(str::to_owned),
            question_type: question_type.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Takes in a value of an answer. `place` is a hash of event and position; `texts_left` is how many further texts may be told
    /// apart.
    pub(super) fn take(&mut self, value: &Value<'_>, place: u64, texts_left: &mut usize) {
        let at = match value {
            Value::Unanswered => return,
            Value::Text(text) => {
                let key = hash(text);
                if let Some(count) = self.texts.get_mut(&key) {
                    *count += 1;
                } else if *texts_left > 0 {
                    *texts_left -= 1;
                    self.texts.insert(key, 1);
                }
                0
            }
            Value::Number(number) => {
                self.sample(place, *number);
                1
            }
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of four-digit years fit into 52 bits")]
            Value::Time(time) => {
                self.sample(place, time.epoch_millis() as f64);
                2
            }
            Value::Place { .. } => 3,
            Value::File => 4,
        };
        self.answered[at] += 1;
    }

    fn sample(&mut self, place: u64, value: f64) {
        if self.sample.len() < SAMPLE || self.sample.last_key_value().is_some_and(|(last, _)| place < *last) {
            self.sample.insert(place, value);
            if self.sample.len() > SAMPLE {
                self.sample.pop_last();
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for option in other.options {
            self.option(option);
        }
        for (mine, others) in self.answered.iter_mut().zip(other.answered) {
            *mine += others;
        }
        for (text, count) in other.texts {
            *self.texts.entry(text).or_default() += count;
        }
        for (place, value) in other.sample {
            self.sample(place, value);
        }
    }

    /// Takes in an option that a card lists.
    pub(super) fn option(&mut self, title: String) {
        if self.options.len() < MAX_OPTIONS && !self.options.contains(&title) {
            self.options.push(title);
        }
    }

    /// How many values the answers have.
    pub(super) fn values(&self) -> u64 {
        self.answered.iter().sum()
    }

    /// The chart that suits most of the answers.
    pub(super) fn chart(&self, calendar: &Calendar) -> Chart {
        let most =
            (0..self.answered.len()).max_by_key(|kind| (self.answered[*kind], Reverse(*kind))).unwrap_or_default();
        match most {
            0 if self.is_choice() => Chart::Options(self.choices()),
            0 => {
                let texts = self.frequent(|count| count > 1, MAX_TEXTS);
                if texts.is_empty() { Chart::Answered } else { Chart::Texts(Choices::new(texts, Vec::new())) }
            }
            1 => NumberBins::of_sample(self.sample.values().copied()).map_or(Chart::Answered, Chart::Numbers),
            2 => self.times(calendar).map_or(Chart::Answered, Chart::Times),
            3 => Chart::Places,
            _ => Chart::Answered,
        }
    }

    fn is_choice(&self) -> bool {
        !self.options.is_empty() || self.question_type.as_deref().is_some_and(|name| name.contains("Option"))
    }

    fn choices(&self) -> Choices {
        let listed: Vec<_> = self.options.iter().map(hash).collect();
        let more = self.frequent(|_| true, usize::MAX).into_iter().filter(|text| !listed.contains(text));
        let mut texts: Vec<_> = listed.iter().copied().chain(more).collect();
        texts.truncate(MAX_OPTIONS);
        Choices::new(texts, self.options.clone())
    }

    fn frequent(&self, wanted: impl Fn(u32) -> bool, most: usize) -> Vec<u64> {
        let mut texts: Vec<_> = self.texts.iter().filter(|(_, count)| wanted(**count)).collect();
        texts.sort_unstable_by_key(|(text, count)| (Reverse(**count), **text));
        texts.into_iter().map(|(text, _)| *text).take(most).collect()
    }

    fn times(&self, calendar: &Calendar) -> Option<TimeBins> {
        let mut times: Vec<_> = self.sample.values().copied().collect();
        times.sort_by(f64::total_cmp);
        let outer = times.len() / 100;
        let low = Timestamp::from_epoch_millis_number(*times.get(outer)?)?;
        let high = Timestamp::from_epoch_millis_number(times[times.len() - 1 - outer])?;
        Some(TimeBins::new(calendar, low, high, MAX_TIME_BINS))
    }
}

/// How the answers to a question are drawn.
#[derive(Debug)]
pub(super) enum Chart {
    /// A bar for each option.
    Options(Choices),
    /// A bar for each text that was answered often.
    Texts(Choices),
    /// A histogram of numbers.
    Numbers(NumberBins),
    /// A bar for each day, week, month or year.
    Times(TimeBins),
    /// Points on a map.
    Places,
    /// How many have answered, and how many have not.
    Answered,
}

/// The texts that have bars of their own.
#[derive(Debug)]
pub(super) struct Choices {
    /// Bars by the hash of their text.
    indexes: HashMap<u64, u16>,
    /// The texts of the first bars, where a card lists them. The second reading finds those of the others.
    pub(super) labels: Vec<String>,
    pub(super) count: u16,
}

impl Choices {
    fn new(texts: Vec<u64>, labels: Vec<String>) -> Self {
        let indexes: HashMap<_, _> = texts.into_iter().zip(0..).collect();
        let count = u16::try_from(indexes.len()).unwrap_or(u16::MAX);
        Self { indexes, labels, count }
    }
}

impl Chart {
    /// The bar that a value belongs to. Values without a bar of their own are counted together in [`Self::others`].
    pub(super) fn bar(&self, value: &Value<'_>) -> u16 {
        match (self, value) {
            (Self::Options(choices) | Self::Texts(choices), Value::Text(text)) => {
                choices.indexes.get(&hash(text)).copied().unwrap_or(choices.count)
            }
            (Self::Numbers(bins), Value::Number(number)) => bins.index(*number),
            (Self::Times(bins), Value::Time(time)) => bins.index(*time).unwrap_or(bins.count),
            (Self::Places, Value::Place { .. }) => 0,
            _ => self.others(),
        }
    }

    /// The bar behind the last one, for values that do not belong in any other.
    pub(super) fn others(&self) -> u16 {
        match self {
            Self::Options(choices) | Self::Texts(choices) => choices.count,
            Self::Numbers(bins) => bins.count + 2,
            Self::Times(bins) => bins.count,
            Self::Places => 1,
            Self::Answered => 0,
        }
    }
}
