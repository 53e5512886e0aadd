//! What callers see. Everything that is decided inside becomes HTTP here and nowhere else.

use std::{collections::BTreeMap, fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS},
};
use serde::Serialize;

use super::{
    batch::BatchDelivery,
    callback::Unauthorized,
    grant::{ALLOWED_ORIGIN, ALLOWED_RATE},
    handshake::MAX_TOKEN_BYTES,
};
use crate::{
    event::{EventType, QUARANTINE_GROUP, Sender},
    store::{Outcome, QuarantineReason, StoreError},
};

/// Seconds after which a delivery that could not be stored is welcome again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("30");
const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const ANY_RATE: HeaderValue = HeaderValue::from_static("*");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");

/// What became of a request.
pub(super) enum Answer {
    /// The validation token, byte for byte.
    ValidationToken(Vec<u8>),
    /// That sender of CloudEvents may deliver, as often as it likes.
    Permission { origin: String },
    /// The callback bore a right token.
    Delivery(Delivery),
    /// The callback bore a right token, and several events.
    Batch(BatchDelivery),
    /// The request is not served.
    Refused(Refusal),
}

/// What became of a callback with a right token.
pub(super) struct Delivery {
    /// `None` when the body is not an event.
    pub(super) event: Option<Identity>,
    pub(super) kept: Result<Kept, StoreError>,
    pub(super) body_bytes: usize,
    /// How long DynamoDB took, all attempts together.
    pub(super) store_latency: Duration,
}

/// By what an event is known to whoever looks for it.
pub(super) struct Identity {
    pub(super) sender: Sender,
    pub(super) event_id: String,
    pub(super) event_type: String,
    pub(super) known_type: Option<EventType>,
    pub(super) group: String,
}

/// A delivery that is durable.
pub(super) struct Kept {
    pub(super) outcome: Outcome,
    pub(super) quarantined: Option<Quarantined>,
}

/// Why a delivery is in quarantine.
pub(super) struct Quarantined {
    pub(super) reason: QuarantineReason,
    /// What DynamoDB said, when that is why.
    pub(super) rejection: Option<StoreError>,
}

/// A request that is not served. Displays as the reason in the log; the caller sees [`Refusal::message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    MethodNotAllowed,
    NoValidationToken,
    InvalidValidationToken,
    Unauthorized(Unauthorized),
    StoreUnavailable,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryBody<'a> {
    outcome: &'static str,
    event_id: Option<&'a str>,
}

/// How many events of a batch came to what.
#[derive(Serialize)]
struct BatchBody {
    outcomes: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Serialize)]
struct ErrorDetail {
    code: &'static str,
    message: String,
}

impl Answer {
    pub(super) fn into_response(self) -> Response<Bytes> {
        match self {
            Self::ValidationToken(token) => response(StatusCode::OK, PLAIN_TEXT, token.into()),
            Self::Delivery(Delivery { kept: Ok(kept), event, .. }) => {
                let event_id = event.as_ref().map(|event| &*event.event_id);
                json(StatusCode::OK, &DeliveryBody { outcome: kept.outcome.as_str(), event_id })
            }
            Self::Batch(BatchDelivery { kept: Ok(shares), .. }) => {
                let outcomes = shares.into_iter().map(|(outcome, share)| (outcome, share.events)).collect();
                json(StatusCode::OK, &BatchBody { outcomes })
            }
            Self::Delivery(Delivery { kept: Err(_), .. }) | Self::Batch(BatchDelivery { kept: Err(_), .. }) => {
                Refusal::StoreUnavailable.into_response()
            }
            Self::Permission { origin } => permission(&origin),
            Self::Refused(refusal) => refusal.into_response(),
        }
    }
}

impl Delivery {
    /// The group in which the delivery lies, or would if it could be stored.
    pub(super) fn group(&self) -> &str {
        match (&self.event, &self.kept) {
            (Some(event), Ok(Kept { quarantined: None, .. }) | Err(_)) => &event.group,
            _ => QUARANTINE_GROUP,
        }
    }
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoValidationToken | Self::InvalidValidationToken => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What kind of refusal it is, for the caller and the metrics.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::NoValidationToken => "validation-token-missing",
            Self::InvalidValidationToken => "validation-token-invalid",
            Self::Unauthorized(_) => "unauthorized",
            Self::StoreUnavailable => "store-unavailable",
        }
    }

    /// Tells an honest caller what to do, and a dishonest one nothing: not, for instance, what is wrong with a token.
    fn message(self) -> String {
        match self {
            Self::NotFound => format!("Nothing is here. The webhook is at {}.", super::WEBHOOK_PATH),
            Self::MethodNotAllowed => "Use POST to deliver an event, GET or, for CloudEvents, OPTIONS with WebHook-Request-Origin to validate the URL."
                .to_owned(),
            Self::NoValidationToken => {
                "Add the query parameter validationToken to validate the URL, or use POST to deliver an event."
                    .to_owned()
            }
            Self::InvalidValidationToken => format!("validationToken must have 1 to {MAX_TOKEN_BYTES} bytes."),
            Self::Unauthorized(_) => format!(
                "Send the callback token of the subscription in the header {}, or as Authorization: Bearer, once.",
                super::CALLBACK_TOKEN_HEADER
            ),
            Self::StoreUnavailable => "The event could not be stored. Deliver it again.".to_owned(),
        }
    }

    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::MethodNotAllowed => Some((ALLOW, ALLOWED_METHODS)),
            Self::StoreUnavailable => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
            _ => None,
        }
    }

    fn into_response(self) -> Response<Bytes> {
        let body = ErrorBody { error: ErrorDetail { code: self.code(), message: self.message() } };
        let mut response = json(self.status(), &body);
        response.headers_mut().extend(self.header());
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized(unauthorized) => unauthorized.fmt(f),
            other => f.write_str(other.code()),
        }
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Strings under fixed names: nothing that serde_json could fail on.
    let body = serde_json::to_vec(body).unwrap_or_default();
    response(status, JSON, body.into())
}

/// Of a name that was read out of a header and is ASCII, so that it fits into one.
fn permission(origin: &str) -> Response<Bytes> {
    let mut response = bare(StatusCode::OK, Bytes::new());
    let headers = response.headers_mut();
    headers.insert(ALLOW, ALLOWED_METHODS);
    headers.insert(ALLOWED_RATE, ANY_RATE);
    headers.extend(HeaderValue::from_str(origin).ok().map(|origin| (HeaderName::from_static(ALLOWED_ORIGIN), origin)));
    response
}

fn response(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Bytes> {
    let mut response = bare(status, body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn bare(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
