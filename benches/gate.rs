//! What an event costs in instructions, as Callgrind counts them: the same on a busy machine as on an idle one, so that a
//! limit can hold in CI. Run by `make gate`; fails when a limit is exceeded.
//!
//! A limit is some 5 % above what was counted when it was set. Who makes the code faster lowers it; who needs more raises
//! it and says what for.

#![expect(missing_docs, reason = "the macros of gungraun make public items without any")]

use std::hint::black_box;

use bytes::Bytes;
use gungraun::{Callgrind, EventKind, prelude::*};
use kaizala_webhook::{store::StoredItem, token::AcceptedTokens};

mod work;

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::with_args(["--cache-sim=no"]);
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    LibraryBenchmarkConfig::default().tool(callgrind).clone()
}

#[library_benchmark(setup = work::body)]
#[bench::of_300_bytes(args = ("300b"), config = at_most(40_900))]
#[bench::of_1_kb(args = ("1kb"), config = at_most(129_900))]
#[bench::of_4_kb(args = ("4kb"), config = at_most(455_500))]
#[bench::of_100_kb(args = ("100kb"), config = at_most(11_620_000))]
fn body_to_item(body: Bytes) -> (Bytes, StoredItem) {
    let item = black_box(work::item(&body));
    (body, item)
}

// No more than Kaizala's event of that size.
#[library_benchmark(setup = work::body)]
#[bench::of_4_kb(args = ("cloudevent-4kb"), config = at_most(455_500))]
fn cloud_event_to_item(body: Bytes) -> (Bytes, StoredItem) {
    let item = black_box(work::cloud_event_item(&body));
    (body, item)
}

/// A response of 300 KB, small enough to stay as it is, with that JSON in place of each of its questions.
fn hostile(question: &str) -> Bytes {
    let questions = vec![question; 300 * 1024 / (question.len() + 1)].join(",");
    let details = format!(r#"{{"responseWithQuestions":[{questions}]}}"#);
    format!(r#"{{"eventId":"1","eventType":"ActionResponse","data":{{"responseDetails":{details}}}}}"#).into()
}

// A body that holds what is expensive to read has to be stored in time like any other.
#[library_benchmark(setup = hostile)]
#[bench::of_values_for_questions(args = ("0"), config = at_most(120_000_000))]
#[bench::of_objects_for_questions(args = ("{}"), config = at_most(90_000_000))]
#[bench::of_objects_with_members_for_questions(args = (r#"{"b":0,"a":0}"#), config = at_most(100_000_000))]
fn hostile_body_to_item(body: Bytes) -> (Bytes, StoredItem) {
    let item = black_box(work::item(&body));
    (body, item)
}

#[library_benchmark(setup = work::accepted)]
#[bench::of_two(args = (), config = at_most(4_850))]
fn token_check(tokens: AcceptedTokens) -> (AcceptedTokens, bool) {
    let accepted = black_box(work::is_accepted(&tokens));
    (tokens, accepted)
}

#[library_benchmark(setup = work::stored)]
// A tenth more than before there were people, properties, and a column for what no other holds.
#[bench::of_4_kb(args = ("4kb"), config = at_most(331_800))]
fn export_rows(stored: (StoredItem, Bytes)) -> ((StoredItem, Bytes), usize) {
    let cells = black_box(work::rows(&stored));
    (stored, cells)
}

library_benchmark_group!(name = event; benchmarks = body_to_item, cloud_event_to_item, hostile_body_to_item, token_check, export_rows);

main!(library_benchmark_groups = event);
