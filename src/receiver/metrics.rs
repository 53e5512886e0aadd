//! The metrics: which fields of a log line CloudWatch makes metrics of.
//!
//! Such a line is in CloudWatch's embedded metric format: under `_aws` it says which of its fields are metrics and which
//! are dimensions, and CloudWatch reads them off the log. A metric costs no call and no second line.
//!
//! Every combination of dimensions is a metric of its own on the bill. So outcomes and event types are not combined (the
//! log has both on one line for whoever asks), and event types that Kaizala is not known to send count as one.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::event::EventType;

/// CloudWatch's namespace of the metrics.
pub const NAMESPACE: &str = "KaizalaWebhook";

/// Dimension: the Lambda function, since several deployments share an account.
pub const FUNCTION_NAME: &str = "FunctionName";
/// Dimension: what became of a delivery, see [`crate::store::Outcome`], or [`FAILED`].
pub const OUTCOME: &str = "Outcome";
/// Dimension: the event type, see [`OTHER_EVENT_TYPE`].
pub const EVENT_TYPE: &str = "EventType";
/// Dimension: why a request was refused; the `code` of the answer.
pub const REASON: &str = "Reason";

/// Metric: events in callbacks that bore an accepted token.
pub const DELIVERIES: &str = "Deliveries";
/// Metric: deliveries that could not be stored and were answered 503, 1 or 0.
pub const STORE_FAILURES: &str = "StoreFailures";
/// Metric: size of the body of a delivery.
pub const BODY_BYTES: &str = "BodyBytes";
/// Metric: how long DynamoDB took for a delivery, all attempts together.
pub const STORE_LATENCY: &str = "StoreLatency";
/// Metric: requests that were not served.
pub const REFUSED: &str = "Refused";

/// The outcome of a delivery that was answered 503.
pub const FAILED: &str = "failed";
/// Stands for every event type that Kaizala is not known to send.
pub const OTHER_EVENT_TYPE: &str = "Other";

/// Target of the log line of a delivery.
pub(super) const DELIVERY_LINE: &str = concat!(env!("CARGO_CRATE_NAME"), "::delivery");
/// Target of the log line of a refusal.
pub(super) const REFUSAL_LINE: &str = concat!(env!("CARGO_CRATE_NAME"), "::refusal");

/// What CloudWatch is to make of the fields of a line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricDirective {
    /// [`NAMESPACE`].
    pub namespace: &'static str,
    /// The sets of dimensions under which each metric is counted.
    pub dimensions: &'static [&'static [&'static str]],
    /// The metrics.
    pub metrics: &'static [Metric],
}

/// One field that is a metric.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// The field.
    pub name: &'static str,
    /// CloudWatch's name of the unit.
    pub unit: &'static str,
}

/// The metrics of a delivery.
pub const OF_A_DELIVERY: &[MetricDirective] = &[
    MetricDirective {
        namespace: NAMESPACE,
        dimensions: &[&[FUNCTION_NAME], &[FUNCTION_NAME, OUTCOME], &[FUNCTION_NAME, EVENT_TYPE]],
        metrics: &[Metric { name: DELIVERIES, unit: "Count" }],
    },
    MetricDirective {
        namespace: NAMESPACE,
        dimensions: &[&[FUNCTION_NAME]],
        metrics: &[
            Metric { name: STORE_FAILURES, unit: "Count" },
            Metric { name: BODY_BYTES, unit: "Bytes" },
            Metric { name: STORE_LATENCY, unit: "Milliseconds" },
        ],
    },
];

/// The metrics of a refusal.
pub const OF_A_REFUSAL: &[MetricDirective] = &[MetricDirective {
    namespace: NAMESPACE,
    dimensions: &[&[FUNCTION_NAME, REASON]],
    metrics: &[Metric { name: REFUSED, unit: "Count" }],
}];

/// The log lines of a target, and what CloudWatch is to make of their fields.
pub type MetricLine = (&'static str, &'static [MetricDirective]);

/// The lines of the receiver.
pub(super) const LINES: &[MetricLine] = &[(DELIVERY_LINE, OF_A_DELIVERY), (REFUSAL_LINE, OF_A_REFUSAL)];

/// The event type as a dimension: one of a limited number.
pub(super) fn event_type(known: Option<EventType>) -> &'static str {
    known.map_or(OTHER_EVENT_TYPE, EventType::name)
}

/// The members that are appended to a log line so that it carries metrics.
pub(super) struct Embedding {
    function_name: String,
    /// Targets, and the directives of their lines as JSON.
    lines: Vec<(&'static str, String)>,
}

impl Embedding {
    /// For the function of that name.
    pub(super) fn new(function_name: &str, lines: &[MetricLine]) -> Self {
        // Strings under fixed names: nothing that serde_json could fail on.
        let json = |directives: &[MetricDirective]| serde_json::to_string(directives).unwrap_or_default();
        Self {
            function_name: serde_json::to_string(function_name).unwrap_or_default(),
            lines: lines.iter().map(|(target, directives)| (*target, json(directives))).collect(),
        }
    }

    /// The members, without braces, for a line of that target; `None` when such lines carry no metrics.
    pub(super) fn members(&self, target: &str) -> Option<String> {
        let (_, directives) = self.lines.iter().find(|(with_metrics, _)| *with_metrics == target)?;
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let name = &self.function_name;
        Some(format!(r#""{FUNCTION_NAME}":{name},"_aws":{{"Timestamp":{millis},"CloudWatchMetrics":{directives}}}"#))
    }
}
