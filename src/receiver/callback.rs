//! A callback before and after its token was checked.
//!
//! Only a [`Verified`] callback gives out its body, and only [`Unverified::verify`] makes one:
//!
//! ```
//! # use kaizala_webhook::{receiver::Unverified, token::{AcceptedTokens, TokenDigest}};
//! # let tokens = AcceptedTokens::only(TokenDigest::of(b"token"));
//! let callback = Unverified::new(http::HeaderMap::new(), bytes::Bytes::from_static(b"{}"));
//! let event = callback.verify(&tokens).map(|callback| callback.event().is_ok());
//! ```
//!
//! Using a body before the check does not compile:
//!
//! ```compile_fail,E0599
//! # use kaizala_webhook::receiver::Unverified;
//! let callback = Unverified::new(http::HeaderMap::new(), bytes::Bytes::from_static(b"{}"));
//! let event = callback.event();
//! ```

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

use super::request::Body;
use crate::{event::Event, store::QuarantineReason, token::AcceptedTokens};

/// The header in which Kaizala sends the `callBackToken` of the subscription.
pub const CALLBACK_TOKEN_HEADER: &str = "kz-callback-token";

/// A callback from anybody.
pub struct Unverified {
    headers: HeaderMap,
    body: Body,
}

/// A callback that bore an accepted token.
pub struct Verified {
    /// `Err` of the text that should be base64 and is not.
    body: Result<Bytes, Bytes>,
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

    /// Checks the token. The body is not looked at before.
    ///
    /// # Errors
    /// [`Unauthorized`] unless there is exactly one token, and an accepted one.
    pub fn verify(self, accepted: &AcceptedTokens) -> Result<Verified, Unauthorized> {
        let mut tokens = self.headers.get_all(CALLBACK_TOKEN_HEADER).into_iter();
        match (tokens.next(), tokens.next()) {
            (None, _) => Err(Unauthorized::Missing),
            (Some(_), Some(_)) => Err(Unauthorized::Repeated),
            (Some(token), None) if token.is_empty() => Err(Unauthorized::Empty),
            (Some(token), None) if accepted.accepts(token.as_bytes()) => Ok(Verified { body: self.body.decoded() }),
            (Some(_), None) => Err(Unauthorized::Wrong),
        }
    }
}

impl Verified {
    /// The event in the body.
    ///
    /// # Errors
    /// The reason for quarantine if the body is not an event.
    pub fn event(&self) -> Result<Event<'_>, QuarantineReason> {
        match &self.body {
            Ok(body) => Event::parse(body).map_err(QuarantineReason::Unreadable),
            Err(_) => Err(QuarantineReason::NotBase64),
        }
    }

    /// The body as it was sent; where it cannot be decoded, the text that was received.
    pub fn body(&self) -> &Bytes {
        match &self.body {
            Ok(body) | Err(body) => body,
        }
    }
}
