//! `kaizala simulate deliver`: plays Kaizala against any receiver, and compares the table with what was sent.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use hdrhistogram::Histogram;
use http::Uri;
use indicatif::ProgressBar;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, Interval, MissedTickBehavior, interval},
};
use uuid::Uuid;

use crate::cli::{
    callback_token,
    output::{Output, say, say_json, shown_url},
    progress,
    table::{TableOptions, UNREADABLE},
};
use crate::{
    simulator::{
        ledger::{Differences, Found, Ledger},
        plan::{DeliveryPlan, Mix},
        sender::{Delivery, Sender},
    },
    store::Store,
};

/// Time that a retry waits, where Kaizala waits three quarters of an hour.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest list of ids that is printed for people.
const MOST_IDS: usize = 20;

/// Play Kaizala against a receiver: handshake, events of every type, at least once and out of order.
///
/// The callback token is read from KAIZALA_CALLBACK_TOKEN. The same seed makes the same events, in groups of their own.
/// Exit code 1 when an event could not be delivered, or when --verify finds a difference.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala simulate deliver --url http://127.0.0.1:9000/webhook --events 1000 --verify"
)]
pub(in crate::cli) struct Deliver {
    /// The callback URL.
    #[arg(long, env = "KAIZALA_SIMULATE_URL")]
    url: Uri,

    /// How many events happen.
    #[arg(long, env = "KAIZALA_SIMULATE_EVENTS", default_value_t = 1000)]
    events: u64,

    /// What the events are made from.
    #[arg(long, env = "KAIZALA_SIMULATE_SEED", default_value_t = 1)]
    seed: u64,

    /// Share of the events that is delivered twice, half of them through a second subscription.
    #[arg(long, env = "KAIZALA_SIMULATE_DUPLICATES", default_value_t = 0.1, value_parser = share)]
    duplicates: f64,

    /// Share of the events that is edited under the same event id.
    #[arg(long, env = "KAIZALA_SIMULATE_REVISIONS", default_value_t = 0.02, value_parser = share)]
    revisions: f64,

    /// Share of the deliveries whose answer is lost, so that they are delivered again.
    #[arg(long, env = "KAIZALA_SIMULATE_LOST_ANSWERS", default_value_t = 0.0, value_parser = share)]
    lost_answers: f64,

    /// How many deliveries are under way at once.
    #[arg(long, env = "KAIZALA_SIMULATE_CONCURRENCY", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,

    /// Deliveries a second on average; no limit by default.
    #[arg(long, env = "KAIZALA_SIMULATE_RATE", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,

    /// Compare the table with what was sent: keys and digests of the content, not bodies. Reads the whole table.
    #[arg(long, env = "KAIZALA_SIMULATE_VERIFY")]
    verify: bool,

    /// Send nothing, but compare the table with what the same options sent before.
    #[arg(long, env = "KAIZALA_SIMULATE_VERIFY_ONLY")]
    verify_only: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

impl Deliver {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(self.deliver())
    }

    async fn deliver(self) -> anyhow::Result<()> {
        let mix = Mix { events: self.events, duplicates: self.duplicates, revisions: self.revisions };
        let plan = DeliveryPlan::new(self.seed, mix);
        if self.verify_only {
            let (mut plan, mut ledger) = (plan, Ledger::default());
            plan.by_ref().for_each(|body| ledger.note(&body));
            let store = self.table.behind(&self.url).await?;
            let verification = Verification::of(&ledger, plan.items(), &store).await?;
            if self.output.json {
                say_json(&verification)?;
            } else {
                verification.print()?;
            }
            return verification.verdict();
        }
        let sender = Sender::new(self.url.clone(), &callback_token()?)?.with_first_pause(FIRST_PAUSE);
        sender.validate(&format!("{} + %2B/=", Uuid::new_v4())).await.with_context(|| {
            format!(
                "{} would not be accepted as a callback URL: is the receiver running, and is the path right?",
                shown_url(&self.url.to_string())
            )
        })?;

        let run = Arc::new(Run::new(sender, plan, &self));
        let mut workers = JoinSet::new();
        for number in 0..self.concurrency {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            // Stream 0 is the plan's.
            random.set_stream(u64::from(number) + 1);
            workers.spawn(run.clone().work(random));
        }
        workers.join_all().await;
        run.progress.finish_and_clear();

        let disabled = run.sender.is_disabled();
        let happened = lock(&run.deliveries).plan.happened();
        let mut summary = run.tally().summary(&self, happened, run.started.elapsed(), disabled);
        if self.verify && !disabled {
            let store = self.table.behind(&self.url).await?;
            let (ledger, items) = {
                let mut deliveries = lock(&run.deliveries);
                (std::mem::take(&mut deliveries.ledger), deliveries.plan.items())
            };
            summary.verification = Some(Verification::of(&ledger, items, &store).await?);
        }
        if self.output.json {
            say_json(&summary)?;
        } else {
            summary.print()?;
        }
        summary.verdict()
    }
}

