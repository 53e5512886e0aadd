//! HTTP in, HTTP out: the webhook as a `tower` service over `http` types.
//!
//! The Lambda and the local server run this same service; what is theirs alone, such as where a request's arrival time
//! comes from, they hand over in the request's extensions as an [`Arrival`].

mod answer;
mod callback;
mod config;
mod handshake;
mod lambda;
mod logging;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use tower_service::Service;
use tracing::{error, info, warn};

use self::answer::{Answer, Refusal};
pub use self::{
    callback::{CALLBACK_TOKEN_HEADER, Unauthorized, Unverified, Verified},
    config::{CALLBACK_TOKEN_SHA256, Config, ConfigError, RETENTION_DAYS, TABLE_NAME},
    lambda::LambdaReceiver,
    logging::init_logging,
};
use crate::{
    event::{Event, Timestamp, Unreadable},
    store::{Arrival, Outcome, QuarantineReason, Record, Store, StoreError},
    token::AcceptedTokens,
};

/// The path that Kaizala is told to call.
pub const WEBHOOK_PATH: &str = "/webhook";

/// The webhook. Cheap to clone.
#[derive(Clone)]
pub struct Receiver(Arc<Parts>);

struct Parts {
    tokens: AcceptedTokens,
    store: Store,
}

impl Receiver {
    /// A receiver that accepts those tokens and writes to that store.
    pub fn new(tokens: AcceptedTokens, store: Store) -> Self {
        Self(Arc::new(Parts { tokens, store }))
    }

    /// Answers one request. Every answer is logged in one line.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (mut head, body) = request.into_parts();
        let arrival = head.extensions.remove().unwrap_or_else(|| Arrival { received_at: now(), request_id: None });
        let request_id = arrival.request_id.clone();
        let answered = if head.uri.path() != WEBHOOK_PATH {
            Err(Refusal::NotFound)
        } else if head.method == Method::GET {
            handshake::validation_token(head.uri.query()).and_then(|token| token.ok_or(Refusal::NoValidationToken))
        } else if head.method == Method::POST {
            match handshake::validation_token(head.uri.query()) {
                // Only an empty body makes it a handshake: an event stays one whatever is in the query.
                Ok(Some(token)) if body.is_empty() => Ok(token),
                Err(refusal) if body.is_empty() => Err(refusal),
                _ => return self.receive(Unverified::new(head.headers, body), arrival).await,
            }
        } else {
            Err(Refusal::MethodNotAllowed)
        };
        match answered {
            Ok(token) => {
                info!(requestId = request_id, "handshake");
                Answer::ValidationToken(token).into_response()
            }
            Err(refusal) => refuse(refusal, request_id.as_deref()),
        }
    }

    /// Answers a callback.
    async fn receive(&self, callback: Unverified, arrival: Arrival) -> Response<Bytes> {
        let started = Instant::now();
        let request_id = arrival.request_id.clone();
        let callback = match callback.verify(&self.0.tokens) {
            Ok(callback) => callback,
            Err(unauthorized) => return refuse(Refusal::Unauthorized(unauthorized), request_id.as_deref()),
        };
        let event = callback.event();
        let kept = self.keep(&callback, &event, arrival).await;
        let line = DeliveryLine {
            event: event.as_ref().ok(),
            request_id: request_id.as_deref(),
            body_bytes: callback.body().len(),
            duration_ms: started.elapsed().as_secs_f64() * 1000.0,
        };
        match kept {
            Ok(kept) => {
                line.log(&kept);
                let event_id = event.as_ref().ok().map(|event| &*event.event_id);
                Answer::Delivery { outcome: kept.outcome, event_id }.into_response()
            }
            Err(error) => {
                line.log_failure(&error);
                Refusal::StoreUnavailable.into_response()
            }
        }
    }

    async fn keep(
        &self,
        callback: &Verified,
        event: &Result<Event<'_>, Unreadable>,
        arrival: Arrival,
    ) -> Result<Kept, StoreError> {
        let body = callback.body();
        let reason = match event {
            Ok(event) => {
                let record = Record::of_event(event, arrival.clone());
                match self.0.store.put(&record, body).await {
                    // It would be refused again at every retry, until Kaizala disables the webhook. Quarantine takes
                    // any body; if DynamoDB rejects that too, it is the table that is wrong.
                    Err(StoreError::Rejected(_)) => QuarantineReason::RejectedByStore,
                    kept => return Ok(Kept { outcome: kept?, group: record.group().to_owned(), reason: None }),
                }
            }
            Err(unreadable) => QuarantineReason::Unreadable(*unreadable),
        };
        let record = Record::of_quarantined(body, reason, arrival);
        let outcome = self.0.store.put(&record, body).await?;
        Ok(Kept { outcome, group: record.group().to_owned(), reason: Some(reason) })
    }
}

/// Where a delivery ended up.
struct Kept {
    outcome: Outcome,
    group: String,
    reason: Option<QuarantineReason>,
}

/// The log line of a delivery: ids and figures, nothing that people wrote.
struct DeliveryLine<'a> {
    event: Option<&'a Event<'a>>,
    request_id: Option<&'a str>,
    body_bytes: usize,
    duration_ms: f64,
}

impl DeliveryLine<'_> {
    fn log(&self, kept: &Kept) {
        let (event_id, event_type) = self.names();
        // The macros want their fields spelled out at each level.
        match kept.reason {
            None => info!(
                outcome = kept.outcome.as_str(),
                eventId = event_id,
                eventType = event_type,
                groupId = kept.group,
                requestId = self.request_id,
                bodyBytes = self.body_bytes,
                duration_ms = self.duration_ms,
                "delivery"
            ),
            Some(reason) => warn!(
                outcome = kept.outcome.as_str(),
                reason = reason.as_str(),
                eventId = event_id,
                eventType = event_type,
                groupId = kept.group,
                requestId = self.request_id,
                bodyBytes = self.body_bytes,
                duration_ms = self.duration_ms,
                "delivery"
            ),
        }
    }

    fn log_failure(&self, error: &StoreError) {
        let (event_id, event_type) = self.names();
        error!(
            outcome = "failed",
            failure = error.kind(),
            error = %error,
            eventId = event_id,
            eventType = event_type,
            requestId = self.request_id,
            bodyBytes = self.body_bytes,
            duration_ms = self.duration_ms,
            "delivery"
        );
    }

    fn names(&self) -> (Option<&str>, Option<&str>) {
        (self.event.map(|event| &*event.event_id), self.event.map(|event| &*event.event_type))
    }
}

fn refuse(refusal: Refusal, request_id: Option<&str>) -> Response<Bytes> {
    warn!(reason = %refusal, requestId = request_id, "refused");
    refusal.into_response()
}

/// The time by the clock.
pub fn now() -> Timestamp {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis());
    i64::try_from(millis).ok().and_then(Timestamp::from_epoch_millis).unwrap_or(Timestamp::EPOCH)
}

impl Service<Request<Bytes>> for Receiver {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let receiver = self.clone();
        Box::pin(async move { Ok(receiver.answer(request).await) })
    }
}
