//! The log: JSON lines or text, without what people wrote.

use std::{env, io, panic};

use tracing::{Event, Level, Subscriber, error};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::{
        self, FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, JsonFields, Writer},
    },
    prelude::*,
    registry::LookupSpan,
};

use super::metrics::{Embedding, LINES, MetricLine};

const OUR_TARGET: &str = env!("CARGO_CRATE_NAME");

/// Starts logging to stdout as Lambda's advanced logging controls ask: `AWS_LAMBDA_LOG_LEVEL` (default INFO) and
/// `AWS_LAMBDA_LOG_FORMAT` (`JSON`, else text). In JSON, the lines of deliveries and refusals carry the [metrics].
///
/// Lines carry a timestamp, without which Lambda takes every JSON line for INFO and filters it as such.
///
/// The level applies to this crate. Others stay at WARN: at TRACE the Lambda runtime logs whole events and
/// the SDK whole requests, and a log level must not be able to put phone numbers and tokens into the log. For the same
/// reason a panic is logged by its place and not by its message, which may quote what it choked on.
///
/// [metrics]: super::metrics
pub fn init_logging() {
    init_logging_with(LINES);
}

/// The same log for another function, whose lines carry other metrics.
pub fn init_logging_with(metrics: &[MetricLine]) {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let filter = Targets::new().with_target(OUR_TARGET, level).with_default(level.min(Level::WARN.into()));
    let json = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = fmt::layer().with_writer(io::stdout);
    let lines = if json {
        lines.fmt_fields(JsonFields::new()).event_format(JsonLines::from_env(metrics)).boxed()
    } else {
        lines.with_target(false).with_ansi(false).boxed()
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        error!(place, "panic");
    }));
}

/// JSON lines, some of which carry metrics.
struct JsonLines {
    json: Format<Json>,
    /// `None` outside Lambda, where nobody reads metrics.
    metrics: Option<Embedding>,
}

impl JsonLines {
    fn from_env(metrics: &[MetricLine]) -> Self {
        Self {
            json: fmt::format().json().flatten_event(true).with_target(false),
            metrics: env::var("AWS_LAMBDA_FUNCTION_NAME").ok().map(|name| Embedding::new(&name, metrics)),
        }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let metrics = self.metrics.as_ref().and_then(|metrics| metrics.members(event.metadata().target()));
        let Some(metrics) = metrics else { return self.json.format_event(context, writer, event) };
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        // A field of an event cannot be an object, so the object's last brace makes room for one.
        let fields = line.trim_end().strip_suffix('}').ok_or(std::fmt::Error)?;
        writeln!(writer, "{fields},{metrics}}}")
    }
}
