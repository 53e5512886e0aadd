//! HTTP in, HTTP out: the webhook. The Lambda and the local server run the same code.
//!
//! `request` is what came, `route` what it asks for, `callback` the token check, `cloud_events` the second envelope over HTTP,
//! `batch` several of those at once, `answer` what the caller sees, `log_line` what the log says of it.

mod answer;
mod batch;
mod callback;
mod cloud_events;
mod config;
mod grant;
mod handshake;
pub mod lambda;
mod log_line;
mod logging;
pub mod metrics;
mod request;
mod route;

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use tokio::time::{Instant, timeout_at};

use self::{
    answer::{Answer, Delivery, Identity, Kept, Quarantined, Refusal},
    batch::BatchDelivery,
    route::Call,
};
pub use self::{
    callback::{CALLBACK_TOKEN_HEADER, Contents, Unauthorized, Unverified, Verified},
    config::{CALLBACK_TOKEN_SHA256, Config, ConfigError, RETENTION_DAYS, TABLE_NAME},
    logging::{init_logging, init_logging_with},
    request::{Body, WebhookRequest},
};
use crate::{
    store::{Arrival, QuarantineReason, Record, Store, StoreError},
    token::AcceptedTokens,
};

/// The path that senders are told to call.
pub const WEBHOOK_PATH: &str = "/webhook";

/// How long after its arrival here a delivery that is still not stored is given up, retries and all. Kaizala's own limit is
/// unknown; the answer is due within four seconds, and this leaves the runtime its share of them.
const STORE_DEADLINE: Duration = Duration::from_millis(3600);

/// What storing gets beyond the deadline if need be: as long as the store waits for one answer. A body that takes a small
/// function seconds to read is read as slowly at every redelivery, and must not be refused for it.
const ONE_ATTEMPT: Duration = Duration::from_millis(1500);

/// The webhook. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    shared: Arc<Shared>,
    store_deadline: Duration,
}

struct Shared {
    tokens: AcceptedTokens,
    store: Store,
}

impl Receiver {
    /// A receiver that accepts those tokens and writes to that store.
    pub fn new(tokens: AcceptedTokens, store: Store) -> Self {
        Self { shared: Arc::new(Shared { tokens, store }), store_deadline: STORE_DEADLINE }
    }

    /// The same receiver with another deadline for storing, counted from the arrival of a delivery. Whatever it is, one
    /// attempt is made.
    #[must_use]
    pub fn with_store_deadline(self, store_deadline: Duration) -> Self {
        Self { store_deadline, ..self }
    }

    /// Answers one request, and logs the answer: in one line, for a batch in one line for each outcome.
    pub async fn answer(&self, request: impl Into<WebhookRequest>, arrival: Arrival) -> Response<Bytes> {
        let request_id = arrival.request_id.clone();
        let answer = match Call::read(request.into()) {
            Ok(Call::Handshake { token }) => Answer::ValidationToken(token),
            Ok(Call::Permission { origin }) => Answer::Permission { origin },
            Ok(Call::Callback(callback)) => self.receive(callback, arrival).await,
            Err(refusal) => Answer::Refused(refusal),
        };
        log_line::write(&answer, request_id.as_deref());
        answer.into_response()
    }

    async fn receive(&self, callback: Unverified, arrival: Arrival) -> Answer {
        let deadline = Instant::now() + self.store_deadline;
        let callback = match callback.verify(&self.shared.tokens) {
            Ok(callback) => callback,
            Err(unauthorized) => return Answer::Refused(Refusal::Unauthorized(unauthorized)),
        };
        let store = &self.shared.store;
        let storing = Instant::now();
        let event = match callback.contents() {
            Contents::One(event) => event,
            Contents::Batch(elements) => {
                let body = callback.body();
                let elements: Vec<_> = elements.iter().map(|element| body.slice_ref(element.as_bytes())).collect();
                let events = elements.len();
                let kept = in_time(deadline, Box::pin(batch::keep_all(store, elements, &arrival))).await;
                return Answer::Batch(BatchDelivery::new(kept, events, body.len(), storing));
            }
        };
        let keeping = async {
            let record = event.as_ref().map(|event| Record::of_event(event, arrival.clone())).map_err(|reason| *reason);
            keep(store, record, callback.body(), arrival).await
        };
        let kept = in_time(deadline, Box::pin(keeping)).await;
        Answer::Delivery(Delivery {
            event: event.ok().map(|event| Identity {
                sender: event.sender(),
                known_type: event.known_type(),
                group: event.table_group().into_owned(),
                event_id: event.event_id.into_owned(),
                event_type: event.event_type.into_owned(),
            }),
            kept,
            body_bytes: callback.body().len(),
            store_latency: storing.elapsed(),
        })
    }
}

/// Keeps one event, or a body that is not one.
async fn keep(
    store: &Store,
    record: Result<Record, QuarantineReason>,
    body: &Bytes,
    arrival: Arrival,
) -> Result<Kept, StoreError> {
    let (reason, rejection) = match record {
        Ok(record) => match store.put(&record, body).await {
            Ok(outcome) => return Ok(Kept { outcome, quarantined: None }),
            // It would be refused again at every retry, until Kaizala disables the webhook. Quarantine takes any body; if
            // DynamoDB rejects that too, it is the table that is wrong.
            Err(error) => match QuarantineReason::of_failure(&error) {
                Some(reason) => (reason, Some(error)),
                None => return Err(error),
            },
        },
        Err(reason) => (reason, None),
    };
    let record = Record::of_quarantined(body, reason, arrival);
    let outcome = store.put(&record, body).await?;
    Ok(Kept { outcome, quarantined: Some(Quarantined { reason, rejection }) })
}

/// Waits for `storing` until the deadline, and however late it is, for one attempt. On the heap, since the compiler gives up
/// on types as deep as that of a request to DynamoDB within a Lambda's service.
async fn in_time<T>(
    deadline: Instant,
    mut storing: Pin<Box<impl Future<Output = Result<T, StoreError>>>>,
) -> Result<T, StoreError> {
    // All that is computed before the first request goes out happens before the first wait.
    if let Poll::Ready(stored) = poll_fn(|context| Poll::Ready(storing.as_mut().poll(context))).await {
        return stored;
    }
    let deadline = deadline.max(Instant::now() + ONE_ATTEMPT);
    timeout_at(deadline, storing).await.unwrap_or(Err(StoreError::TimedOut))
}
