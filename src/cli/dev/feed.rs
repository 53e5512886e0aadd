//! What has arrived in this run, for the page to show as it comes. A bounded number of deliveries is remembered.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::response::sse::Event;
use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

use crate::receiver::Verified;

/// How many deliveries are remembered.
const MOST_DELIVERIES: usize = 500;
/// How many bytes of their bodies are remembered.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A request to the receiver, and what became of it.
pub(super) struct Delivery {
    pub(super) facts: Facts,
    pub(super) body: ReceivedBody,
}

/// A body, as far as the receiver has read it.
pub(super) enum ReceivedBody {
    /// It came with a right token.
    Verified(Verified),
    /// It was not looked at.
    Unread(Bytes),
}

/// What the list shows of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facts {
    /// When it arrived, in RFC 3339.
    pub(super) received_at: String,
    pub(super) request_id: Option<String>,
    pub(super) method: String,
    /// Without the query, which may hold a validation token.
    pub(super) path: String,
    /// The status of the answer.
    pub(super) status: u16,
    /// How many of its events came to what. A batch has several.
    pub(super) outcomes: BTreeMap<String, u64>,
    /// Why it was refused or quarantined.
    pub(super) reason: Option<String>,
    /// How many events it holds.
    pub(super) events: usize,
    /// The group of its only event.
    pub(super) group: Option<String>,
    /// The type of its only event.
    pub(super) event_type: Option<String>,
    /// The id of its only event.
    pub(super) event_id: Option<String>,
    /// Size of the body.
    pub(super) bytes: usize,
    /// How long the answer took.
    pub(super) milliseconds: f64,
}

impl ReceivedBody {
    fn len(&self) -> usize {
        match self {
            Self::Verified(callback) => callback.body().len(),
            Self::Unread(body) => body.len(),
        }
    }
}

/// The deliveries of this run.
pub(super) struct Feed {
    /// Tells this run from others, after which a page begins anew.
    run: String,
    kept: Mutex<Kept>,
    news: watch::Sender<News>,
}

#[derive(Default)]
struct Kept {
    /// The oldest first.
    deliveries: VecDeque<(u64, Arc<Delivery>)>,
    bytes: usize,
    latest: u64,
    /// How many events came to what since the run began.
    counts: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Default)]
struct News {
    latest: u64,
    is_closing: bool,
}

/// What a page is sent: everything that is new to it.
#[derive(Serialize)]
struct Message<'a> {
    run: &'a str,
    most: usize,
    counts: &'a BTreeMap<String, u64>,
    /// The oldest first.
    deliveries: Vec<Numbered<'a>>,
}

#[derive(Serialize)]
struct Numbered<'a> {
    number: u64,
    #[serde(flatten)]
    facts: &'a Facts,
}

impl Feed {
    pub(super) fn new() -> Self {
        let run = Uuid::new_v4().simple().to_string();
        Self { run, kept: Mutex::default(), news: watch::Sender::new(News::default()) }
    }

    /// Remembers a delivery, and forgets the oldest ones if there is no more room.
    pub(super) fn add(&self, delivery: Delivery) {
        let mut kept = self.kept();
        kept.latest += 1;
        let latest = kept.latest;
        for (outcome, events) in &delivery.facts.outcomes {
            *kept.counts.entry(outcome.clone()).or_default() += events;
        }
        kept.bytes += delivery.body.len();
        kept.deliveries.push_back((latest, Arc::new(delivery)));
        while kept.deliveries.len() > MOST_DELIVERIES || kept.bytes > MOST_BYTES {
            let Some((_, oldest)) = kept.deliveries.pop_front() else { break };
            kept.bytes -= oldest.body.len();
        }
        drop(kept);
        // By a later delivery that was quicker, the number may be greater already.
        self.news.send_modify(|news| news.latest = news.latest.max(latest));
    }

    /// The delivery of that number, as long as it is remembered.
    pub(super) fn get(&self, number: u64) -> Option<Arc<Delivery>> {
        let kept = self.kept();
        let found = kept.deliveries.iter().find(|(each, _)| *each == number);
        found.map(|(_, delivery)| delivery.clone())
    }

    /// Ends all streams, so that the server can end.
    pub(super) fn close(&self) {
        self.news.send_modify(|news| news.is_closing = true);
    }

    /// Everything that is remembered behind the event that a page has seen last, then whatever comes.
    pub(super) fn stream(
        self: Arc<Self>,
        last_event_id: Option<&str>,
    ) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
        let seen = last_event_id.and_then(|id| id.strip_prefix(&*self.run)?.strip_prefix('-')?.parse().ok());
        let news = self.news.subscribe();
        // The first message comes at once, however little there is to tell.
        let state = (self, news, seen.unwrap_or(0), true);
        unfold(state, |(feed, mut news, seen, is_first)| async move {
            let is_due = |news: &News| news.is_closing || is_first || news.latest > seen;
            if news.wait_for(is_due).await.ok()?.is_closing {
                return None;
            }
            let (latest, message) = feed.message(seen);
            let event = Event::default().id(format!("{}-{latest}", feed.run)).data(message);
            Some((Ok(event), (feed, news, latest, false)))
        })
    }

    /// What is new since the delivery of that number, and the number up to which it goes.
    fn message(&self, seen: u64) -> (u64, String) {
        let kept = self.kept();
        let new = kept.deliveries.iter().filter(|(number, _)| *number > seen);
        let deliveries = new.map(|(number, delivery)| Numbered { number: *number, facts: &delivery.facts }).collect();
        let message = Message { run: &self.run, most: MOST_DELIVERIES, counts: &kept.counts, deliveries };
        // Strings and numbers under fixed names: nothing that serde_json could fail on.
        (kept.latest, serde_json::to_string(&message).unwrap_or_default())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
