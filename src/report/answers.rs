//! The questions in the page's data, with counts of their answers and some single ones.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};

use super::{
    counts::{Answers, Cell, Sample, Sampled, cut},
    cube::Cube,
    plan::{Question, ReportPlan},
    question::{Chart, Choices},
    room,
    series::{List, Series},
    tally::Tallied,
};

/// The questions that the page has room for, and how many are left out. Those with the most answers come first.
pub(super) fn questions(plan: &ReportPlan, tallied: &Tallied, cube: &Cube) -> (Vec<Value>, usize) {
    let series = &cube.series;
    let mut counted: Vec<_> = plan.questions.iter().map(|_| Counted::default()).collect();
    for ((question, cell), answers) in &tallied.answers {
        counted[usize::from(*question)].push(series, *cell, answers);
    }
    let mut order: Vec<_> = (0..counted.len()).collect();
    order.sort_by_key(|at| Reverse(counted[*at].answered));
    let unused = room::COUNTS.saturating_sub(cube.bytes());
    let (mut room, mut shown) = (room::ANSWERS + unused, BTreeMap::new());
    for at in order {
        let value = question(at, &plan.questions[at], &counted[at], tallied);
        if let Some(rest) = room.checked_sub(room::bytes(&value)) {
            room = rest;
            shown.insert(at, value);
        }
    }
    // What a question with few answers leaves of its share is for the others.
    let samples = shown.keys().map(|at| (*at, samples(&tallied.samples[*at], series)));
    let mut samples: Vec<_> = samples.map(|(at, samples)| (room::bytes(&samples), at, samples)).collect();
    samples.sort_unstable_by_key(|(bytes, at, _)| (*bytes, *at));
    let (mut room, mut left) = (room::SAMPLES, samples.len());
    for (_, at, samples) in samples {
        let share = room / left;
        let fit: Vec<_> = fitting(samples, share).collect();
        (room, left) = (room - room::bytes(&fit).min(room), left - 1);
        if let Some(question) = shown.get_mut(&at) {
            question["samples"] = fit.into();
        }
    }
    let dropped = plan.questions.len() - shown.len();
    (shown.into_values().collect(), dropped)
}

/// What was counted of the answers to a question.
#[derive(Default)]
struct Counted {
    answered: u64,
    /// For each cell: how many have answered, how many have skipped the question, how many bars of the chart have answers, and
    /// for each of these the difference from the bar before and how many answers it has.
    cells: List,
    /// The sums of the answers that are numbers, by cell.
    sums: Vec<f64>,
}

impl Counted {
    fn push(&mut self, series: &Series, cell: Cell, answers: &Answers) {
        self.answered += u64::from(answers.answered);
        self.sums.push(answers.sum);
        let mut last = 0;
        let bars = answers.bars.iter().flat_map(|(bar, count)| {
            let step = u32::from(bar - last);
            last = *bar;
            [step, *count]
        });
        // There are at most some dozens of bars.
        let bars_with_answers = u32::try_from(answers.bars.len()).unwrap_or(u32::MAX);
        self.cells.push(series, cell, [answers.answered, answers.skipped, bars_with_answers].into_iter().chain(bars));
    }
}

fn question(at: usize, question: &Question, counted: &Counted, tallied: &Tallied) -> Value {
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
    let is_number = matches!(question.chart, Chart::Numbers(_));
    json!({
        "title": question.title.as_deref().map(cut),
        "position": question.position,
        "type": question.kind.as_deref().map(cut),
        "package": question.package.as_deref().map(cut),
        "chart": chart,
        "others": question.chart.others(),
        "cells": counted.cells,
        "sums": if is_number { counted.sums.as_slice() } else { &[] },
    })
}

fn labels(question: usize, choices: &Choices, tallied: &Tallied) -> Vec<String> {
    let known = |bar: u16| choices.labels.get(usize::from(bar)).map(|label| cut(label));
    let seen = |bar| u16::try_from(question).ok().and_then(|question| tallied.labels.get(&(question, bar)).cloned());
    (0..choices.count).map(|bar| known(bar).or_else(|| seen(bar)).unwrap_or_default()).collect()
}

/// The first of some values that take at most `room` bytes in the page, as a list.
fn fitting(values: Vec<Value>, room: usize) -> impl Iterator<Item = Value> {
    let mut room = room.saturating_sub("[]".len());
    values.into_iter().map_while(move |value| {
        room = room.checked_sub(room::bytes(&value) + ",".len())?;
        Some(value)
    })
}

/// Single answers: for each its series, its bin, and what was answered.
fn samples(samples: &BTreeMap<u64, Sample>, series: &Series) -> Vec<Value> {
    let samples = samples.values().map(|Sample { cell, value }| {
        let (series, bin) = (series.number(*cell), cell.bin);
        match value {
            Sampled::Number(number) => json!([series, bin, number]),
            Sampled::Text(text) => json!([series, bin, text]),
            Sampled::Place { latitude, longitude, name } => {
                let rounded = [latitude, longitude].map(|degrees| (degrees * 1e5).round() / 1e5);
                json!([series, bin, rounded[0], rounded[1], name])
            }
            Sampled::File { name, url } => json!([series, bin, name, url]),
        }
    });
    samples.collect()
}
