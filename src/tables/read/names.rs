//! Which event types and groups there are. Asked when filters have matched nothing: a name in them may be misspelt.

use std::collections::BTreeSet;

use super::{
    Progress, RowsError, StoredRows,
    files::{LineError, Worker, read_lines},
    rows::Source,
};
use crate::store::{ItemKind, StoredItem};

/// How many types and how many groups are remembered by each thread.
const MOST_NAMES: usize = 100_000;
/// The longest name that is remembered: DynamoDB's limit for the partition.
const LONGEST_NAME: usize = 2048;

/// The names by which filters choose.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Event types.
    pub types: BTreeSet<String>,
    /// Groups.
    pub groups: BTreeSet<String>,
}

impl StoredRows {
    /// Reads the export once more for its event types and groups, whatever the filter wants; very many of them are not
    /// all remembered.
    ///
    /// # Errors
    /// When the export cannot be read.
    pub fn names(&self, threads: usize, progress: Progress<'_>) -> Result<Names, RowsError> {
        let export = match &self.source {
            Source::Export(export) => export,
            Source::Archive(archive) => return Ok(archive.names.clone()),
        };
        let mut all = Names::default();
        for names in read_lines(&export.files, threads, progress, Names::default)? {
            all.types.extend(names.types);
            all.groups.extend(names.groups);
        }
        Ok(all)
    }
}

impl Worker for Names {
    const CHECKS: bool = false;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let item = StoredItem::strings_of_export_line(line).map_err(LineError::Json)?;
        if matches!(item.kind(), ItemKind::Event | ItemKind::Quarantined) {
            remember(&mut self.types, item.event_type());
            remember(&mut self.groups, item.group());
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), RowsError> {
        Ok(())
    }
}

fn remember(names: &mut BTreeSet<String>, name: Option<&str>) {
    if let Some(name) = name
        && name.len() <= LONGEST_NAME
        && names.len() < MOST_NAMES
        && !names.contains(name)
    {
        names.insert(name.to_owned());
    }
}
