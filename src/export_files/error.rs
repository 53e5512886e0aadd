//! What can go wrong with export files, by who can do something about it.

use std::{fmt, io, path::PathBuf};

use crate::store::StoreError;

/// Export files that cannot be found, fetched, read or written.
#[derive(Debug)]
pub enum ExportFilesError {
    /// There is no export where one was looked for: whoever asked names another place.
    NoExport {
        /// The folder or the URL.
        place: String,
    },
    /// There is an export, but of a kind that makes no tables: whoever exports chooses another kind.
    Unsupported {
        /// The folder or the URL.
        place: String,
        /// What kind, and what to do.
        what: String,
    },
    /// A manifest or a data file that is not as it was exported: it has to be fetched again.
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file that the file system refuses to read or write.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
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

impl ExportFilesError {
    /// Whether what was fetched so far is of use once the cause is gone. If not, the same would fail again.
    pub fn can_be_resumed(&self) -> bool {
        match self {
            Self::NoExport { .. } | Self::Unsupported { .. } | Self::Broken { .. } => false,
            Self::Store(error) => !matches!(error, StoreError::Rejected(_) | StoreError::NoTable(_)),
            Self::S3 { source, .. } => !matches!(source, object_store::Error::NotFound { .. }),
            Self::File { .. } => true,
        }
    }
}

impl fmt::Display for ExportFilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExport { place } => write!(
                f,
                "{place} holds no finished DynamoDB export: name the folder that holds AWSDynamoDB/, or one in it with a \
                 manifest-summary.json"
            ),
            Self::Unsupported { place, what } => write!(f, "{place}: {what}"),
            Self::Broken { path, what } => write!(f, "{}: {what}; fetch the export again", path.display()),
            Self::File { path, .. } => write!(f, "{} cannot be read or written", path.display()),
            Self::Store(error) => error.fmt(f),
            Self::S3 { place, .. } => write!(f, "{place} cannot be read"),
        }
    }
}

impl std::error::Error for ExportFilesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Store(error) => Some(error),
            Self::S3 { source, .. } => Some(source),
            Self::NoExport { .. } | Self::Unsupported { .. } | Self::Broken { .. } => None,
        }
    }
}

impl From<StoreError> for ExportFilesError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An error about a file, to be used with `map_err`.
pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> ExportFilesError {
    let path = path.into();
    |source| ExportFilesError::File { path, source }
}

/// Characters that an error quotes of a file's content.
const QUOTED: usize = 120;

/// What an error may quote of a file that anybody may have written: not more than a line, and nothing that a terminal would
/// obey.
pub(crate) fn quoted(text: &str) -> String {
    let mut characters = text.chars();
    let clean = |character: char| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character };
    let mut quoted: String = characters.by_ref().take(QUOTED).map(clean).collect();
    if characters.next().is_some() {
        quoted.push('…');
    }
    quoted
}
