//! Delivery as Kaizala does it: a handshake first, then each event by POST, retried if the answer is not 2xx, until the
//! whole webhook is disabled because one event could not be delivered. A sender of CloudEvents has another handshake and
//! other headers, and the same patience.

use std::{error::Error, fmt, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    event,
    http_client::{HttpClient, http_client},
};

/// Who asks for permission to deliver CloudEvents.
const ORIGIN: &str = "sender.example.org";

/// How long a handshake may take, by Microsoft's documentation.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a callback may take. Not documented; the documented limit of the handshake is the best guess.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an event is retried, by Microsoft's documentation.
const RETRIES: u32 = 6;
/// Kaizala's first pause: doubled five times, the pauses add up to the documented two days.
const FIRST_PAUSE: Duration = Duration::from_secs(2 * 24 * 60 * 60 / 63);

/// A sender for one webhook.
pub struct Sender {
    client: HttpClient,
    url: Uri,
    token: HeaderValue,
    /// The token as `Authorization`.
    bearer: HeaderValue,
    envelope: event::Sender,
    first_pause: Duration,
    stopped: OnceLock<Stop>,
}

/// Why a sender sends nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An event could not be delivered, at which Kaizala disables the whole webhook.
    Disabled,
    /// The receiver refused the callback token. Kaizala would try again for two days; but what is wrong is known at once,
    /// and the same token would be refused again.
    TokenRefused,
}

/// Why a sender cannot be made.
#[derive(Debug)]
pub enum SenderError {
    /// The token cannot stand in a header.
    Token,
    /// The machine has no certificates to trust.
    Certificates(std::io::Error),
}

/// Why a callback URL is not accepted.
#[derive(Debug)]
pub enum HandshakeError {
    /// There was no answer within five seconds.
    TimedOut,
    /// There was no answer at all.
    NoAnswer(Box<dyn Error + Send + Sync>),
    /// The answer is not 200.
    Status(StatusCode),
    /// The answer is not exactly the token.
    Body,
    /// The answer does not permit a sender of CloudEvents to deliver.
    NoPermission,
}

/// What became of one event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The status of the last answer; `None` if there was no answer.
    pub status: Option<StatusCode>,
    /// The body of the last answer.
    pub body: Bytes,
    /// How often it was sent.
    pub attempts: u32,
    /// How long the last attempt took.
    pub latency: Duration,
}

impl Delivery {
    /// Whether the event counts as delivered.
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| status.is_success())
    }
}

impl fmt::Display for SenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("the callback token has characters that a header cannot hold"),
            Self::Certificates(_) => f.write_str("the system's certificates cannot be read: install ca-certificates"),
        }
    }
}

impl Error for SenderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token => None,
            Self::Certificates(error) => Some(error),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the handshake was not answered within 5 seconds"),
            Self::NoAnswer(_) => f.write_str("the handshake was not answered"),
            Self::Status(status) => write!(f, "the handshake was answered with {status} instead of 200"),
            Self::Body => f.write_str("the handshake's answer is not exactly the validation token"),
            Self::NoPermission => {
                f.write_str("the answer to OPTIONS does not permit a sender of CloudEvents to deliver")
            }
        }
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoAnswer(error) => Some(&**error),
            _ => None,
        }
    }
}

