//! The log line of a delivery: ids and figures, nothing that people wrote. What is capitalised is a metric or a dimension
//! of one.

use std::time::Duration;

use tracing::{error, info, warn};

use super::metrics::{
    BODY_BYTES, DELIVERIES, DELIVERY_LINE, EVENT_TYPE, FAILED, OUTCOME, STORE_FAILURES, STORE_LATENCY, event_type,
};
use crate::{
    event::{Event, QUARANTINE_GROUP},
    store::{Outcome, QuarantineReason, StoreError},
};

/// What became of a delivery that is durable.
pub(super) struct Kept {
    pub(super) outcome: Outcome,
    pub(super) quarantined: Option<Quarantined>,
}

/// Why a delivery is in quarantine.
pub(super) struct Quarantined {
    pub(super) reason: QuarantineReason,
    /// What DynamoDB said, when that is why.
    pub(super) rejection: Option<StoreError>,
}

/// All that is told of a delivery.
pub(super) struct DeliveryLine<'a> {
    pub(super) event: Option<&'a Event<'a>>,
    pub(super) kept: Result<&'a Kept, &'a StoreError>,
    pub(super) request_id: Option<&'a str>,
    pub(super) body_bytes: usize,
    pub(super) store_latency: Duration,
}

/// The fields of the line, once for all levels: tracing wants the level fixed and the fields spelled out.
macro_rules! line {
    ($level:ident, $self:ident, $outcome:expr, $reason:expr, $error:expr) => {
        $level!(
            target: DELIVERY_LINE,
            requestId = $self.request_id,
            { OUTCOME } = $outcome,
            { EVENT_TYPE } = event_type($self.event),
            { DELIVERIES } = 1,
            { STORE_FAILURES } = u8::from($self.kept.is_err()),
            { BODY_BYTES } = $self.body_bytes,
            { STORE_LATENCY } = ($self.store_latency.as_secs_f64() * 1e6).round() / 1e3,
            reason = $reason,
            error = $error.map(ToString::to_string),
            eventId = $self.event.map(|event| &*event.event_id),
            eventType = $self.event.map(|event| &*event.event_type),
            groupId = $self.event.map_or(QUARANTINE_GROUP.into(), Event::table_group).as_ref(),
            "delivery"
        )
    };
}

impl DeliveryLine<'_> {
    pub(super) fn write(&self) {
        match self.kept {
            Ok(Kept { outcome, quarantined: None }) => {
                line!(info, self, outcome.as_str(), None::<&str>, None::<&StoreError>);
            }
            Ok(Kept { outcome, quarantined: Some(why) }) => {
                line!(warn, self, outcome.as_str(), why.reason.as_str(), why.rejection.as_ref());
            }
            Err(error) => line!(error, self, FAILED, error.kind(), Some(error)),
        }
    }
}
