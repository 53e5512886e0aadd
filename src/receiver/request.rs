//! A request as the transport has it.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request};

/// What a request says, as far as anybody asks.
///
/// Method, path and query are text and not [`http::Method`] and [`http::Uri`], which refuse what a client may well have
/// written into its request line: here it gets the answer that its request deserves.
#[derive(Debug)]
pub struct WebhookRequest {
    /// The method, in upper case as HTTP has it.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What follows the `?`, undecoded; empty where there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// A body that is not decoded yet: that is work which only a callback with a right token is worth.
#[derive(Debug)]
pub enum Body {
    /// The bytes that were sent.
    Plain(Bytes),
    /// Base64 of the bytes that were sent, or so API Gateway says.
    Base64(Bytes),
}

impl Body {
    /// Whether nothing was sent.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Plain(bytes) | Self::Base64(bytes) => bytes.is_empty(),
        }
    }

    /// The bytes that were sent, or the text that should have been their base64 and is not.
    pub(super) fn decoded(self) -> Result<Bytes, Bytes> {
        match self {
            Self::Plain(bytes) => Ok(bytes),
            Self::Base64(text) => STANDARD.decode(&text).map(Bytes::from).map_err(|_| text),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Plain(bytes)
    }
}

impl From<Request<Bytes>> for WebhookRequest {
    fn from(request: Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: body.into(),
        }
    }
}