/// What the workers share.
struct Run {
    sender: Sender,
    deliveries: Mutex<Deliveries>,
    tally: Mutex<Tally>,
    pace: Option<tokio::sync::Mutex<Interval>>,
    lost_answers: f64,
    progress: ProgressBar,
    started: Instant,
}

struct Deliveries {
    plan: DeliveryPlan,
    ledger: Ledger,
}

impl Run {
    fn new(sender: Sender, plan: DeliveryPlan, options: &Deliver) -> Self {
        let progress = progress::bar(options.events, "{wide_bar} {pos}/{len} events {per_sec} {msg}");
        let pace = options.rate.map(|rate| {
            let mut pace = interval(Duration::from_secs(1) / rate);
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            tokio::sync::Mutex::new(pace)
        });
        Self {
            sender,
            deliveries: Mutex::new(Deliveries { plan, ledger: Ledger::default() }),
            tally: Mutex::default(),
            pace,
            lost_answers: options.lost_answers,
            progress,
            started: Instant::now(),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    fn next(&self) -> Option<Bytes> {
        let mut deliveries = lock(&self.deliveries);
        let body = deliveries.plan.next()?;
        deliveries.ledger.note(&body);
        self.progress.set_position(deliveries.plan.happened());
        Some(body)
    }

    async fn work(self: Arc<Self>, mut random: ChaCha8Rng) {
        while !self.sender.is_disabled() {
            let Some(body) = self.next() else { return };
            if let Some(pace) = &self.pace {
                pace.lock().await.tick().await;
            }
            if random.random_bool(self.lost_answers) {
                self.sender.attempt(body.clone(), 1).await;
                self.tally().lost_answers += 1;
            }
            if let Some(delivery) = self.sender.deliver(body).await {
                let mut tally = self.tally();
                tally.add(&delivery);
                if tally.deliveries.is_multiple_of(64) {
                    self.progress.set_message(tally.progress());
                }
            }
        }
    }
}

/// What came of the deliveries so far.
struct Tally {
    deliveries: u64,
    lost_answers: u64,
    retries: u64,
    outcomes: BTreeMap<String, u64>,
    /// Microseconds.
    latency: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let latency = Histogram::new(3).expect("three significant digits are allowed");
        Self { deliveries: 0, lost_answers: 0, retries: 0, outcomes: BTreeMap::new(), latency }
    }
}

impl Tally {
    fn add(&mut self, delivery: &Delivery) {
        self.deliveries += 1;
        self.retries += u64::from(delivery.attempts - 1);
        let outcome = match delivery.status {
            Some(status) if status.is_success() => serde_json::from_slice::<Value>(&delivery.body)
                .ok()
                .and_then(|answer| answer["outcome"].as_str().map(str::to_owned))
                .unwrap_or_else(|| status.as_str().to_owned()),
            Some(status) => format!("failed with {}", status.as_u16()),
            None => "failed without an answer".to_owned(),
        };
        *self.outcomes.entry(outcome).or_default() += 1;
        // The histogram grows as far as it has to; the sender gives up after seconds.
        let recorded = self.latency.record(delivery.latency.as_micros().try_into().unwrap_or(u64::MAX));
        debug_assert!(recorded.is_ok(), "a latency cannot be recorded");
    }

    fn progress(&self) -> String {
        let outcomes: Vec<_> = self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        format!("{} p50 {:.1} ms p99 {:.1} ms", outcomes.join(", "), self.quantile(0.5), self.quantile(0.99))
    }

