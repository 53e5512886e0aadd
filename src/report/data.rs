//! The page's data as JSON: what stands on its own by name, and sparse counts by places in the lists of names.
//!
//! A cell of the filters is a *series* (group, type, action) and a bin of time. Lists of counts are flat, and say the
//! series as the difference to the one before, which is mostly 0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    About,
    plan::{Action, Question, ReportPlan},
    question::{Chart, Choices},
    tally::{Cell, Counts, Tallied, cut},
};

/// Counts of answers in the page. The questions with the fewest answers have to go when there are more.
const MAX_ANSWER_COUNTS: usize = 300_000;

/// Everything that the page shows.
pub(super) fn page_data(plan: &ReportPlan, tallied: &Tallied, about: &About, items: u64, damaged: usize) -> Value {
    let mut series = Series::default();
    let counts = |of: fn(&Counts) -> u32, series: &mut Series| {
        let mut list = List::default();
        for (cell, counts) in tallied.counts.iter().filter(|(_, counts)| of(counts) > 0) {
            list.push(series, *cell, &[of(counts)]);
        }
        list.0
    };
    let counts = json!({
        "events": counts(|counts| counts.events, &mut series),
        "revisions": counts(|counts| counts.revisions, &mut series),
        "responses": counts(|counts| counts.responses, &mut series),
        "replaced": counts(|counts| counts.replaced, &mut series),
        "people": counts(|counts| counts.people, &mut series),
        "assigned": counts(|counts| counts.assigned, &mut series),
        "done": counts(|counts| counts.done, &mut series),
        "late": counts(|counts| counts.late, &mut series),
    });
    let quarantine = quarantine(tallied, &mut series);
    let (questions, dropped) = questions(plan, tallied, &mut series);
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
        "known": tallied.known.iter().map(|((action, group), people)| (action, group, people)).collect::<Vec<_>>(),
        "counts": counts,
        "quarantine": quarantine,
        // Last: everything above gives series their numbers.
        "series": series.list,
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

/// The reasons, each with its counts.
fn quarantine(tallied: &Tallied, series: &mut Series) -> Vec<Value> {
    let mut reasons = BTreeMap::<&str, List>::new();
    for ((reason, cell), count) in &tallied.quarantine {
        reasons.entry(reason).or_default().push(series, *cell, &[*count]);
    }
    reasons.into_iter().map(|(reason, list)| json!({ "reason": reason, "counts": list.0 })).collect()
}

/// The questions with the counts of their answers, and how many there is no room for.
fn questions(plan: &ReportPlan, tallied: &Tallied, series: &mut Series) -> (Vec<Value>, usize) {
    let mut sizes = vec![(0, 0); plan.questions.len()];
    for ((question, _), answers) in &tallied.answers {
        let (answered, counts) = &mut sizes[usize::from(*question)];
        *answered += u64::from(answers.answered);
        *counts += answers.bars.len() + 1;
    }
    let mut order: Vec<_> = (0..sizes.len()).collect();
    order.sort_by_key(|question| std::cmp::Reverse(sizes[*question].0));
    let mut room = MAX_ANSWER_COUNTS;
    let mut fits = vec![false; sizes.len()];
    for question in order {
        let counts = sizes[question].1;
        fits[question] = counts <= room;
        room -= if fits[question] { counts } else { 0 };
    }
    let mut lists: Vec<_> = plan.questions.iter().map(|_| QuestionLists::default()).collect();
    for ((question, cell), answers) in &tallied.answers {
        let question = usize::from(*question);
        if !fits[question] {
            continue;
        }
        let lists = &mut lists[question];
        lists.answered.push(series, *cell, &[answers.answered, answers.skipped]);
        if matches!(plan.questions[question].chart, Chart::Numbers(_)) {
            lists.sums.push(answers.sum);
        }
        for (bar, count) in &answers.bars {
            lists.bars.push(series, *cell, &[u32::from(*bar), *count]);
        }
    }
    let drawn = plan.questions.iter().zip(lists).enumerate().filter(|(at, _)| fits[*at]);
    let drawn: Vec<_> =
        drawn.map(|(at, (question, lists))| self::question(at, question, &lists, tallied, series)).collect();
    let dropped = plan.questions.len() - drawn.len();
    (drawn, dropped)
}

#[derive(Default)]
struct QuestionLists {
    /// Answered and skipped.
    answered: List,
    /// Sums of numbers, one for each entry of `answered`.
    sums: Vec<f64>,
    /// Bar and count.
    bars: List,
}

fn question(at: usize, question: &Question, lists: &QuestionLists, tallied: &Tallied, series: &mut Series) -> Value {
    let chart = match &question.chart {
        Chart::Options(choices) => json!({ "kind": "options", "labels": labels(at, choices, tallied) }),
        Chart::Texts(choices) => json!({ "kind": "texts", "labels": labels(at, choices, tallied) }),
        Chart::Numbers(bins) => {
            json!({ "kind": "numbers", "start": bins.start, "step": bins.step, "count": bins.count, "isWhole": bins.is_whole })
        }
        Chart::Times(bins) => json!({ "kind": "times", "unit": bins.unit.name(), "labels": bins.labels() }),
        Chart::Places => json!({ "kind": "places", "places": places(at, tallied, series) }),
        Chart::Answered => json!({ "kind": "answered" }),
    };
    json!({
        "title": question.title.as_deref().map(cut),
        "position": question.position,
        "type": question.kind.as_deref().map(cut),
        "package": question.package.as_deref().map(cut),
        "chart": chart,
        "others": question.chart.others(),
        "answered": lists.answered.0,
        "sums": lists.sums,
        "bars": lists.bars.0,
    })
}

fn labels(question: usize, choices: &Choices, tallied: &Tallied) -> Vec<String> {
    let known = |bar: u16| choices.labels.get(usize::from(bar)).map(|label| cut(label));
    let seen = |bar| u16::try_from(question).ok().and_then(|question| tallied.labels.get(&(question, bar)).cloned());
    (0..choices.count).map(|bar| known(bar).or_else(|| seen(bar)).unwrap_or_default()).collect()
}

fn places(question: usize, tallied: &Tallied, series: &mut Series) -> Vec<Value> {
    let places = tallied.places[question].values().map(|place| {
        let rounded = [place.latitude, place.longitude].map(|degrees| (degrees * 1e5).round() / 1e5);
        json!([series.of(place.cell), place.cell.bin, rounded[0], rounded[1], place.name])
    });
    places.collect()
}

/// Combinations of group, type and action that occur.
#[derive(Default)]
struct Series {
    numbers: BTreeMap<(u8, Option<u8>, u16), u32>,
    list: Vec<(u8, Option<u8>, u16)>,
}

impl Series {
    fn of(&mut self, cell: Cell) -> u32 {
        let key = (cell.group, cell.event_type, cell.action);
        *self.numbers.entry(key).or_insert_with(|| {
            self.list.push(key);
            u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// A flat list of counts: difference of the series, bin, numbers.
#[derive(Default)]
struct List(Vec<i64>, u32);

impl List {
    fn push(&mut self, series: &mut Series, cell: Cell, numbers: &[u32]) {
        let number = series.of(cell);
        self.0.push(i64::from(number) - i64::from(self.1));
        self.1 = number;
        self.0.push(i64::from(cell.bin));
        self.0.extend(numbers.iter().map(|number| i64::from(*number)));
    }
}
