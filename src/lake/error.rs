//! Why a step did not do its work, with names that a state machine can tell apart.

use std::{error::Error, fmt, io};

use lambda_runtime::Diagnostic;

use crate::{event::Timestamp, export_files::ContentsError, store::StoreError};

/// A step that did not do its work. Says nothing about what is in the table.
#[derive(Debug)]
pub enum LakeError {
    /// The lake has come less far than recovery reaches back: what was written in between is in no export.
    Gap {
        /// How far it has come.
        done: Timestamp,
        /// How far recovery reaches back.
        earliest: Timestamp,
    },
    /// Point-in-time recovery is switched off.
    RecoveryOff,
    /// DynamoDB did not finish an export. The next `begin` asks for another one.
    ExportFailed {
        /// The export.
        export: String,
        /// DynamoDB's code and message.
        why: String,
    },
    /// A step for an export that is not in flight: a late one, or a repeated one.
    NotInFlight {
        /// The export.
        export: String,
    },
    /// A step for a group that is not in the plan.
    NoGroup {
        /// The export.
        export: String,
        /// The group.
        group: usize,
    },
    /// The state is not readable.
    State(serde_json::Error),
    /// A plan is not readable.
    Plan(serde_json::Error),
    /// An export's manifest, or its plan, is not there.
    Missing {
        /// Its key.
        key: String,
    },
    /// An export's manifests cannot be used.
    Manifest {
        /// The export.
        export: String,
        /// What is wrong with them.
        source: ContentsError,
    },
    /// An export covers something else than it was asked to.
    OtherWindow {
        /// The export.
        export: String,
    },
    /// A data file is not the one that was exported.
    DataFile {
        /// The export.
        export: String,
        /// The file's key.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// DynamoDB did not answer.
    DynamoDb(StoreError),
    /// S3 did not answer, or has not what it should have.
    Storage {
        /// The key, or what it begins with.
        key: String,
        /// Why.
        source: object_store::Error,
    },
    /// A Parquet file cannot be written here, or is not one of ours.
    Parquet {
        /// Its key.
        key: String,
        /// Why.
        source: io::Error,
    },
}

impl LakeError {
    /// The name by which a state machine tells errors apart. `DynamoDb` and `Storage` may pass when the step is repeated.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "Lake.Gap",
            Self::RecoveryOff => "Lake.RecoveryOff",
            Self::ExportFailed { .. } => "Lake.ExportFailed",
            Self::NotInFlight { .. } => "Lake.NotInFlight",
            Self::NoGroup { .. } => "Lake.NoGroup",
            Self::State(_) | Self::Plan(_) => "Lake.State",
            Self::Manifest { .. } | Self::OtherWindow { .. } => "Lake.Manifest",
            Self::Missing { .. } => "Lake.Missing",
            Self::DataFile { .. } => "Lake.DataFile",
            Self::DynamoDb(_) => "Lake.DynamoDb",
            Self::Storage { .. } => "Lake.Storage",
            Self::Parquet { .. } => "Lake.Parquet",
        }
    }

    /// An error about an object, to be used with `map_err`.
    pub(super) fn storage(key: &str) -> impl FnOnce(object_store::Error) -> Self {
        |source| Self::Storage { key: key.to_owned(), source }
    }

    /// An error about a Parquet file, to be used with `map_err`.
    pub(super) fn parquet(key: &str) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Parquet { key: key.to_owned(), source }
    }
}

impl fmt::Display for LakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { done, earliest } => write!(
                f,
                "the lake has come to {done}, but recovery reaches back to {earliest} alone: what was written in between is \
                 in no export; rebuild the tables"
            ),
            Self::RecoveryOff => f.write_str("point-in-time recovery of the table is off: switch it on"),
            Self::ExportFailed { export, why } => write!(f, "export {export} failed: {why}"),
            Self::NotInFlight { export } => write!(f, "export {export} is not in flight"),
            Self::NoGroup { export, group } => write!(f, "export {export} has no group {group}"),
            Self::State(error) => write!(f, "the state is not readable ({error}): rebuild the tables"),
            Self::Plan(error) => write!(f, "the plan is not readable ({error})"),
            Self::Missing { key } => write!(f, "{key} is not there"),
            Self::Manifest { export, source } => write!(f, "the manifest of export {export}: {source}"),
            Self::OtherWindow { export } => {
                write!(f, "export {export} covers another period than the one that it was asked for")
            }
            Self::DataFile { export, file, what } => write!(f, "export {export}, file {file}: {what}"),
            Self::DynamoDb(error) => error.fmt(f),
            Self::Storage { key, source } => write!(f, "{key}: {source}"),
            Self::Parquet { key, source } => write!(f, "{key}: {source}"),
        }
    }
}

impl Error for LakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::State(source) | Self::Plan(source) => Some(source),
            Self::Manifest { source, .. } => Some(source),
            Self::DynamoDb(error) => error.source(),
            Self::Storage { source, .. } => Some(source),
            Self::Parquet { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<StoreError> for LakeError {
    fn from(error: StoreError) -> Self {
        Self::DynamoDb(error)
    }
}

/// What Lambda tells the state machine.
impl From<LakeError> for Diagnostic {
    fn from(error: LakeError) -> Self {
        Self { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}
