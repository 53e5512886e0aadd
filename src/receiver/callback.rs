//! A callback before and after its token was checked.
//!
//! Only a [`Verified`] callback gives out its body, and only [`Unverified::verify`] makes one:
//!
//! ```
//! # use kaizala_webhook::{receiver::Unverified, token::{AcceptedTokens, TokenDigest}};
//! # let tokens = AcceptedTokens::only(TokenDigest::of(b"token"));
//! let callback = Unverified::new(http::HeaderMap::new(), bytes::Bytes::from_static(b"{}"));
//! let contents = callback.verify(&tokens).map(|callback| format!("{:?}", callback.contents()));
//! ```
//!
//! Using a body before the check does not compile:
//!
//! ```compile_fail,E0599
//! # use kaizala_webhook::receiver::Unverified;
//! let callback = Unverified::new(http::HeaderMap::new(), bytes::Bytes::from_static(b"{}"));
//! let contents = callback.contents();
//! ```

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use super::{
    cloud_events::{Mode, from_binary},
    request::Body,
};
use crate::{
    event::{Batch, Event, Unreadable},
    store::QuarantineReason,
    token::AcceptedTokens,
};

/// The header in which Kaizala sends the `callBackToken` of the subscription. Other senders may use it too, or send the
/// token as `Authorization: Bearer`.
pub const CALLBACK_TOKEN_HEADER: &str = "kz-callback-token";

const BEARER: &[u8] = b"Bearer ";

/// A callback from anybody.
pub struct Unverified {
    headers: HeaderMap,
    body: Body,
}

/// A callback that bore an accepted token.
pub struct Verified {
    body: Bytes,
    reading: Reading,
}

/// How the body is to be read.
enum Reading {
    /// As Kaizala's event, or as what else the body says that it is.
    ByItself,
    /// As CloudEvents.
    CloudEvents,
    /// Not at all.
    Quarantine(QuarantineReason),
}

/// What a callback carries.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and a box would cost every event an allocation")]
pub enum Contents<'a> {
    /// One event, or why it is not one.
    One(Result<Event<'a>, QuarantineReason>),
    /// Several events at once, each as it stands in the body.
    Batch(Vec<&'a str>),
}

/// Why a callback is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// The token is missing.
    Missing,
    /// The token is there several times.
    Repeated,
    /// The token is empty.
    Empty,
    /// The token is not one of the accepted ones.
    Wrong,
}

impl fmt::Display for Unauthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "token-missing",
            Self::Repeated => "token-repeated",
            Self::Empty => "token-empty",
            Self::Wrong => "token-wrong",
        })
    }
}

impl std::error::Error for Unauthorized {}

impl Unverified {
    /// A callback as it came.
    pub fn new(headers: HeaderMap, body: impl Into<Body>) -> Self {
        Self { headers, body: body.into() }
    }

    /// Checks the token: that in [`CALLBACK_TOKEN_HEADER`], and only where there is no such header, that behind
    /// `Authorization: Bearer`. The body is not looked at before.
    ///
    /// # Errors
    /// [`Unauthorized`] unless there is exactly one token, and an accepted one.
    pub fn verify(self, accepted: &AcceptedTokens) -> Result<Verified, Unauthorized> {
        let token = match only(&self.headers, CALLBACK_TOKEN_HEADER)? {
            Some(token) => token.as_bytes(),
            None => bearer(only(&self.headers, AUTHORIZATION.as_str())?).ok_or(Unauthorized::Missing)?,
        };
        match token {
            [] => Err(Unauthorized::Empty),
            token if accepted.accepts(token) => Ok(Verified::new(&self.headers, self.body)),
            _ => Err(Unauthorized::Wrong),
        }
    }
}

/// The header of that name, which may be there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Unauthorized> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Unauthorized::Repeated),
        (value, None) => Ok(value),
    }
}

/// The token of an `Authorization`; `None` if it is of another scheme.
fn bearer(authorization: Option<&HeaderValue>) -> Option<&[u8]> {
    let (scheme, token) = authorization?.as_bytes().split_at_checked(BEARER.len())?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim_ascii())
}

impl Verified {
    fn new(headers: &HeaderMap, body: Body) -> Self {
        let body = match body.decoded() {
            Ok(body) => body,
            Err(text) => return Self::quarantined(text, QuarantineReason::NotBase64),
        };
        match Mode::of(headers) {
            Mode::Unmarked => Self { body, reading: Reading::ByItself },
            Mode::Json => Self { body, reading: Reading::CloudEvents },
            Mode::OtherFormat => Self::quarantined(body, QuarantineReason::EventFormat),
            Mode::Binary => match from_binary(headers, &body) {
                Ok(body) => Self { body, reading: Reading::CloudEvents },
                Err(body) => Self::quarantined(body, QuarantineReason::HeaderNotUtf8),
            },
        }
    }

    fn quarantined(body: Bytes, reason: QuarantineReason) -> Self {
        Self { body, reading: Reading::Quarantine(reason) }
    }

    /// What the callback carries.
    pub fn contents(&self) -> Contents<'_> {
        let event = match self.reading {
            Reading::Quarantine(reason) => return Contents::One(Err(reason)),
            Reading::ByItself => Event::parse(&self.body),
            Reading::CloudEvents => Event::parse_cloud_event(&self.body),
        };
        let batch = match (&event, &self.reading) {
            (Err(Unreadable::NotAnObject), Reading::ByItself) => Batch::recognize(&self.body),
            (Err(Unreadable::NotAnObject), Reading::CloudEvents) => Batch::parse(&self.body),
            _ => None,
        };
        match batch {
            Some(Batch { is_larger: true, .. }) => Contents::One(Err(QuarantineReason::BatchTooLarge)),
            Some(batch) => Contents::Batch(batch.elements),
            None => Contents::One(event.map_err(QuarantineReason::Unreadable)),
        }
    }

    /// The body as it was sent. Where it cannot be decoded, the text that was received; of an event in binary mode, the JSON
    /// that it stands for.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}