impl Sender {
    /// A sender that calls `url` with `token`, and that retries at Kaizala's own pace.
    ///
    /// # Errors
    /// [`SenderError`].
    pub fn new(url: Uri, token: &str) -> Result<Self, SenderError> {
        let secret = |text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| SenderError::Token)?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self {
            token: secret(token)?,
            bearer: secret(&format!("Bearer {token}"))?,
            client: http_client().map_err(SenderError::Certificates)?,
            url,
            envelope: event::Sender::Kaizala,
            first_pause: FIRST_PAUSE,
            stopped: OnceLock::new(),
        })
    }

    /// The same sender with that envelope: one of CloudEvents sends them in structured mode, with the token as a bearer token.
    #[must_use]
    pub fn with_envelope(self, envelope: event::Sender) -> Self {
        Self { envelope, ..self }
    }

    /// Compresses time: the first retry comes after `pause`, each further one after twice as long.
    #[must_use]
    pub fn with_first_pause(self, pause: Duration) -> Self {
        Self { first_pause: pause, ..self }
    }

    /// Why nothing is sent any more; `None` as long as the sender sends.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped.get().copied()
    }

    /// Whether the webhook was disabled, which happens when one event cannot be delivered. Nothing is sent after that.
    pub fn is_disabled(&self) -> bool {
        self.stopped() == Some(Stop::Disabled)
    }

    /// Validates the callback URL, as Kaizala does on subscribing; a sender of CloudEvents asks for permission instead.
    ///
    /// # Errors
    /// [`HandshakeError`] if the sender would refuse the subscription.
    pub async fn validate(&self, token: &str) -> Result<(), HandshakeError> {
        match self.envelope {
            event::Sender::Kaizala => self.validate_with(token).await,
            event::Sender::CloudEvents => self.ask_for_permission().await,
        }
    }

    async fn ask_for_permission(&self) -> Result<(), HandshakeError> {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(self.url.clone())
            .header("webhook-request-origin", ORIGIN)
            .header("webhook-request-rate", "120")
            .body(Full::default());
        let request = request.map_err(|error| HandshakeError::NoAnswer(error.into()))?;
        let answer = timeout(HANDSHAKE_TIMEOUT, self.client.request(request)).await;
        let answer = answer.map_err(|_| HandshakeError::TimedOut)?;
        let answer = answer.map_err(|error| HandshakeError::NoAnswer(error.into()))?;
        if answer.status() != StatusCode::OK {
            return Err(HandshakeError::Status(answer.status()));
        }
        let says = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let may_deliver = says("webhook-allowed-origin").is_some_and(|origin| [ORIGIN, "*"].contains(&origin));
        if may_deliver && says("webhook-allowed-rate").is_some() { Ok(()) } else { Err(HandshakeError::NoPermission) }
    }

    async fn validate_with(&self, token: &str) -> Result<(), HandshakeError> {
        let encoded: String =
            percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC).collect();
        let separator = if self.url.query().is_some() { '&' } else { '?' };
        // Microsoft's senders encode a space as a plus.
        let url = format!("{}{separator}validationToken={}", self.url, encoded.replace("%20", "+"));
        let request =
            Request::get(url).body(Full::default()).map_err(|error| HandshakeError::NoAnswer(error.into()))?;
        let (status, body) = timeout(HANDSHAKE_TIMEOUT, self.exchange(request))
            .await
            .map_err(|_| HandshakeError::TimedOut)?
            .map_err(HandshakeError::NoAnswer)?;
        if status != StatusCode::OK {
            return Err(HandshakeError::Status(status));
        }
        if body == token { Ok(()) } else { Err(HandshakeError::Body) }
    }

    /// Delivers an event: at once, and after a failure up to six times more. If that does not help either, or if the token
    /// is refused, the sender [stops](Self::stopped). Returns `None` if it has stopped already.
    pub async fn deliver(&self, body: Bytes) -> Option<Delivery> {
        let mut pause = self.first_pause;
        for attempts in 1..=RETRIES + 1 {
            if self.stopped().is_some() {
                return None;
            }
            let delivery = self.attempt(body.clone(), attempts).await;
            if delivery.is_accepted() {
                return Some(delivery);
            }
            let stop = match delivery.status {
                Some(StatusCode::UNAUTHORIZED) => Some(Stop::TokenRefused),
                _ if attempts > RETRIES => Some(Stop::Disabled),
                _ => None,
            };
            if let Some(stop) = stop {
                // The first reason stays.
                let _ = self.stopped.set(stop);
                return Some(delivery);
            }
            sleep(pause).await;
            pause *= 2;
        }
        None
    }

    /// Sends an event once.
    pub async fn attempt(&self, body: Bytes, attempts: u32) -> Delivery {
        let started = Instant::now();
        let request = Request::builder().method(Method::POST).uri(self.url.clone());
        let request = match self.envelope {
            event::Sender::Kaizala => {
                request.header("kz-callback-token", self.token.clone()).header(CONTENT_TYPE, "application/json")
            }
            event::Sender::CloudEvents => request
                .header(AUTHORIZATION, self.bearer.clone())
                .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8"),
        };
        let request = request.body(Full::new(body));
        let answer = match request {
            Ok(request) => timeout(CALLBACK_TIMEOUT, self.exchange(request)).await.ok().and_then(Result::ok),
            Err(_) => None,
        };
        let latency = started.elapsed();
        match answer {
            Some((status, body)) => Delivery { status: Some(status), body, attempts, latency },
            None => Delivery { status: None, body: Bytes::new(), attempts, latency },
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
        let response = self.client.request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