    /// Milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^52 microseconds")]
    fn quantile(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 events")]
    fn summary(&self, options: &Deliver, happened: u64, elapsed: Duration, disabled: bool) -> DeliverySummary {
        DeliverySummary {
            events: happened,
            seed: options.seed,
            deliveries: self.deliveries,
            outcomes: self.outcomes.clone(),
            retries: self.retries,
            lost_answers: self.lost_answers,
            latency_ms: Latency {
                p50: self.quantile(0.5),
                p90: self.quantile(0.9),
                p99: self.quantile(0.99),
                max: self.quantile(1.0),
            },
            seconds: elapsed.as_secs_f64(),
            deliveries_per_second: self.deliveries as f64 / elapsed.as_secs_f64(),
            disabled,
            verification: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeliverySummary {
    events: u64,
    seed: u64,
    deliveries: u64,
    outcomes: BTreeMap<String, u64>,
    retries: u64,
    lost_answers: u64,
    latency_ms: Latency,
    seconds: f64,
    deliveries_per_second: f64,
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification>,
}

#[derive(Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

#[derive(Serialize)]
struct Verification {
    expected: usize,
    #[serde(flatten)]
    differences: Differences,
}

impl Verification {
    /// Compares the table with the ledger, and the ledger with the `items` that the plan knows of: the ledger reads bodies
    /// with the receiver's own code, and could be wrong together with it.
    async fn of(ledger: &Ledger, items: u64, store: &Store) -> anyhow::Result<Self> {
        ensure!(
            u64::try_from(ledger.items()) == Ok(items),
            "what was sent reads as {} items, but {items} things happened: events are mixed up",
            ledger.items()
        );
        let mut found = Vec::new();
        store
            .for_each_key(|group, key, content| {
                if ledger.knows(&group) {
                    found.push(Found { group, key, content });
                }
            })
            .await
            .context(UNREADABLE)?;
        Ok(Self { expected: ledger.items(), differences: ledger.compare(found) })
    }

    fn print(&self) -> anyhow::Result<()> {
        let Differences { lost, twice, unexpected } = &self.differences;
        say(format_args!(
            "Verified     {} items expected: {} lost, {} twice, {} unexpected",
            self.expected,
            lost.len(),
            twice.len(),
            unexpected.len()
        ))?;
        for (what, keys) in [("lost", lost), ("twice", twice), ("unexpected", unexpected)] {
            for key in keys.iter().take(MOST_IDS) {
                say(format_args!("  {what}: {key}"))?;
            }
            if keys.len() > MOST_IDS {
                say(format_args!("  {what}: and {} more; --json lists all", keys.len() - MOST_IDS))?;
            }
        }
        Ok(())
    }

    fn verdict(&self) -> anyhow::Result<()> {
        if self.differences.is_empty() {
            Ok(())
        } else {
            bail!(
                "the table does not hold exactly what was sent; after a run with the same --seed and other options, choose \
                 another --seed"
            )
        }
    }
}

impl DeliverySummary {
    fn print(&self) -> anyhow::Result<()> {
        say(format_args!("Events       {} (seed {})", self.events, self.seed))?;
        say(format_args!("Deliveries   {}", self.deliveries))?;
        for (outcome, count) in &self.outcomes {
            say(format_args!("  {outcome:<11}{count}"))?;
        }
        say(format_args!("Retries      {}", self.retries))?;
        say(format_args!("Lost answers {}", self.lost_answers))?;
        let Latency { p50, p90, p99, max } = self.latency_ms;
        say(format_args!("Latency      p50 {p50:.1} ms, p90 {p90:.1} ms, p99 {p99:.1} ms, max {max:.1} ms"))?;
        say(format_args!("Throughput   {:.0} deliveries/s for {:.1} s", self.deliveries_per_second, self.seconds))?;
        if let Some(verification) = &self.verification {
            verification.print()?;
        }
        Ok(())
    }

    fn verdict(&self) -> anyhow::Result<()> {
        if self.disabled {
            bail!("an event was refused seven times, at which Kaizala disables the webhook: see the receiver's log");
        }
        self.verification.as_ref().map_or(Ok(()), Verification::verdict)
    }
}

/// A worker that panicked has ended the run anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
