//! The same work as in `gate.rs`, in microseconds, for people: `make bench-cpu`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

mod work;

fn body_to_item(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("body_to_item");
    for size in ["300b", "1kb", "4kb", "100kb"] {
        let body = work::body(size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &body, |bencher, body| {
            bencher.iter(|| work::item(black_box(body)));
        });
    }
    group.finish();
}

fn cloud_event_to_item(criterion: &mut Criterion) {
    let body = work::body("cloudevent-4kb");
    criterion.bench_function("cloud_event_to_item", |bencher| {
        bencher.iter(|| work::cloud_event_item(black_box(&body)));
    });
}

fn token_check(criterion: &mut Criterion) {
    let tokens = work::accepted();
    criterion.bench_function("token_check", |bencher| bencher.iter(|| work::is_accepted(black_box(&tokens))));
}

fn export_rows(criterion: &mut Criterion) {
    let stored = work::stored("4kb");
    criterion.bench_function("export_rows", |bencher| bencher.iter(|| work::rows(black_box(&stored))));
}

criterion_group!(event, body_to_item, cloud_event_to_item, token_check, export_rows);
criterion_main!(event);
