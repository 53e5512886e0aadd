//! The lake: exports of the table become rows in the right Parquet file, each once.
//!
//! A state machine holds the order of the [steps](Step), waits between them and repeats those that fail; every decision is
//! taken here. Whatever runs twice, late, or is killed between any two writes does no harm, because of three rules:
//! - There is one state, and one export in flight. It is written under `If-Match` by `begin` and `finish` alone, and every
//!   other step refuses an export that is not in flight.
//! - A file is created once, under a name made of export, group and table, with `If-None-Match: *`.
//! - What removes rows replaces files under `If-Match`, and only files of earlier exports: whoever comes late can take nothing
//!   away from a later one.

mod begin;
mod change;
mod config;
mod convert;
mod database;
mod error;
mod export_id;
mod finish;
mod gone;
mod lines;
pub mod metrics;
mod objects;
mod parts;
mod plan;
mod remove;
mod state;
mod status;
mod step;
mod window;

use std::sync::Arc;

use object_store::ObjectStore;

use self::objects::Objects;
pub use self::{
    config::{BUCKET_NAME, Config, ConfigError, TABLE_ARN},
    database::Database,
    error::LakeError,
    state::done,
    step::{Begun, Converted, Finished, Idle, Planned, Progress, Removed, Step, StepOutput},
};
use crate::event::Timestamp;

/// What the names of everything that DynamoDB writes begin with.
pub const EXPORTS_PREFIX: &str = "lake/exports";
/// The state.
pub const STATE_KEY: &str = "lake/state.json";
/// What the names of plans begin with.
pub const PLANS_PREFIX: &str = "lake/plans";
/// What the names of the tables' files begin with.
pub const TABLES_PREFIX: &str = "tables";
/// What the names of lines that made no rows begin with.
pub const REJECTED_PREFIX: &str = "rejected";

/// Compressed bytes of data files that are converted at once, unless a single file has more. Takes less than a minute, and
/// keeps the number of groups of the largest tables below what a state machine can list.
pub const GROUP_BYTES: u64 = 256 * 1024 * 1024;

/// The lake of a deployment.
pub struct Lake<D> {
    database: D,
    objects: Objects,
    config: Config,
    group_bytes: u64,
}

impl<D: Database> Lake<D> {
    /// The lake in a bucket, fed from a database.
    pub fn new(database: D, bucket: Arc<dyn ObjectStore>, config: Config) -> Self {
        Self { database, objects: Objects::new(bucket), config, group_bytes: GROUP_BYTES }
    }

    /// The same lake, with groups of another size.
    #[must_use]
    pub fn grouping_by(self, group_bytes: u64) -> Self {
        Self { group_bytes, ..self }
    }

    /// Does one step.
    ///
    /// # Errors
    /// [`LakeError`], whose [name](LakeError::name) tells the state machine whether it is worth repeating the step.
    pub async fn run(&self, step: Step, now: Timestamp) -> Result<StepOutput, LakeError> {
        // Boxed: as one type, what all steps do together is more than the compiler takes.
        Ok(match step {
            Step::Begin => StepOutput::Begun(Box::pin(self.begin(now)).await?),
            Step::Status { export_arn } => StepOutput::Progress(Box::pin(self.status(&export_arn)).await?),
            Step::Plan { export_arn } => StepOutput::Planned(Box::pin(self.plan(&export_arn)).await?),
            Step::Convert { export_arn, group } => {
                StepOutput::Converted(Box::pin(self.convert(&export_arn, group)).await?)
            }
            Step::Remove { export_arn } => StepOutput::Removed(Box::pin(self.remove(&export_arn)).await?),
            Step::Finish { export_arn } => StepOutput::Finished(Box::pin(self.finish(&export_arn, now)).await?),
        })
    }
}
