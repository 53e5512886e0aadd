//! The permission that a sender of CloudEvents asks for before it delivers: `cloudevents/spec` at `ce@v1.0.2`,
//! `http-webhook.md`.
//!
//! It is given to whoever asks, as it is worth nothing: what lets an event in is the token. The callback URL with which
//! permission could be given later is never called, since a stranger chooses it, and never logged, since it holds a secret.

use http::HeaderMap;

/// Who asks.
pub(super) const REQUEST_ORIGIN: &str = "webhook-request-origin";
/// Who may deliver.
pub(super) const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
/// How many requests a minute.
pub(super) const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// DNS's limits on a name and on each of its labels.
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// The DNS name of the sender that asks for permission; `None` unless there is exactly one, and a valid one.
pub(super) fn requested_origin(headers: &HeaderMap) -> Option<String> {
    let mut origins = headers.get_all(REQUEST_ORIGIN).into_iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    let origin = origin.to_str().ok()?;
    is_dns_name(origin).then(|| origin.to_owned())
}

fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= MAX_NAME_BYTES && name.split('.').all(is_label)
}
