//! Sends a call and repeats it where that helps: after a pause if Kaizala asks for one, after a temporary failure, and at the new
//! endpoint if the API has moved.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT},
};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::{sleep, timeout};

use super::{
    base_url::BaseUrl,
    error::ApiError,
    message::scrubbed,
    pace::{Limiter, Pace},
};
use crate::http_client::{HttpClient, http_client};

/// How many redirections a call follows.
const MOVES: u32 = 5;

/// The pause after a 429 that does not say how long to wait.
const BUSY: Duration = Duration::from_secs(1);

const AGENT: HeaderValue = HeaderValue::from_static(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));

/// A call to the API.
pub(super) struct Call {
    /// What the call does, for error messages. Ids are left out.
    pub(super) name: &'static str,
    pub(super) method: Method,
    /// The path and the query, which follow the base URL.
    pub(super) path: String,
    /// The body in JSON: empty for a call without a body.
    pub(super) body: Bytes,
    /// Whether sending the call twice does no harm.
    pub(super) is_repeatable: bool,
}

impl Call {
    pub(super) fn get(name: &'static str, path: String) -> Self {
        Self { name, method: Method::GET, path, body: Bytes::new(), is_repeatable: true }
    }
}

pub(super) struct Transport {
    client: HttpClient,
    limiter: Limiter,
    pace: Pace,
}

/// What an answer means.
enum Verdict {
    Done(Bytes),
    Moved(BaseUrl),
    /// The failure is temporary. Kaizala may have asked for a pause.
    Later(ApiError, Option<Duration>),
    Failed(ApiError),
}

impl Transport {
    pub(super) fn new(pace: Pace) -> Result<Self, ApiError> {
        let client = http_client().map_err(ApiError::Certificates)?;
        Ok(Self { client, limiter: Limiter::new(pace.calls, pace.window), pace })
    }

    /// Makes a call to the API at `base`. If the endpoint has moved, `base` is changed to the new one.
    pub(super) async fn run(&self, call: &Call, headers: &HeaderMap, base: &mut BaseUrl) -> Result<Bytes, ApiError> {
        let mut moves = 0;
        let mut attempts = 0;
        loop {
            self.limiter.pass().await;
            match self.send(call, headers, base).await {
                Verdict::Done(body) => return Ok(body),
                Verdict::Failed(error) => return Err(error),
                Verdict::Moved(_) if moves == MOVES => return Err(ApiError::MovedTooOften { call: call.name }),
                Verdict::Moved(place) => {
                    moves += 1;
                    *base = place;
                }
                Verdict::Later(error, wanted) => {
                    attempts += 1;
                    if attempts >= self.pace.attempts {
                        return Err(error);
                    }
                    match wanted {
                        Some(retry_after) if retry_after > self.pace.longest_wait => {
                            return Err(ApiError::Busy { call: call.name, retry_after });
                        }
                        Some(retry_after) => sleep(retry_after).await,
                        None => sleep(self.pace.pause(attempts)).await,
                    }
                }
            }
        }
    }

    async fn send(&self, call: &Call, headers: &HeaderMap, base: &BaseUrl) -> Verdict {
        let mut request = Request::builder().method(&call.method).uri(base.join(&call.path));
        if let Some(all) = request.headers_mut() {
            all.extend(headers.clone());
            all.insert(USER_AGENT, AGENT);
            if !call.body.is_empty() {
                all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        let failed = |source| {
            let error = ApiError::NoAnswer { call: call.name, source };
            if call.is_repeatable { Verdict::Later(error, None) } else { Verdict::Failed(error) }
        };
        let request = match request.body(Full::new(call.body.clone())) {
            Ok(request) => request,
            Err(error) => return Verdict::Failed(ApiError::NoAnswer { call: call.name, source: error.into() }),
        };
        let exchange = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, Box<dyn Error + Send + Sync>>(Response::from_parts(head, body))
        };
        match timeout(self.pace.timeout, exchange).await {
            Ok(Ok(answer)) => judge(call, answer),
            Ok(Err(error)) => failed(error),
            Err(_) if call.is_repeatable => Verdict::Later(ApiError::TimedOut { call: call.name }, None),
            Err(_) => Verdict::Failed(ApiError::TimedOut { call: call.name }),
        }
    }
}

fn judge(call: &Call, answer: Response<Bytes>) -> Verdict {
    let status = answer.status();
    if status == StatusCode::PERMANENT_REDIRECT {
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(location) = location else {
            return Verdict::Failed(ApiError::Unreadable {
                call: call.name,
                what: "moves the endpoint, but not where",
            });
        };
        return match BaseUrl::moved(location, &call.path) {
            Ok(place) => Verdict::Moved(place),
            Err(source) => Verdict::Failed(ApiError::BadEndpoint { call: call.name, source }),
        };
    }
    // The answer may come from a proxy in between, in any form.
    let told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let code = told["errorCode"].as_str().filter(|code| !code.is_empty());
    if status.is_success() && code.is_none() {
        return Verdict::Done(answer.into_body());
    }
    let refusal = ApiError::Refused {
        call: call.name,
        status,
        code: code.map(scrubbed),
        message: told["message"].as_str().map(scrubbed).unwrap_or_default(),
    };
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Verdict::Later(refusal, Some(retry_after(answer.headers()).unwrap_or(BUSY)));
    }
    if status.is_server_error() && call.is_repeatable {
        return Verdict::Later(refusal, retry_after(answer.headers()));
    }
    Verdict::Failed(refusal)
}

/// The pause that the header `Retry-After` asks for, as seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date: SystemTime = OffsetDateTime::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()?.into();
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
