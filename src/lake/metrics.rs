//! The metrics of the lake: fields of its log lines. Fields with a capital are metrics.

use tracing::info;

use super::{Converted, Finished};
use crate::event::Timestamp;

/// Metric, a count: lines of exports that could not be made into rows.
pub const REJECTED_LINES: &str = "RejectedLines";
/// Metric, a count: items whose body could not be had since they were deleted or replaced meanwhile.
pub const GONE_ITEMS: &str = "GoneItems";
/// Metric, in seconds: how old the end of what is in the lake was when a window was finished.
pub const LAG: &str = "Lag";

/// Target of the log line of a group that was converted, with [`REJECTED_LINES`] and [`GONE_ITEMS`].
pub const CONVERTED_LINE: &str = concat!(env!("CARGO_CRATE_NAME"), "::lake_converted");
/// Target of the log line of a window that was finished, with [`LAG`].
pub const FINISHED_LINE: &str = concat!(env!("CARGO_CRATE_NAME"), "::lake_finished");

pub(super) fn converted(export: &str, group: usize, converted: &Converted) {
    info!(
        target: CONVERTED_LINE,
        export,
        group,
        { REJECTED_LINES } = converted.rejected,
        { GONE_ITEMS } = converted.gone,
        items = converted.items,
        files = converted.files,
        "converted"
    );
}

pub(super) fn finished(export: &str, finished: Finished, now: Timestamp) {
    let lag = (now.epoch_millis() - finished.done.epoch_millis()) / 1000;
    info!(target: FINISHED_LINE, export, { LAG } = lag, "finished");
}
