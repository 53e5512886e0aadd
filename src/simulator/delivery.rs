//! A whole run: several workers deliver a plan side by side, until it ends or the sender stops.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{plan::DeliveryPlan, sender::Sender, tally::Tally};

/// How a plan is delivered.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryOptions {
    /// How many deliveries are under way at once.
    pub concurrency: u16,
    /// Deliveries a second on average, at least 1; `None` for no limit.
    pub rate: Option<u32>,
    /// Share of the deliveries whose answer is lost on its way, so that they are sent once more.
    pub lost_answers: f64,
    /// Decides whose answer is lost.
    pub seed: u64,
}

/// Delivers a plan and returns what became of it. `watch` is called after every delivery.
pub async fn deliver(
    sender: Arc<Sender>,
    plan: DeliveryPlan,
    options: DeliveryOptions,
    watch: impl Fn(&Tally) + Send + Sync + 'static,
) -> Tally {
    let pace = options.rate.map(|rate| {
        let mut pace = interval(Duration::from_secs(1) / rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        tokio::sync::Mutex::new(pace)
    });
    let run = Arc::new(Run {
        sender,
        plan: Mutex::new(plan),
        tally: Mutex::default(),
        pace,
        lost_answers: options.lost_answers,
        watch,
    });
    let mut workers = JoinSet::new();
    for number in 0..options.concurrency {
        let mut random = ChaCha8Rng::seed_from_u64(options.seed);
        // Stream 0 is the plan's.
        random.set_stream(u64::from(number) + 1);
        workers.spawn(run.clone().work(random));
    }
    workers.join_all().await;
    std::mem::take(&mut *lock(&run.tally))
}

/// What the workers share.
struct Run<W> {
    sender: Arc<Sender>,
    plan: Mutex<DeliveryPlan>,
    tally: Mutex<Tally>,
    pace: Option<tokio::sync::Mutex<Interval>>,
    lost_answers: f64,
    watch: W,
}

impl<W: Fn(&Tally)> Run<W> {
    async fn work(self: Arc<Self>, mut random: ChaCha8Rng) {
        while self.sender.stopped().is_none() {
            let Some(body) = self.next() else { return };
            if let Some(pace) = &self.pace {
                pace.lock().await.tick().await;
            }
            if random.random_bool(self.lost_answers) {
                self.sender.attempt(body.clone(), 1).await;
                lock(&self.tally).lost_answers += 1;
            }
            if let Some(delivery) = self.sender.deliver(body).await {
                let mut tally = lock(&self.tally);
                tally.add(&delivery);
                (self.watch)(&tally);
            }
        }
    }

    fn next(&self) -> Option<Bytes> {
        let mut plan = lock(&self.plan);
        let body = plan.next();
        lock(&self.tally).events = plan.happened();
        body
    }
}

/// A worker that panicked ends the run anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
