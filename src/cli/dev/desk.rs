//! Where requests are answered and remembered: the receiver, with a page that watches.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, request};
use serde::Deserialize;
use uuid::Uuid;

use super::feed::{Delivery, Facts, Feed, ReceivedBody};
use crate::{
    clock::now,
    event::QUARANTINE_GROUP,
    receiver::{Contents, Receiver, Unverified, Verified},
    store::{Arrival, Store},
    token::AcceptedTokens,
};

/// The outcomes that no answer of the receiver names.
const REFUSED: &str = "refused";
const FAILED: &str = "failed";
const HANDSHAKE: &str = "handshake";

/// The receiver, its table, and what has arrived.
pub(super) struct Desk {
    pub(super) receiver: Receiver,
    pub(super) tokens: AcceptedTokens,
    pub(super) store: Store,
    pub(super) feed: Arc<Feed>,
}

/// What the answers of the receiver say.
#[derive(Default, Deserialize)]
struct Said {
    outcome: Option<String>,
    outcomes: Option<BTreeMap<String, u64>>,
    error: Option<Error>,
}

#[derive(Deserialize)]
struct Error {
    code: String,
}

impl Desk {
    /// Answers a request as the Lambda does, and remembers what became of it.
    pub(super) async fn receive(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let (mut facts, headers) = (asked(&head.method, &head.uri), head.headers.clone());
        let arrival = arrival();
        facts.received_at = arrival.received_at.to_string();
        facts.request_id.clone_from(&arrival.request_id);
        facts.bytes = body.len();
        let started = Instant::now();
        let answer = self.receiver.answer(Request::from_parts(head, body.clone()), arrival).await;
        facts.milliseconds = milliseconds(started.elapsed());
        let body = self.told(&mut facts, &answer, headers, body);
        self.feed.add(Delivery { facts, body });
        answer
    }

    /// Remembers a request whose body was too large to be read.
    pub(super) fn too_large(&self, head: &request::Parts, status: StatusCode) {
        let facts = Facts {
            received_at: now().to_string(),
            status: status.as_u16(),
            outcomes: [(REFUSED.to_owned(), 1)].into(),
            reason: Some("body-too-large".to_owned()),
            ..asked(&head.method, &head.uri)
        };
        self.feed.add(Delivery { facts, body: ReceivedBody::Unread(Bytes::new()) });
    }

    /// Adds what the answer tells, and what the body tells if its token was right.
    fn told(&self, facts: &mut Facts, answer: &Response<Bytes>, headers: HeaderMap, body: Bytes) -> ReceivedBody {
        let status = answer.status();
        facts.status = status.as_u16();
        let said: Said = serde_json::from_slice(answer.body()).unwrap_or_default();
        let is_delivery = said.outcome.is_some() || said.outcomes.is_some() || status.is_server_error();
        facts.outcomes = match said {
            Said { outcomes: Some(outcomes), .. } => outcomes,
            Said { outcome: Some(outcome), .. } => [(outcome, 1)].into(),
            _ if status.is_server_error() => [(FAILED.to_owned(), 1)].into(),
            _ if status.is_client_error() => [(REFUSED.to_owned(), 1)].into(),
            _ => [(HANDSHAKE.to_owned(), 1)].into(),
        };
        facts.reason = said.error.map(|error| error.code);
        let is_unauthorized = status == StatusCode::UNAUTHORIZED;
        if !is_delivery && !is_unauthorized {
            return ReceivedBody::Unread(body);
        }
        match Unverified::new(headers, body.clone()).verify(&self.tokens) {
            Ok(callback) => {
                describe(facts, &callback);
                ReceivedBody::Verified(callback)
            }
            Err(unauthorized) => {
                facts.reason = Some(unauthorized.to_string());
                ReceivedBody::Unread(body)
            }
        }
    }
}

/// What was asked for.
fn asked(method: &Method, uri: &Uri) -> Facts {
    Facts { method: method.to_string(), path: uri.path().to_owned(), ..Facts::default() }
}

/// Adds what a callback carries.
fn describe(facts: &mut Facts, callback: &Verified) {
    match callback.contents() {
        Contents::One(Ok(event)) => {
            let is_quarantined = facts.outcomes.contains_key(crate::store::Outcome::Quarantined.as_str());
            facts.events = 1;
            facts.group =
                Some(if is_quarantined { QUARANTINE_GROUP.to_owned() } else { event.table_group().into_owned() });
            facts.event_type = Some(event.event_type.into_owned());
            facts.event_id = Some(event.event_id.into_owned());
        }
        Contents::One(Err(reason)) => {
            facts.group = Some(QUARANTINE_GROUP.to_owned());
            facts.reason = Some(reason.as_str().to_owned());
        }
        Contents::Batch(elements) => facts.events = elements.len(),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Makes what API Gateway adds to a request: the time of arrival and an id.
fn arrival() -> Arrival {
    Arrival { received_at: now(), request_id: Some(Uuid::new_v4().to_string()) }
}
