//! What can go wrong between a source and its rows.

use std::{fmt, io, path::PathBuf};

use crate::store::{self, StoreError};

/// A source that cannot be read, or not wholly.
#[derive(Debug)]
pub enum SourceError {
    /// There is no export where one was looked for.
    NoExport {
        /// The folder or the URL.
        place: String,
    },
    /// There is an export, but of a kind that makes no tables.
    Unsupported {
        /// The folder or the URL.
        place: String,
        /// What kind, and what to do.
        what: String,
    },
    /// A manifest that does not say what AWS's say.
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A data file that is not the one that was exported.
    DataFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// An item whose body cannot be had.
    Damaged {
        /// The partition.
        group: String,
        /// The sort key.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file that cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Who was to take the rows did not.
    Sink(io::Error),
    /// DynamoDB did not answer.
    Store(StoreError),
    /// S3 did not answer.
    S3 {
        /// The bucket or object.
        place: String,
        /// Why.
        source: object_store::Error,
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExport { place } => write!(
                f,
                "{place} holds no finished DynamoDB export: name the folder that holds AWSDynamoDB/, or one in it with a \
                 manifest-summary.json"
            ),
            Self::Unsupported { place, what } => write!(f, "{place}: {what}"),
            Self::Manifest { path, what } => write!(f, "{}: {what}", path.display()),
            Self::DataFile { path, what } => {
                write!(f, "{}: {what}; fetch the export again", path.display())
            }
            Self::Damaged { group, key, what } => {
                write!(f, "item {group} / {key}: {what}; --skip-damaged leaves it out")
            }
            Self::File { path, .. } => write!(f, "{} cannot be read or written", path.display()),
            Self::Sink(_) => f.write_str("the rows cannot be written"),
            Self::Store(error) => error.fmt(f),
            Self::S3 { place, .. } => write!(f, "{place} cannot be read: check the name, --region and --profile"),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::Sink(source) => Some(source),
            Self::Store(error) => Some(error),
            Self::S3 { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<StoreError> for SourceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<store::ReadError> for SourceError {
    fn from(error: store::ReadError) -> Self {
        match error {
            store::ReadError::Store(error) => Self::Store(error),
            store::ReadError::Damaged { group, key, what } => Self::Damaged { group, key, what: what.to_owned() },
        }
    }
}

/// An error about a file, to be used with `map_err`.
pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> SourceError {
    let path = path.into();
    |source| SourceError::File { path, source }
}
