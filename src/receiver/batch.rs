//! Several CloudEvents in one delivery: each is kept as an event of its own.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use bytes::Bytes;
use tokio::{task::JoinSet, time::Instant};

use super::{
    answer::{Kept, Quarantined},
    keep,
};
use crate::{
    event::Event,
    store::{Arrival, Outcome, QuarantineReason, Record, Store, StoreError},
};

/// How many events are being written at once. Each may need a connection, and a small function takes its time to open one.
const AT_ONCE: usize = 8;

/// What became of a batch with a right token.
pub(super) struct BatchDelivery {
    /// What became of the events, by the name of the outcome, or the error for which all of them are to be sent again.
    pub(super) kept: Result<BTreeMap<&'static str, Share>, StoreError>,
    /// How many events it has.
    pub(super) events: usize,
    pub(super) body_bytes: usize,
    /// How long DynamoDB took, for all of them together.
    pub(super) store_latency: Duration,
}

/// The events of a batch that came to the same.
#[derive(Default)]
pub(super) struct Share {
    pub(super) events: usize,
    pub(super) bytes: usize,
    /// Why they are in quarantine.
    pub(super) reasons: Vec<&'static str>,
    /// What DynamoDB said, when that is why.
    pub(super) rejection: Option<StoreError>,
}

/// Keeps every event of a batch. After an error the others are kept all the same, so that the repeat has less to do.
pub(super) async fn keep_all(
    store: &Store,
    elements: Vec<Bytes>,
    arrival: &Arrival,
) -> Result<BTreeMap<&'static str, Share>, StoreError> {
    let mut results = Results::default();
    let mut under_way = JoinSet::new();
    let mut seen = HashSet::new();
    for element in elements {
        let event = Event::parse_cloud_event(&element).map_err(QuarantineReason::Unreadable);
        let record = event.map(|event| Record::of_event(&event, arrival.clone()));
        // All of them come with one request: the store would take a second one for its own retry.
        if record.as_ref().is_ok_and(|record| !seen.insert(record.identity())) {
            results.add(Ok(Kept { outcome: Outcome::Duplicate, quarantined: None }), element.len());
            continue;
        }
        if under_way.len() == AT_ONCE
            && let Some(done) = under_way.join_next().await
        {
            results.add_done(done);
        }
        let (store, arrival) = (store.clone(), arrival.clone());
        under_way.spawn(async move {
            let kept = keep(&store, record, &element, arrival).await;
            (kept, element.len())
        });
    }
    while let Some(done) = under_way.join_next().await {
        results.add_done(done);
    }
    results.failure.map_or(Ok(results.shares), Err)
}

#[derive(Default)]
struct Results {
    shares: BTreeMap<&'static str, Share>,
    failure: Option<StoreError>,
}

impl Results {
    fn add_done(&mut self, done: Result<(Result<Kept, StoreError>, usize), tokio::task::JoinError>) {
        match done {
            Ok((kept, bytes)) => self.add(kept, bytes),
            // A panic costs this answer, as it does for one event.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn add(&mut self, kept: Result<Kept, StoreError>, bytes: usize) {
        let Kept { outcome, quarantined } = match kept {
            Ok(kept) => kept,
            Err(error) => {
                self.failure.get_or_insert(error);
                return;
            }
        };
        let share = self.shares.entry(outcome.as_str()).or_default();
        share.events += 1;
        share.bytes += bytes;
        if let Some(Quarantined { reason, rejection }) = quarantined {
            if !share.reasons.contains(&reason.as_str()) {
                share.reasons.push(reason.as_str());
            }
            share.rejection = share.rejection.take().or(rejection);
        }
    }
}

impl BatchDelivery {
    pub(super) fn new(
        kept: Result<BTreeMap<&'static str, Share>, StoreError>,
        events: usize,
        body_bytes: usize,
        since: Instant,
    ) -> Self {
        Self { kept, events, body_bytes, store_latency: since.elapsed() }
    }
}
