//! Which groups an export has events of.

use super::{
    Progress, RowsError,
    files::{LineError, Worker, read_lines},
};
use crate::{
    export_files::ExportFolder,
    store::{ItemKind, Overview, StoredItem},
};

/// Reads an export once and counts the events of each group.
///
/// # Errors
/// When a file is not the one that was exported, or cannot be read.
pub fn overview(export: &ExportFolder, threads: usize, progress: Progress<'_>) -> Result<Overview, RowsError> {
    let mut all = Overview::default();
    for Counter(counted) in read_lines(&export.files, threads, progress, Counter::default)? {
        all.add(counted);
    }
    Ok(all)
}

#[derive(Default)]
struct Counter(Overview);

impl Worker for Counter {
    const CHECKS: bool = true;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let item = StoredItem::strings_of_export_line(line).map_err(LineError::Json)?;
        match item.kind() {
            ItemKind::Event => self.0.count(&item),
            ItemKind::Group => self.0.name(&item),
            ItemKind::Quarantined | ItemKind::Part | ItemKind::Erased => {}
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), RowsError> {
        Ok(())
    }
}
