//! The log: JSON lines or text, without what people wrote.

use std::{env, io, panic};

use tracing::{Level, error};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

const OUR_TARGET: &str = env!("CARGO_CRATE_NAME");

/// Starts logging to stdout as Lambda's advanced logging controls ask: `AWS_LAMBDA_LOG_LEVEL` (default INFO) and
/// `AWS_LAMBDA_LOG_FORMAT` (`JSON`, else text).
///
/// Lines carry a timestamp, without which Lambda takes every JSON line for INFO and filters it as such.
///
/// The level goes for this crate. Others stay at WARN whatever it is: at TRACE the Lambda runtime logs whole events and
/// the SDK whole requests, and a log level must not be able to put phone numbers and tokens into the log. For the same
/// reason a panic is logged by its place and not by its message, which may quote what it choked on.
pub fn init_logging() {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let filter = Targets::new().with_target(OUR_TARGET, level).with_default(level.min(Level::WARN.into()));
    let lines = fmt::layer().with_writer(io::stdout).with_target(false);
    let json = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = if json { lines.json().flatten_event(true).boxed() } else { lines.with_ansi(false).boxed() };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        error!(place, "panic");
    }));
}
