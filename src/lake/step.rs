//! What the state machine asks for and is told. Its definition refers to these names.

use serde::{Deserialize, Serialize};

use super::state::Window;
use crate::event::Timestamp;

/// One step. All but the first name the export, by its ARN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Step {
    /// Begin an export, or go on with the one in flight.
    Begin,
    /// How far has the export come?
    Status {
        /// The export.
        export_arn: String,
    },
    /// Group the export's files.
    Plan {
        /// The export.
        export_arn: String,
    },
    /// Make the files of one group into rows.
    Convert {
        /// The export.
        export_arn: String,
        /// Which group of the plan.
        group: usize,
    },
    /// Remove what the export's changes have replaced or deleted.
    Remove {
        /// The export.
        export_arn: String,
    },
    /// The export is done.
    Finish {
        /// The export.
        export_arn: String,
    },
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum StepOutput {
    /// Of `begin`.
    Begun(Begun),
    /// Of `status`.
    Progress(Progress),
    /// Of `plan`.
    Planned(Planned),
    /// Of `convert`.
    Converted(Converted),
    /// Of `remove`.
    Removed(Removed),
    /// Of `finish`.
    Finished(Finished),
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "next", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Begun {
    /// Wait for an export, then take the other steps.
    Export {
        /// The export.
        export_arn: String,
        /// What it covers.
        #[serde(flatten)]
        window: Window,
    },
    /// Nothing.
    Nothing {
        /// Why.
        because: Idle,
    },
}

/// Why there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Idle {
    /// The last export ended less than 15 minutes ago, the shortest period that DynamoDB exports.
    WindowTooShort,
    /// Point-in-time recovery was switched on after the time of the first export; it will reach back far enough soon.
    RecoveryTooYoung,
}

/// How far an export has come. One that failed is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Progress {
    /// DynamoDB is at work.
    Running,
    /// All files are there.
    Complete,
}

/// How the export's files are grouped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The numbers of all groups. There is one even when nothing was exported, since `convert` gives tables their first file.
    pub groups: Vec<usize>,
}

/// What was made of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// Items that were made into rows.
    pub items: u64,
    /// Lines that could not be, and were put away.
    pub rejected: u64,
    /// Items whose body could not be had since they were deleted or replaced meanwhile.
    pub gone: u64,
    /// Files that were created; those that were there already do not count.
    pub files: u64,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Items that were replaced or deleted.
    pub items: u64,
    /// Files that were replaced.
    pub files: u64,
}

/// How far the lake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Finished {
    /// Everything written before then is in the lake.
    #[serde(with = "super::state::rfc3339")]
    pub done: Timestamp,
}
