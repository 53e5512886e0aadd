//! The metrics of the lake: fields of its log lines.

/// Target of the log lines that carry metrics.
pub const LAKE_LINE: &str = concat!(env!("CARGO_CRATE_NAME"), "::lake_step");

/// Metric: lines of exports that could not be made into rows.
pub const REJECTED_LINES: &str = "RejectedLines";
/// Metric: items whose body could not be had since they were deleted or replaced meanwhile.
pub const GONE_ITEMS: &str = "GoneItems";
/// Metric: how old the end of what is in the lake was when a window was finished.
pub const LAG_SECONDS: &str = "LagSeconds";
