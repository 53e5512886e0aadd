//! `--time-zone`: the zone in whose time a command tells days and hours, beside UTC.

use clap::Args;

use crate::tables::Zone;

/// The zone for local times.
#[derive(Args)]
pub(super) struct TimeZone {
    /// The time zone for local times and days, by its IANA name, such as Asia/Kolkata.
    #[arg(long, env = "KAIZALA_TIME_ZONE", value_name = "ZONE")]
    time_zone: Option<Zone>,
}

impl TimeZone {
    /// The zone; `None` if UTC alone is wanted.
    pub(super) fn zone(&self) -> Option<&Zone> {
        self.time_zone.as_ref()
    }
}
