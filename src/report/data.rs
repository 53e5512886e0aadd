//! The page's data as JSON: lists of names, and sparse counts that refer to places in these lists.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};

use super::{
    counts::{Answers, Cell, Counts, Sample, Sampled, cut},
    lists::{self, Named},
    plan::{Action, Question, ReportPlan},
    question::{Chart, Choices},
    series::{List, Series},
    tally::Tallied,
};
use crate::event::Timestamp;

/// The most counts of answers in the page. If there are more, the questions with the fewest answers are left out.
const MAX_ANSWER_COUNTS: usize = 150_000;

/// The most bytes of JSON that the page holds of single answers to one question.
const MAX_SAMPLE_BYTES: usize = 8_000;

/// What the page says about itself.
#[derive(Clone, Debug)]
pub struct About {
    /// When the page is made.
    pub made_at: Timestamp,
    /// Where the events come from, in words.
    pub source: String,
    /// Which events were left out on purpose, in words: one entry for each filter.
    pub filters: Vec<String>,
}

/// Everything that the page shows.
pub(super) fn page_data(plan: &ReportPlan, tallied: &Tallied, about: &About, items: u64, damaged: u64) -> Value {
    let mut series = Series::default();
    let counts = |of: fn(&Counts) -> u32, series: &mut Series| {
        let mut list = List::default();
        for (cell, counts) in tallied.counts.iter().filter(|(_, counts)| of(counts) > 0) {
            list.push(series, *cell, &[of(counts)]);
        }
        list
    };
    let counts = json!({
        "events": counts(|counts| counts.events, &mut series),
        "revisions": counts(|counts| counts.revisions, &mut series),
        "cloudEvents": counts(|counts| counts.cloud_events, &mut series),
        "responses": counts(|counts| counts.responses, &mut series),
        "replaced": counts(|counts| counts.replaced, &mut series),
        "people": counts(|counts| counts.people, &mut series),
        "assigned": counts(|counts| counts.assigned, &mut series),
        "done": counts(|counts| counts.done, &mut series),
        "late": counts(|counts| counts.late, &mut series),
    });
    let quarantine = quarantine(tallied, &mut series);
    let (questions, dropped) = questions(plan, tallied, &mut series);
    let mut named = Named::new(plan);
    let activity = lists::activity(tallied, &mut series);
    let open = lists::open(tallied, &mut named, &mut series);
    let known = lists::known(tallied, &mut named);
    let groups = plan.groups.names.iter();
    let groups = groups.map(|id| json!({ "id": cut(id), "name": plan.group_names.get(id).map(|name| cut(name)) }));
    json!({
        "about": {
            "made": about.made_at.to_string(),
            "source": about.source,
            "filters": about.filters,
            "items": items,
            "damaged": damaged,
            "version": env!("CARGO_PKG_VERSION"),
        },
        "period": plan.period.map(|(first, last)| [first.to_string(), last.to_string()]),
        "unit": plan.bins.unit.name(),
        "bins": if plan.period.is_some() { plan.bins.labels() } else { Vec::new() },
        "groups": groups.collect::<Vec<_>>(),
        "furtherGroups": plan.groups.others,
        "types": plan.types.names,
        "furtherTypes": plan.types.others,
        "actions": plan.actions.iter().map(action).collect::<Vec<_>>(),
        "questions": questions,
        "furtherQuestions": plan.further_questions + dropped,
        "known": known,
        "activity": activity,
        "openJobs": open,
        "people": named.list(),
        "mostActive": plan.most_active.len(),
        "counts": counts,
        "quarantine": quarantine,
        // This stands last because everything above gives series their numbers.
        "series": series,
    })
}

fn action(action: &Action) -> Value {
    match action {
        Action::None => json!({ "kind": "none" }),
        Action::One { id, title, package, is_job } => json!({
            "kind": if *is_job { "job" } else { "card" },
            "id": cut(id),
            "title": title.as_deref().map(cut),
            "package": package.as_deref().map(cut),
        }),
        Action::Package { name, actions } => json!({ "kind": "package", "package": cut(name), "actions": actions }),
        Action::Others { actions } => json!({ "kind": "others", "actions": actions }),
    }
}

/// The reasons for quarantine, each with the counts of its bodies.
fn quarantine(tallied: &Tallied, series: &mut Series) -> Vec<Value> {
    let mut reasons = BTreeMap::<&str, List>::new();
    for ((reason, cell), count) in &tallied.quarantine {
        reasons.entry(reason).or_default().push(series, *cell, &[*count]);
    }
    reasons.into_iter().map(|(reason, list)| json!({ "reason": reason, "counts": list })).collect()
}

/// The questions that the page has room for, with the counts of their answers, and how many questions are left out.
fn questions(plan: &ReportPlan, tallied: &Tallied, series: &mut Series) -> (Vec<Value>, usize) {
    let has_room = with_room(&sizes(plan, tallied));
    let lists = question_lists(plan, tallied, &has_room, series);
    let shown: Vec<_> = plan
        .questions
        .iter()
        .zip(lists)
        .enumerate()
        .filter(|(at, _)| has_room[*at])
        .map(|(at, (question, lists))| self::question(at, question, &lists, tallied, series))
        .collect();
    let dropped = plan.questions.len() - shown.len();
    (shown, dropped)
}

