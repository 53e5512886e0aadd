//! The line that the log has for each answer: ids and figures, nothing that people wrote. Fields with a capital are
//! metrics, or dimensions of one.

use tracing::{error, info, warn};

use super::{
    answer::{Answer, Delivery, Refusal},
    metrics::{
        BODY_BYTES, DELIVERIES, DELIVERY_LINE, EVENT_TYPE, FAILED, OUTCOME, REASON, REFUSAL_LINE, REFUSED,
        STORE_FAILURES, STORE_LATENCY, event_type,
    },
};
use crate::store::StoreError;

/// Logs an answer.
pub(super) fn write(answer: &Answer, request_id: Option<&str>) {
    match answer {
        Answer::ValidationToken(_) => info!(requestId = request_id, "handshake"),
        Answer::Refused(refusal) => refused(*refusal, request_id),
        Answer::Delivery(delivery) => delivered(delivery, request_id),
    }
}

fn refused(refusal: Refusal, request_id: Option<&str>) {
    warn!(
        target: REFUSAL_LINE,
        requestId = request_id,
        { REASON } = refusal.code(),
        { REFUSED } = 1,
        // Tells what is wrong with a token, which neither the caller nor the bill should.
        reason = %refusal,
        "refused"
    );
}

fn delivered(delivery: &Delivery, request_id: Option<&str>) {
    let event = delivery.event.as_ref();
    // The fields once for all levels: tracing wants the level fixed and the fields spelled out.
    macro_rules! line {
        ($level:ident, $outcome:expr, $reason:expr, $error:expr) => {
            $level!(
                target: DELIVERY_LINE,
                requestId = request_id,
                { OUTCOME } = $outcome,
                { EVENT_TYPE } = event_type(event.and_then(|event| event.known_type)),
                { DELIVERIES } = 1,
                { STORE_FAILURES } = u8::from(delivery.kept.is_err()),
                { BODY_BYTES } = delivery.body_bytes,
                { STORE_LATENCY } = (delivery.store_latency.as_secs_f64() * 1e6).round() / 1e3,
                reason = $reason,
                error = $error.map(ToString::to_string),
                eventId = event.map(|event| &*event.event_id),
                eventType = event.map(|event| &*event.event_type),
                groupId = delivery.group(),
                "delivery"
            )
        };
    }
    match &delivery.kept {
        Ok(kept) => match &kept.quarantined {
            None => line!(info, kept.outcome.as_str(), None::<&str>, None::<&StoreError>),
            Some(why) => line!(warn, kept.outcome.as_str(), why.reason.as_str(), why.rejection.as_ref()),
        },
        Err(error) => line!(error, FAILED, error.kind(), Some(error)),
    }
}
