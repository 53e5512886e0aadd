//! What became of the deliveries of a run.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde_json::Value;

use super::sender::Delivery;

/// What became of the deliveries so far.
pub struct Tally {
    /// How many events have happened, edits not counted.
    pub events: u64,
    /// How many deliveries have ended, whatever their end; retries not counted.
    pub deliveries: u64,
    /// How many deliveries were sent once more because their answer was lost.
    pub lost_answers: u64,
    /// How often a delivery was sent again because it had not been accepted.
    pub retries: u64,
    /// How many deliveries ended each way, by the outcome that the receiver named, or by how they failed.
    pub outcomes: BTreeMap<String, u64>,
    /// How long the last attempt of each delivery took, in microseconds.
    latency: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let latency = Histogram::new(3).expect("three significant digits are allowed");
        Self { events: 0, deliveries: 0, lost_answers: 0, retries: 0, outcomes: BTreeMap::new(), latency }
    }
}

impl Tally {
    /// Counts a delivery.
    pub fn add(&mut self, delivery: &Delivery) {
        self.deliveries += 1;
        self.retries += u64::from(delivery.attempts - 1);
        *self.outcomes.entry(outcome(delivery)).or_default() += 1;
        // The histogram grows as far as it has to; the sender gives up after seconds.
        let recorded = self.latency.record(delivery.latency.as_micros().try_into().unwrap_or(u64::MAX));
        debug_assert!(recorded.is_ok(), "a latency cannot be recorded");
    }

    /// The latency in milliseconds that this share of the deliveries did not exceed; 0.5 is the median, 1.0 the maximum.
    #[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^52 microseconds")]
    pub fn latency_ms(&self, share: f64) -> f64 {
        self.latency.value_at_quantile(share) as f64 / 1000.0
    }
}

fn outcome(delivery: &Delivery) -> String {
    match delivery.status {
        Some(status) if status.is_success() => serde_json::from_slice::<Value>(&delivery.body)
            .ok()
            .and_then(|answer| answer["outcome"].as_str().map(str::to_owned))
            .unwrap_or_else(|| status.as_str().to_owned()),
        Some(status) => format!("failed with {}", status.as_u16()),
        None => "failed without an answer".to_owned(),
    }
}