/// What a question would add to the page.
#[derive(Clone, Copy, Default)]
struct Size {
    answered: u64,
    counts: usize,
}

fn sizes(plan: &ReportPlan, tallied: &Tallied) -> Vec<Size> {
    let mut sizes = vec![Size::default(); plan.questions.len()];
    for ((question, _), answers) in &tallied.answers {
        let size = &mut sizes[usize::from(*question)];
        size.answered += u64::from(answers.answered);
        size.counts += answers.bars.len() + 1;
    }
    sizes
}

/// Which questions the page has room for. The questions with the most answers come first.
fn with_room(sizes: &[Size]) -> Vec<bool> {
    let mut order: Vec<_> = (0..sizes.len()).collect();
    order.sort_by_key(|question| Reverse(sizes[*question].answered));
    let mut room = MAX_ANSWER_COUNTS;
    let mut has_room = vec![false; sizes.len()];
    for question in order {
        if let Some(rest) = room.checked_sub(sizes[question].counts) {
            has_room[question] = true;
            room = rest;
        }
    }
    has_room
}

/// The counts of the answers to a question.
#[derive(Default)]
struct QuestionLists {
    /// How many have answered and how many have skipped the question.
    answered: List,
    /// The sums of answers that are numbers, one for each cell of `answered`. Empty for other questions.
    sums: Vec<f64>,
    /// Bars of the chart and how many answers each has.
    bars: List,
}

impl QuestionLists {
    fn push(&mut self, chart: &Chart, cell: Cell, answers: &Answers, series: &mut Series) {
        self.answered.push(series, cell, &[answers.answered, answers.skipped]);
        if matches!(chart, Chart::Numbers(_)) {
            self.sums.push(answers.sum);
        }
        for (bar, count) in &answers.bars {
            self.bars.push(series, cell, &[u32::from(*bar), *count]);
        }
    }
}

/// The lists of all questions. The lists of a question that the page has no room for stay empty.
fn question_lists(plan: &ReportPlan, tallied: &Tallied, has_room: &[bool], series: &mut Series) -> Vec<QuestionLists> {
    let mut lists: Vec<_> = plan.questions.iter().map(|_| QuestionLists::default()).collect();
    for ((question, cell), answers) in &tallied.answers {
        let at = usize::from(*question);
        if has_room[at] {
            lists[at].push(&plan.questions[at].chart, *cell, answers, series);
        }
    }
    lists
}

fn question(at: usize, question: &Question, lists: &QuestionLists, tallied: &Tallied, series: &mut Series) -> Value {
    let chart = match &question.chart {
        Chart::Options(choices) => json!({ "kind": "options", "labels": labels(at, choices, tallied) }),
        Chart::Texts(choices) => json!({ "kind": "texts", "labels": labels(at, choices, tallied) }),
        Chart::Numbers(bins) => {
            json!({ "kind": "numbers", "start": bins.start, "step": bins.step, "count": bins.count, "isWhole": bins.is_whole })
        }
        Chart::Times(bins) => json!({ "kind": "times", "unit": bins.unit.name(), "labels": bins.labels() }),
        Chart::Places => json!({ "kind": "places" }),
        Chart::Answered => json!({ "kind": "answered" }),
    };
    json!({
        "title": question.title.as_deref().map(cut),
        "position": question.position,
        "type": question.kind.as_deref().map(cut),
        "package": question.package.as_deref().map(cut),
        "chart": chart,
        "others": question.chart.others(),
        "samples": samples(at, tallied, series),
        "answered": lists.answered,
        "sums": lists.sums,
        "bars": lists.bars,
    })
}

fn labels(question: usize, choices: &Choices, tallied: &Tallied) -> Vec<String> {
    let known = |bar: u16| choices.labels.get(usize::from(bar)).map(|label| cut(label));
    let seen = |bar| u16::try_from(question).ok().and_then(|question| tallied.labels.get(&(question, bar)).cloned());
    (0..choices.count).map(|bar| known(bar).or_else(|| seen(bar)).unwrap_or_default()).collect()
}

/// Single answers to a question: for each its series, its bin, and what was answered.
fn samples(question: usize, tallied: &Tallied, series: &mut Series) -> Vec<Value> {
    let mut room = MAX_SAMPLE_BYTES;
    let samples = tallied.samples[question].values().map_while(|Sample { cell, value }| {
        let value = match value {
            Sampled::Number(number) => json!([number]),
            Sampled::Text(text) => json!([text]),
            Sampled::Place { latitude, longitude, name } => {
                let rounded = [latitude, longitude].map(|degrees| (degrees * 1e5).round() / 1e5);
                json!([rounded[0], rounded[1], name])
            }
            Sampled::File { name, url } => json!([name, url]),
        };
        room = room.checked_sub(value.to_string().len())?;
        let Value::Array(mut value) = value else { return None };
        value.splice(0..0, [json!(series.of(*cell)), json!(cell.bin)]);
        Some(Value::Array(value))
    });
    samples.collect()
}
