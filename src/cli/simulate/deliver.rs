//! `kaizala simulate deliver`: delivers events to a receiver as Kaizala does, and compares the table with what was sent.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use http::Uri;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::verification::Verification;
use crate::cli::{
    CALLBACK_TOKEN_VARIABLE, Envelope, callback_token,
    output::{Output, say, say_json, shown_url},
    progress,
    table::TableOptions,
};
use crate::simulator::{
    delivery::{self, DeliveryOptions},
    plan::{DeliveryPlan, Mix},
    sender::{Sender, Stop},
    tally::Tally,
};

/// How long a retry waits. Kaizala itself waits three quarters of an hour.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Deliver events to a receiver as Kaizala does: handshake, then events of every type, at least once and out of order.
///
/// The callback token is read from KAIZALA_CALLBACK_TOKEN. The same seed makes the same events, in groups of their own. They
/// happened over weeks from 2023-01-01 on, as the times in responses say; the receiver stamps them with when they arrive.
/// Exit code 1 if an event could not be delivered, or if --verify finds a difference.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala simulate deliver --url http://127.0.0.1:9000/webhook --events 1000 --verify\n  \
                  kaizala simulate deliver --url http://127.0.0.1:9000/webhook --sender cloudevents --verify"
)]
pub(in crate::cli) struct Deliver {
    /// The callback URL.
    #[arg(long, env = "KAIZALA_SIMULATE_URL")]
    url: Uri,

    /// Who sends: Kaizala, or a sender of CloudEvents in structured mode with a bearer token.
    #[arg(long, env = "KAIZALA_SIMULATE_SENDER", value_enum, default_value_t = Envelope::Kaizala)]
    sender: Envelope,

    /// How many events to make.
    #[arg(long, env = "KAIZALA_SIMULATE_EVENTS", default_value_t = 1000)]
    events: u64,

    /// Seed of the random numbers that the events are made from.
    #[arg(long, env = "KAIZALA_SIMULATE_SEED", default_value_t = 1)]
    seed: u64,

    /// Share of the events that are delivered twice, half of them through a second subscription.
    #[arg(long, env = "KAIZALA_SIMULATE_DUPLICATES", default_value_t = 0.1, value_parser = share)]
    duplicates: f64,

    /// Share of the events that are edited under the same event id.
    #[arg(long, env = "KAIZALA_SIMULATE_REVISIONS", default_value_t = 0.02, value_parser = share)]
    revisions: f64,

    /// Share of the deliveries whose answer is lost, so that they are delivered again.
    #[arg(long, env = "KAIZALA_SIMULATE_LOST_ANSWERS", default_value_t = 0.0, value_parser = share)]
    lost_answers: f64,

    /// How many deliveries to make at the same time.
    #[arg(long, env = "KAIZALA_SIMULATE_CONCURRENCY", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,

    /// Deliveries a second on average [default: no limit].
    #[arg(long, env = "KAIZALA_SIMULATE_RATE", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,

    /// Compare the table with what was sent, body by body. Reads the whole table.
    #[arg(long, env = "KAIZALA_SIMULATE_VERIFY")]
    verify: bool,

    /// Only compare: send nothing, and compare the table with what the same options have sent before.
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
        let output = self.output;
        if self.verify_only {
            let verification = self.verification().await?;
            if output.json {
                say_json(&verification)?;
            } else {
                verification.print()?;
            }
            return verification.verdict();
        }
        let sender = Sender::new(self.url.clone(), &callback_token()?)?.with_envelope(self.sender.into());
        let sender = Arc::new(sender.with_first_pause(FIRST_PAUSE));
        sender.validate(&format!("{} + %2B/=", Uuid::new_v4())).await.with_context(|| {
            format!(
                "{} would not be accepted as a callback URL: is the receiver running, and is the path right?",
                shown_url(&self.url.to_string())
            )
        })?;

