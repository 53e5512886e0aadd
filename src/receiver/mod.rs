//! HTTP in, HTTP out: the webhook as a `tower` service over `http` types.
//!
//! The Lambda and the local server run this same service; what is theirs alone, such as where a request's arrival time
//! comes from, they hand over in the request's extensions as an [`Arrival`].

mod answer;
mod callback;
mod config;
mod delivery_line;
mod handshake;
mod lambda;
mod logging;
pub mod metrics;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response};
use tokio::time::{Instant, timeout_at};
use tower_service::Service;
use tracing::{info, warn};

use self::{
    answer::{Answer, Refusal},
    delivery_line::{DeliveryLine, Kept, Quarantined},
    metrics::{REASON, REFUSAL_LINE, REFUSED},
};
pub use self::{
    callback::{CALLBACK_TOKEN_HEADER, Unauthorized, Unverified, Verified},
    config::{CALLBACK_TOKEN_SHA256, Config, ConfigError, RETENTION_DAYS, TABLE_NAME},
    lambda::LambdaReceiver,
    logging::init_logging,
};
use crate::{
    clock::now,
    event::{Event, Unreadable},
    store::{Arrival, QuarantineReason, Record, Store, StoreError},
    token::AcceptedTokens,
};

/// The path that Kaizala is told to call.
pub const WEBHOOK_PATH: &str = "/webhook";

/// When a delivery that is still not stored is given up, counted from its arrival here, retries and all. Kaizala's own
/// limit is unknown; the answer is due within four seconds, and this leaves the runtime its share of them.
const STORE_DEADLINE: Duration = Duration::from_millis(3600);

/// The webhook. Cheap to clone.
#[derive(Clone)]
pub struct Receiver(Arc<Shared>);

struct Shared {
    tokens: AcceptedTokens,
    store: Store,
}

impl Receiver {
    /// A receiver that accepts those tokens and writes to that store.
    pub fn new(tokens: AcceptedTokens, store: Store) -> Self {
        Self(Arc::new(Shared { tokens, store }))
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
        let deadline = Instant::now() + STORE_DEADLINE;
        let request_id = arrival.request_id.clone();
        let callback = match callback.verify(&self.0.tokens) {
            Ok(callback) => callback,
            Err(unauthorized) => return refuse(Refusal::Unauthorized(unauthorized), request_id.as_deref()),
        };
        let event = callback.event();
        let storing = Instant::now();
        let kept = timeout_at(deadline, self.keep(&callback, &event, arrival)).await;
        let kept = kept.unwrap_or(Err(StoreError::TimedOut));
        let store_latency = storing.elapsed();
        let event = event.ok();
        DeliveryLine {
            event: event.as_ref(),
            kept: kept.as_ref(),
            request_id: request_id.as_deref(),
            body_bytes: callback.body().len(),
            store_latency,
        }
        .write();
        match kept {
            Ok(kept) => {
                let event_id = event.as_ref().map(|event| &*event.event_id);
                Answer::Delivery { outcome: kept.outcome, event_id }.into_response()
            }
            Err(_) => Refusal::StoreUnavailable.into_response(),
        }
    }

    async fn keep(
        &self,
        callback: &Verified,
        event: &Result<Event<'_>, Unreadable>,
        arrival: Arrival,
    ) -> Result<Kept, StoreError> {
        let body = callback.body();
        let (reason, rejection) = match event {
            Ok(event) => {
                let record = Record::of_event(event, arrival.clone());
                match self.0.store.put(&record, body).await {
                    Ok(outcome) => return Ok(Kept { outcome, quarantined: None }),
                    // It would be refused again at every retry, until Kaizala disables the webhook. Quarantine takes
                    // any body; if DynamoDB rejects that too, it is the table that is wrong.
                    Err(error) => match QuarantineReason::of_failure(&error) {
                        Some(reason) => (reason, Some(error)),
                        None => return Err(error),
                    },
                }
            }
            Err(unreadable) => (QuarantineReason::Unreadable(*unreadable), None),
        };
        let record = Record::of_quarantined(body, reason, arrival);
        let outcome = self.0.store.put(&record, body).await?;
        Ok(Kept { outcome, quarantined: Some(Quarantined { reason, rejection }) })
    }
}

fn refuse(refusal: Refusal, request_id: Option<&str>) -> Response<Bytes> {
    warn!(
        target: REFUSAL_LINE,
        requestId = request_id,
        { REASON } = refusal.code(),
        { REFUSED } = 1,
        // Tells what is wrong with a token, which neither the caller nor the bill should.
        reason = %refusal,
        "refused"
    );
    refusal.into_response()
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
