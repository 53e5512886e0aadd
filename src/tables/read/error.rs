//! What can go wrong between export files and rows.

use std::{fmt, io};

use crate::{
    archive::{ArchiveError, Damage},
    export_files::{ExportFilesError, quoted},
    store,
};

/// Why items do not become rows, by who can do something about it.
#[derive(Debug)]
pub enum RowsError {
    /// The export files cannot be read, or are not those that were exported.
    Export(ExportFilesError),
    /// An item does not make rows: whoever reads may leave such items out.
    Damaged(DamagedItem),
    /// An archive cannot be read.
    Archive(ArchiveError),
    /// A row or a file of an archive cannot be read: whoever reads may leave it out.
    Unreadable(Damage),
    /// Nothing of an archive can be read; with the first reason.
    NothingReadable(Damage),
    /// What does not belong in memory cannot be put on disk.
    Scratch(io::Error),
    /// The sink does not take any more rows.
    Sink(io::Error),
}

/// An item that does not make rows.
#[derive(Debug)]
pub struct DamagedItem {
    /// The partition.
    pub group: String,
    /// The sort key.
    pub key: String,
    /// What is wrong with it.
    pub what: &'static str,
}

impl fmt::Display for DamagedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {} / {}: {}", quoted(&self.group), quoted(&self.key), self.what)
    }
}

impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export(error) => error.fmt(f),
            Self::Damaged(item) => item.fmt(f),
            Self::Archive(error) => error.fmt(f),
            Self::Unreadable(damage) => damage.fmt(f),
            Self::NothingReadable(damage) => write!(f, "nothing could be read: {damage}"),
            Self::Scratch(_) => f.write_str("what does not fit into memory cannot be put on disk"),
            Self::Sink(_) => f.write_str("the rows cannot be written"),
        }
    }
}

impl std::error::Error for RowsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Export(error) => std::error::Error::source(error),
            Self::Scratch(source) | Self::Sink(source) => Some(source),
            Self::Archive(error) => std::error::Error::source(error),
            Self::Damaged(_) | Self::Unreadable(_) | Self::NothingReadable(_) => None,
        }
    }
}

impl From<ExportFilesError> for RowsError {
    fn from(error: ExportFilesError) -> Self {
        Self::Export(error)
    }
}

impl From<ArchiveError> for RowsError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

impl From<DamagedItem> for RowsError {
    fn from(item: DamagedItem) -> Self {
        Self::Damaged(item)
    }
}

impl From<store::ReadError> for RowsError {
    fn from(error: store::ReadError) -> Self {
        match error {
            store::ReadError::Store(error) => Self::Export(error.into()),
            store::ReadError::Damaged { group, key, what } => Self::Damaged(DamagedItem { group, key, what }),
        }
    }
}
