//! The first reading: is everything there, and which responses were edited?

use std::{io, path::Path};

use super::{
    Progress,
    files::{LineError, Worker, read_lines},
    latest::{Notes, Superseded, Versions, is_response},
};
use crate::{
    event::EventType,
    export_files::{ExportFolder, SourceError, file},
    store::StoredItem,
    tables::Filter,
};

/// An export whose files were checked, and which of its items are wanted.
pub struct CheckedExport {
    pub(super) export: ExportFolder,
    pub(super) filter: Filter,
    pub(super) superseded: Superseded,
}

impl CheckedExport {
    /// Compares all data files with their manifest, and finds out which versions of responses are the newest among those
    /// that `filter` wants. `scratch` is a folder for what does not belong in memory.
    ///
    /// # Errors
    /// When a file is not the one that was exported, or cannot be read.
    pub fn check(
        export: ExportFolder,
        filter: Filter,
        scratch: &Path,
        threads: usize,
        progress: Progress<'_>,
    ) -> Result<Self, SourceError> {
        let versions = Versions::new(scratch).map_err(file(scratch))?;
        let make = || Checker { filter: &filter, notes: versions.notes() };
        for checker in read_lines(&export.files, threads, progress, make)? {
            checker.notes.finish().map_err(file(scratch))?;
        }
        let superseded = versions.superseded().map_err(file(scratch))?;
        Ok(Self { export, filter, superseded })
    }
}

struct Checker<'a> {
    filter: &'a Filter,
    notes: Notes<'a>,
}

impl Worker for Checker<'_> {
    const CHECKS: bool = true;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let event_type = StoredItem::event_type_of_export_line(line);
        if event_type.is_some_and(|name| !is_response(EventType::from_name(name))) {
            return Ok(());
        }
        let item = StoredItem::strings_of_export_line(line).map_err(LineError::Json)?;
        if !item.is_part() && self.filter.wants(&item) {
            self.notes.note(&item).map_err(|error: io::Error| SourceError::Sink(error))?;
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}
