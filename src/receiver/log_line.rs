//! The line that the log has for each answer: ids and figures, nothing that people wrote. Fields with a capital are
//! metrics, or dimensions of one.

use tracing::{error, info, warn};

use super::{
    answer::{Answer, Delivery, Identity, Refusal},
    batch::{BatchDelivery, Share},
    metrics::{
        BODY_BYTES, DELIVERIES, DELIVERY_LINE, EVENT_TYPE, FAILED, OUTCOME, REASON, REFUSAL_LINE, REFUSED,
        STORE_FAILURES, STORE_LATENCY, event_type,
    },
};
use crate::{
    event::{QUARANTINE_GROUP, Sender},
    store::StoreError,
};

/// Logs an answer.
pub(super) fn write(answer: &Answer, request_id: Option<&str>) {
    match answer {
        Answer::ValidationToken(_) => info!(requestId = request_id, "handshake"),
        Answer::Refused(refusal) => refused(*refusal, request_id),
        Answer::Permission { origin } => info!(requestId = request_id, origin, "permission"),
        Answer::Delivery(delivery) => delivered(delivery, request_id),
        Answer::Batch(batch) => delivered_batch(batch, request_id),
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

/// The line of a delivery, or of the events of a batch that came to the same. The fields once for all levels: tracing wants
/// the level fixed and the fields spelled out.
macro_rules! line {
    (
        $level:ident, $request_id:expr, $event:expr, $group:expr, $sender:expr, $outcome:expr, $deliveries:expr,
        $failures:expr, $bytes:expr, $latency:expr, $reason:expr, $error:expr
    ) => {
        $level!(
            target: DELIVERY_LINE,
            requestId = $request_id,
            { OUTCOME } = $outcome,
            { EVENT_TYPE } = event_type($event.and_then(|event: &Identity| event.known_type)),
            { DELIVERIES } = $deliveries,
            { STORE_FAILURES } = $failures,
            { BODY_BYTES } = $bytes,
            { STORE_LATENCY } = ($latency.as_secs_f64() * 1e6).round() / 1e3,
            reason = $reason,
            error = $error.map(ToString::to_string),
            sender = $sender,
            eventId = $event.map(|event: &Identity| &*event.event_id),
            eventType = $event.map(|event: &Identity| &*event.event_type),
            groupId = $group,
            "delivery"
        )
    };
}

fn delivered(delivery: &Delivery, request_id: Option<&str>) {
    let event = delivery.event.as_ref();
    let sender = event.map(|event| event.sender).filter(|sender| *sender != Sender::Kaizala).map(Sender::as_str);
    macro_rules! of_one {
        ($level:ident, $outcome:expr, $failures:expr, $reason:expr, $error:expr) => {
            line!(
                $level,
                request_id,
                event,
                delivery.group(),
                sender,
                $outcome,
                1,
                $failures,
                delivery.body_bytes,
                delivery.store_latency,
                $reason,
                $error
            )
        };
    }
    match &delivery.kept {
        Ok(kept) => match &kept.quarantined {
            None => of_one!(info, kept.outcome.as_str(), 0, None::<&str>, None::<&StoreError>),
            Some(why) => of_one!(warn, kept.outcome.as_str(), 0, why.reason.as_str(), why.rejection.as_ref()),
        },
        Err(error) => of_one!(error, FAILED, 1, error.kind(), Some(error)),
    }
}

/// A line for each outcome, so that the metrics count events.
fn delivered_batch(batch: &BatchDelivery, request_id: Option<&str>) {
    let sender = Sender::CloudEvents.as_str();
    macro_rules! of_some {
        ($level:ident, $group:expr, $outcome:expr, $events:expr, $failures:expr, $bytes:expr, $reason:expr, $error:expr) => {
            line!(
                $level,
                request_id,
                None::<&Identity>,
                $group,
                sender,
                $outcome,
                $events,
                $failures,
                $bytes,
                batch.store_latency,
                $reason,
                $error
            )
        };
    }
    match &batch.kept {
        Ok(shares) if shares.is_empty() => info!(requestId = request_id, sender, "empty batch"),
        Ok(shares) => {
            for (outcome, share) in shares {
                let Share { events, bytes, reasons, rejection } = share;
                if reasons.is_empty() {
                    of_some!(info, None::<&str>, *outcome, events, 0, bytes, None::<&str>, None::<&StoreError>);
                } else {
                    let reasons = reasons.join(", ");
                    of_some!(warn, QUARANTINE_GROUP, *outcome, events, 0, bytes, &*reasons, rejection.as_ref());
                }
            }
        }
        Err(error) => {
            of_some!(error, None::<&str>, FAILED, batch.events, 1, batch.body_bytes, error.kind(), Some(error));
        }
    }
}
