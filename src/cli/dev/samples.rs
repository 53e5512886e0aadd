//! The events that the page delivers: those of `events/`, which are inside of the program, so that it needs no folder.

use http::{HeaderValue, Request};
use uuid::Uuid;

use super::{desk::Desk, folder::GatewayEvent};
use crate::{
    receiver::{CALLBACK_TOKEN_HEADER, WEBHOOK_PATH},
    simulator::plan::{DeliveryPlan, Mix},
};

/// The callback token in `events/`. It stands for the one that this run accepts.
const EXAMPLE_TOKEN: &str = "local-callback-token-not-for-production";
/// How many events a burst has, duplicates and edits not counted.
const BURST_EVENTS: u64 = 200;

/// Name and text of every file of `events/`.
macro_rules! samples {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../events/", $name, ".json")))),+]
    };
}

/// In the order in which they are delivered: an edit comes after its original.
const SAMPLES: &[(&str, &str)] = samples![
    "action-created",
    "action-created-printed-shape",
    "action-response",
    "action-response-duplicate",
    "action-response-edit",
    "action-response-minimal",
    "action-response-other-subscription",
    "action-response-package",
    "announcement",
    "announcement-printed-media-keys",
    "attachment-created",
    "attachment-created-album",
    "base64-body",
    "data-missing",
    "data-of-unexpected-shape",
    "group-added",
    "group-added-no-envelope-group",
    "group-removed",
    "handshake-get",
    "handshake-post-empty-body",
    "ids-with-reserved-characters",
    "job-created",
    "job-response",
    "job-response-flat",
    "job-response-member-shape",
    "lets-meet-created",
    "lets-meet-response",
    "member-added",
    "member-removed",
    "poll-created",
    "poll-response",
    "quarantine-blank-event-id",
    "quarantine-empty-body",
    "quarantine-event-id-too-long",
    "quarantine-missing-event-id",
    "quarantine-missing-event-type",
    "quarantine-not-an-object",
    "quarantine-not-json",
    "quarantine-not-utf8",
    "quarantine-numeric-event-id",
    "refused-empty-token",
    "refused-missing-token",
    "refused-wrong-token",
    "survey-created",
    "survey-response",
    "survey-response-anonymous",
    "text-message-created",
    "text-message-created-escapes",
    "unknown-type"
];

/// Delivers every event of `events/` with the token of this run, and returns how many they are.
pub(super) async fn deliver_samples(desk: &Desk, token: &HeaderValue) -> anyhow::Result<usize> {
    for (name, text) in SAMPLES {
        let mut request = GatewayEvent::parse(name, text)?.request;
        let tokens = request.headers_mut().get_mut(CALLBACK_TOKEN_HEADER);
        if let Some(sent) = tokens.filter(|sent| *sent == EXAMPLE_TOKEN) {
            sent.clone_from(token);
        }
        desk.receive(request).await;
    }
    Ok(SAMPLES.len())
}

/// Delivers simulated events that nobody has sent before, some of them twice, some of them edited, and returns how many
/// deliveries they were.
pub(super) async fn deliver_burst(desk: &Desk, token: &HeaderValue) -> anyhow::Result<usize> {
    let (seed, _) = Uuid::new_v4().as_u64_pair();
    let mix = Mix { events: BURST_EVENTS, duplicates: 0.1, revisions: 0.05 };
    let mut deliveries = 0;
    for body in DeliveryPlan::new(seed, mix) {
        let request = Request::post(WEBHOOK_PATH).header(CALLBACK_TOKEN_HEADER, token);
        desk.receive(request.body(body)?).await;
        deliveries += 1;
    }
    Ok(deliveries)
}
