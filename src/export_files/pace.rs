//! A limit on the read units that a scan takes.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Spreads requests so that they take no more than so many read units a second on average.
pub(super) struct ReadPace {
    units_a_second: f64,
    /// When the next request may be sent.
    next: Mutex<Instant>,
}

impl ReadPace {
    pub(super) fn new(units_a_second: u32) -> Self {
        Self { units_a_second: f64::from(units_a_second.max(1)), next: Mutex::new(Instant::now()) }
    }

    pub(super) async fn wait(&self) {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        tokio::time::sleep_until(next).await;
    }

    /// Notes the units of a request, which are known once it is answered: the next request waits for them.
    pub(super) fn took(&self, units: f64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Instant::now().max(*next) + Duration::from_secs_f64(units / self.units_a_second);
    }
}
