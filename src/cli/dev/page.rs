//! The page at `/`, and what it asks for. Everything is inside of the program; the page may fetch from here and nowhere else.

use std::sync::Arc;

use anyhow::Context;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request},
    response::{IntoResponse, Response, Sse, sse::KeepAlive},
};
use serde::Serialize;
use serde_json::json;

use super::{
    charts,
    desk::Desk,
    detail::Detail,
    guard::{self, Stranger},
    samples::{deliver_burst, deliver_samples},
};

const PAGE: &str = include_str!("page/page.html");
/// The report's style is the beginning of this page's: they are one family.
const STYLE: &str = concat!(include_str!("../../report/page/style.css"), include_str!("page/page.css"));
const SCRIPT: &str =
    concat!(include_str!("page/words.js"), include_str!("page/detail.js"), include_str!("page/main.js"));

/// Nothing comes from elsewhere, nothing goes elsewhere, and no other page has this one in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The report has a policy of its own inside, and one cannot forbid frames there.
const REPORT_POLICY: &str = "frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What the page and its parts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Page,
    Style,
    Script,
    /// What has arrived, and what arrives from now on.
    Feed,
    /// The delivery of a number.
    Delivery(u64),
    Report,
    DeliverSamples,
    DeliverBurst,
}

/// Serves the page.
pub(super) struct Page {
    pub(super) desk: Arc<Desk>,
    /// The port of this server.
    pub(super) port: u16,
    /// The callback token of this run.
    pub(super) token: HeaderValue,
}

impl Ask {
    /// What a request asks the page for; `None` if that is up to the receiver.
    pub(super) fn read(method: &Method, path: &str) -> Option<Self> {
        let is_read = [Method::GET, Method::HEAD].contains(method);
        match path {
            "/" if is_read => Some(Self::Page),
            "/page.css" if is_read => Some(Self::Style),
            "/page.js" if is_read => Some(Self::Script),
            "/feed" if is_read => Some(Self::Feed),
            "/report" if is_read => Some(Self::Report),
            "/samples" if method == Method::POST => Some(Self::DeliverSamples),
            "/burst" if method == Method::POST => Some(Self::DeliverBurst),
            path if is_read => path.strip_prefix("/deliveries/")?.parse().ok().map(Self::Delivery),
            _ => None,
        }
    }
}

impl Page {
    /// Answers a request, unless it comes from a stranger.
    pub(super) async fn answer(&self, ask: Ask, head: &request::Parts) -> Response {
        let mut response = match guard::check(&head.uri, &head.headers, self.port) {
            Ok(()) => self
                .answered(ask, head)
                .await
                .unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response()),
            Err(stranger) => (StatusCode::FORBIDDEN, self.refusal(stranger)).into_response(),
        };
        let policy = if ask == Ask::Report { REPORT_POLICY } else { POLICY };
        let headers = HEADERS.into_iter().chain([(header::CONTENT_SECURITY_POLICY, policy)]);
        response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }

    async fn answered(&self, ask: Ask, head: &request::Parts) -> anyhow::Result<Response> {
        let desk = &self.desk;
        Ok(match ask {
            Ask::Page => typed("text/html; charset=utf-8", PAGE),
            Ask::Style => typed("text/css; charset=utf-8", STYLE),
            Ask::Script => typed("text/javascript; charset=utf-8", SCRIPT),
            Ask::Feed => {
                let seen = head.headers.get("last-event-id").and_then(|id| id.to_str().ok());
                Sse::new(desk.feed.clone().stream(seen)).keep_alive(KeepAlive::default()).into_response()
            }
            Ask::Delivery(number) => match desk.feed.get(number) {
                Some(delivery) => {
                    let detail = Detail::of(&delivery, &desk.store).await.context("the table cannot be read")?;
                    as_json(&detail)?
                }
                None => (StatusCode::NOT_FOUND, "This delivery is not remembered any more.\n").into_response(),
            },
            Ask::Report => {
                let report = charts::page(&desk.store).await.context("the report cannot be made")?;
                typed("text/html; charset=utf-8", report)
            }
            Ask::DeliverSamples => as_json(&json!({ "deliveries": deliver_samples(desk, &self.token).await? }))?,
            Ask::DeliverBurst => as_json(&json!({ "deliveries": deliver_burst(desk, &self.token).await? }))?,
        })
    }

    fn refusal(&self, stranger: Stranger) -> String {
        let port = self.port;
        match stranger {
            Stranger::Host => format!("This page is only at http://127.0.0.1:{port}/ and http://localhost:{port}/.\n"),
            Stranger::Origin => "No other page may ask this one for anything.\n".to_owned(),
        }
    }
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

fn as_json(value: &impl Serialize) -> anyhow::Result<Response> {
    Ok(typed("application/json", serde_json::to_vec(value)?))
}
