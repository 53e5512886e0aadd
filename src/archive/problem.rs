//! What can be wrong with an archive, its files and its rows. No text quotes a value: values are personal data.

use std::{fmt, io, path::PathBuf};

use crate::event::Unreadable;

/// An archive of which nothing can be read.
#[derive(Debug)]
pub enum ArchiveError {
    /// The file system refuses.
    File {
        /// What was to be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What does not belong in memory cannot be put on disk.
    Scratch(io::Error),
    /// There is no file of a known format in it.
    NothingKnown {
        /// The archive.
        path: PathBuf,
        /// What there is instead, a line for each of the first files.
        found: Vec<String>,
    },
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "{} cannot be read", path.display()),
            Self::Scratch(_) => f.write_str("what does not fit into memory cannot be put on disk"),
            Self::NothingKnown { path, found } => {
                write!(f, "{} holds no card report and no messages of Kaizala", path.display())?;
                found.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

impl std::error::Error for ArchiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::Scratch(source) => Some(source),
            Self::NothingKnown { .. } => None,
        }
    }
}

/// Why a file of an archive cannot be read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// It is named as a ZIP and is not one, or its directory is damaged.
    NotAZip(String),
    /// It is encrypted.
    Encrypted,
    /// It is a ZIP within a ZIP.
    Nested,
    /// Its name is absolute or leads out of the archive.
    Escapes,
    /// It is packed in a way that no download of Kaizala is.
    Method(String),
    /// It has more members than any download.
    TooManyMembers(usize),
    /// It unpacks to far more than any download of its size.
    Bomb,
    /// Several members have the same name, or share their bytes.
    Overlapping,
    /// It is in UTF-16.
    Utf16,
    /// It cannot be read to its end.
    Io(String),
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAZip(why) => write!(f, "it is not a ZIP that can be read ({why}): download it again"),
            Self::Encrypted => f.write_str("it is encrypted: unpack it with its password and name the folder"),
            Self::Nested => f.write_str("it is a ZIP within a ZIP: unpack the outer one and name the folder"),
            Self::Escapes => f.write_str("its name leads out of the archive, as no name in a download of Kaizala does"),
            Self::Method(method) => {
                write!(f, "it is packed with a method that is not read ({method}): unpack it and name the folder")
            }
            Self::TooManyMembers(members) => {
                write!(f, "it has {members} members, far more than any download of Kaizala")
            }
            Self::Bomb => f.write_str("it unpacks to far more than any download of its size"),
            Self::Overlapping => f.write_str("it has members of the same name, or that share their bytes"),
            Self::Utf16 => f.write_str("it is in UTF-16: save it as CSV in UTF-8"),
            Self::Io(why) => write!(f, "it cannot be read to its end ({why})"),
        }
    }
}

/// Why a row is not an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowProblem {
    /// It is not UTF-8.
    NotUtf8,
    /// A quote that is never closed, or closed in the middle of a value.
    Quote,
    /// It is longer than any row.
    TooLong,
    /// It does not have a cell for each column, nor do the lines after it complete it.
    Cells {
        /// How many there are.
        found: usize,
        /// How many the header has names for.
        wanted: usize,
    },
    /// The time in a column is not one.
    Time {
        /// The column's name.
        column: String,
    },
    /// What it makes is not an event that can be kept.
    Event(Unreadable),
    /// The file cannot be read on.
    File(FileProblem),
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("it is not UTF-8"),
            Self::Quote => f.write_str("a quote in it is not closed, or closed within a value"),
            Self::TooLong => f.write_str("it is longer than any row"),
            Self::Cells { found, wanted } => write!(f, "it has {found} cells for {wanted} columns"),
            Self::Time { column } => {
                write!(f, "what is in column {column:?} is not a time like 2020-04-01 23:00:41")
            }
            Self::Event(Unreadable::KeyTooLong) => f.write_str("its id or its group's name is too long for a key"),
            Self::Event(reason) => write!(f, "it makes no event ({reason})"),
            Self::File(problem) => problem.fmt(f),
        }
    }
}

/// What was not read of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file: a path, with that of the member behind it if it is a ZIP.
    pub file: String,
    /// Where in it.
    pub line: Option<u64>,
    /// Why.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} line {line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl std::error::Error for Damage {}

/// Text of others on one line, not more than that, without what a terminal obeys.
pub(super) fn clean(text: &str) -> String {
    text.chars().take(200).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
