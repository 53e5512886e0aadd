//! HTTP in, HTTP out: the webhook. The Lambda and the local server run the same code.
//!
//! `request` is what came, `route` what it asks for, `callback` the token check, `answer` what the caller sees, `log_line`
//! what the log says of it.

mod answer;
mod callback;
mod config;
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
    route::Call,
};
pub use self::{
    callback::{CALLBACK_TOKEN_HEADER, Unauthorized, Unverified, Verified},
    config::{CALLBACK_TOKEN_SHA256, Config, ConfigError, RETENTION_DAYS, TABLE_NAME},
    logging::{init_logging, init_logging_with},
    request::{Body, WebhookRequest},
};
use crate::{
    event::Event,
    store::{Arrival, QuarantineReason, Record, Store, StoreError},
    token::AcceptedTokens,
};

/// The path that Kaizala is told to call.
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

    /// Answers one request, and logs the answer in one line.
    pub async fn answer(&self, request: impl Into<WebhookRequest>, arrival: Arrival) -> Response<Bytes> {
        let request_id = arrival.request_id.clone();
        let answer = match Call::read(request.into()) {
            Ok(Call::Handshake { token }) => Answer::ValidationToken(token),
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
        let event = callback.event();
        let storing = Instant::now();
        let kept = in_time(deadline, Box::pin(self.keep(&callback, &event, arrival))).await;
        Answer::Delivery(Delivery {
            event: event.ok().map(|event| Identity {
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

    async fn keep(
        &self,
        callback: &Verified,
        event: &Result<Event<'_>, QuarantineReason>,
        arrival: Arrival,
    ) -> Result<Kept, StoreError> {
        let (store, body) = (&self.shared.store, callback.body());
        let (reason, rejection) = match event {
            Ok(event) => {
                let record = Record::of_event(event, arrival.clone());
                match store.put(&record, body).await {
                    Ok(outcome) => return Ok(Kept { outcome, quarantined: None }),
                    // It would be refused again at every retry, until Kaizala disables the webhook. Quarantine takes
                    // any body; if DynamoDB rejects that too, it is the table that is wrong.
                    Err(error) => match QuarantineReason::of_failure(&error) {
                        Some(reason) => (reason, Some(error)),
                        None => return Err(error),
                    },
                }
            }
            Err(reason) => (*reason, None),
        };
        let record = Record::of_quarantined(body, reason, arrival);
        let outcome = store.put(&record, body).await?;
        Ok(Kept { outcome, quarantined: Some(Quarantined { reason, rejection }) })
    }
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
