//! The first reading: is everything there, and which responses were edited?

use std::path::Path;

use super::{
    Progress, RowsError,
    files::{LineError, Worker, read_lines},
    latest::{Noted, Notes, Superseded, Versioned, Versions},
    rows::Waiting,
};
use crate::{export_files::ExportFolder, store::StoredItem, tables::Filter};

/// An export whose files are all there and whole, and which of its items are wanted.
pub struct CheckedExport {
    pub(super) export: ExportFolder,
    pub(super) filter: Filter,
    pub(super) superseded: Superseded,
}

impl CheckedExport {
    /// Compares all data files with their manifest, and finds out which versions of responses are the latest among those
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
    ) -> Result<Self, RowsError> {
        let versions = Versions::new(scratch).map_err(RowsError::Scratch)?;
        let waiting = Waiting::new(scratch).map_err(RowsError::Scratch)?;
        let make = || Checker { filter: &filter, notes: versions.notes(), waiting: &waiting };
        for checker in read_lines(&export.files, threads, progress, make)? {
            checker.notes.finish().map_err(RowsError::Scratch)?;
        }
        let mut notes = versions.notes();
        waiting.resume(|item, body| match body {
            Ok(body) => notes.note(item, &body),
            // It makes no rows, so that another version is the latest.
            Err(RowsError::Damaged(_)) => Ok(()),
            Err(error) => Err(error),
        })?;
        notes.finish().map_err(RowsError::Scratch)?;
        let superseded = versions.superseded().map_err(RowsError::Scratch)?;
        Ok(Self { export, filter, superseded })
    }

    /// Of which point in time the export is, as its manifest says.
    pub fn exported_at(&self) -> &str {
        &self.export.exported_at
    }
}

struct Checker<'a> {
    filter: &'a Filter,
    notes: Notes<'a>,
    /// Versions whose bodies are in parts.
    waiting: &'a Waiting,
}

impl Worker for Checker<'_> {
    const CHECKS: bool = true;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let event_type = StoredItem::event_type_of_export_line(line);
        if event_type.is_some_and(|name| Versioned::of_type(name).is_none()) {
            return Ok(());
        }
        let item = StoredItem::strings_of_export_line(line).map_err(LineError::Json)?;
        if item.is_part() {
            if self.filter.wants_group(&item) {
                self.waiting.part(&StoredItem::from_export_line(line).map_err(LineError::Json)?)?;
            }
        } else if self.filter.wants(&item)
            && let Noted::InParts = self.notes.note_line(&item, line)?
        {
            self.waiting.item(line)?;
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), RowsError> {
        Ok(())
    }
}