        let options = DeliveryOptions {
            concurrency: self.concurrency,
            rate: self.rate,
            lost_answers: self.lost_answers,
            seed: self.seed,
        };
        let progress = progress::bar(self.events, "{wide_bar} {pos}/{len} events {per_sec} {msg}");
        let started = Instant::now();
        let tally = delivery::deliver(sender.clone(), self.plan(), options, {
            let progress = progress.clone();
            move |tally| show(tally, &progress)
        });
        let mut summary = DeliverySummary::of(&tally.await, self.seed, started.elapsed(), sender.stopped());
        progress.finish_and_clear();
        if self.verify && summary.stopped.is_none() {
            summary.verification = Some(self.verification().await.into());
        }
        if output.json {
            say_json(&summary)?;
        } else {
            summary.print()?;
        }
        summary.verdict()
    }

    fn plan(&self) -> DeliveryPlan {
        let mix = Mix { events: self.events, duplicates: self.duplicates, revisions: self.revisions };
        DeliveryPlan::new(self.seed, mix).sent_by(self.sender.into())
    }

    async fn verification(self) -> anyhow::Result<Verification> {
        let plan = self.plan();
        let store = self.table.behind(&self.url).await?;
        Verification::of(plan, &store).await
    }
}

fn show(tally: &Tally, progress: &ProgressBar) {
    progress.set_position(tally.events);
    if tally.deliveries.is_multiple_of(64) {
        let outcomes: Vec<_> = tally.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let [p50, p99] = [0.5, 0.99].map(|share| tally.latency_ms(share));
        progress.set_message(format!("{} p50 {p50:.1} ms p99 {p99:.1} ms", outcomes.join(", ")));
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
    /// Whether the webhook was disabled.
    disabled: bool,
    #[serde(skip)]
    stopped: Option<Stop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Compared>,
}

/// The comparison, or why it failed. The summary says so, since a failed comparison must not look like one that was not asked
/// for.
#[derive(Serialize)]
#[serde(untagged)]
enum Compared {
    Table(Verification),
    Failed {
        error: String,
        #[serde(skip)]
        cause: anyhow::Error,
    },
}

impl From<anyhow::Result<Verification>> for Compared {
    fn from(compared: anyhow::Result<Verification>) -> Self {
        match compared {
            Ok(verification) => Self::Table(verification),
            Err(cause) => Self::Failed { error: format!("{cause:#}"), cause },
        }
    }
}

#[derive(Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl DeliverySummary {
    fn of(tally: &Tally, seed: u64, elapsed: Duration, stopped: Option<Stop>) -> Self {
        let [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1.0].map(|share| tally.latency_ms(share));
        #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 events")]
        let deliveries_per_second = tally.deliveries as f64 / elapsed.as_secs_f64();
        Self {
            events: tally.events,
            seed,
            deliveries: tally.deliveries,
            outcomes: tally.outcomes.clone(),
            retries: tally.retries,
            lost_answers: tally.lost_answers,
            latency_ms: Latency { p50, p90, p99, max },
            seconds: elapsed.as_secs_f64(),
            deliveries_per_second,
            disabled: stopped == Some(Stop::Disabled),
            stopped,
            verification: None,
        }
    }

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
        match &self.verification {
            Some(Compared::Table(verification)) => verification.print(),
            // The error at the end says why.
            Some(Compared::Failed { .. }) => say("Verified     no: the comparison failed"),
            None => Ok(()),
        }
    }

    fn verdict(self) -> anyhow::Result<()> {
        match self.stopped {
            Some(Stop::Disabled) => {
                bail!("an event was refused seven times, at which Kaizala disables the webhook: see the receiver's log")
            }
            Some(Stop::TokenRefused) => bail!(
                "the token was refused: set {CALLBACK_TOKEN_VARIABLE} to a token whose digest is in the receiver's \
                 CALLBACK_TOKEN_SHA256"
            ),
            None => match self.verification {
                Some(Compared::Table(verification)) => verification.verdict(),
                Some(Compared::Failed { cause, .. }) => Err(cause),
                None => Ok(()),
            },
        }
    }
}
