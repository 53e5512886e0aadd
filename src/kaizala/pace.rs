//! How fast and how often Kaizala is called.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// How fast Kaizala is called, how often a call is repeated, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many calls are made in a [`window`](Self::window).
    pub calls: usize,
    /// The time in which calls are counted.
    pub window: Duration,
    /// How often a call is sent at most if its failures are temporary.
    pub attempts: u32,
    /// The longest pause before the second attempt. It doubles with each further attempt. The actual pause is random, between
    /// zero and this, so that several clients do not repeat their calls at the same moment.
    pub first_pause: Duration,
    /// The longest pause that Kaizala may ask for. A longer one is an error, since somebody is waiting for the command.
    pub longest_wait: Duration,
    /// How long a call may take.
    pub timeout: Duration,
}

impl Default for Pace {
    /// By Microsoft's documentation, Kaizala allows 100 calls a minute for each connector, and a minute for each call. This
    /// leaves some calls for another command that runs at the same time.
    fn default() -> Self {
        Self {
            calls: 90,
            window: Duration::from_mins(1),
            attempts: 6,
            first_pause: Duration::from_secs(1),
            longest_wait: Duration::from_mins(5),
            timeout: Duration::from_mins(1),
        }
    }
}

impl Pace {
    /// The pause before the next attempt.
    pub(super) fn pause(&self, failed_attempts: u32) -> Duration {
        let longest = self.first_pause * 2_u32.saturating_pow(failed_attempts.saturating_sub(1));
        let share = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
        longest.mul_f64(share)
    }
}

/// Limits the calls in any window of time of a given length. Further calls wait.
#[derive(Debug)]
pub struct Limiter {
    calls: usize,
    window: Duration,
    passed: Mutex<VecDeque<Instant>>,
}

impl Limiter {
    /// A limiter that lets `calls` pass in a `window`; at least one.
    pub fn new(calls: usize, window: Duration) -> Self {
        Self { calls: calls.max(1), window, passed: Mutex::default() }
    }

    /// Waits until another call may be made, and counts it.
    pub async fn pass(&self) {
        // A call that waits holds the lock, so that calls are made in the order in which they came.
        let mut passed = self.passed.lock().await;
        if passed.len() >= self.calls
            && let Some(oldest) = passed.pop_front()
        {
            sleep_until(oldest + self.window).await;
        }
        passed.push_back(Instant::now());
    }
}
