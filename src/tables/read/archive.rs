//! An archive of Kaizala's own becomes rows: the same as if it had been imported into an empty table, and that exported.

use std::{collections::BTreeSet, path::Path};

use bytes::Bytes;

use super::{
    Names, OnDamage, Progress, ReadOptions, RowsError, StoredRows,
    rows::{Flattener, Gathered, Gathering, Source},
};
use crate::{
    archive::{Archive, Count, Damage, FileKind, Repeat, Row, Survey},
    event::{Event, Timestamp, imported::group_of_name},
    store::{Arrival, GroupSource, NamedGroup, Record, StoredItem},
};

/// What was read of an archive: every file and every row is accounted for.
#[derive(Debug)]
pub struct ArchiveRead {
    /// All files.
    pub files: Vec<FileRead>,
    /// What could not be read and was left out; the first of it if it is very much.
    pub damage: Vec<Damage>,
    /// How many rows and files could not be read.
    pub damaged: u64,
    pub(super) names: Names,
}

/// What was read of a file.
#[derive(Debug)]
pub struct FileRead {
    /// Its path, with that of the member behind it if it is in a ZIP.
    pub name: String,
    /// The type of the events that its rows are; `None` if it was not read.
    pub event_type: Option<&'static str>,
    /// Its rows.
    pub rows: Count,
}

impl StoredRows {
    /// Reads an archive twice: to account for everything and find what is there several times, and to make rows. Memory does
    /// not depend on its size, but for a byte for each row. `now` is when what has no time of arrival arrives. `progress` is
    /// told of the bytes of both readings.
    ///
    /// # Errors
    /// When nothing can be read, or when something cannot be read and that fails.
    pub fn read_archive(
        archive: &Archive,
        now: Timestamp,
        options: &ReadOptions,
        scratch: &Path,
        progress: Progress<'_>,
    ) -> Result<Self, RowsError> {
        let survey = Survey::read(archive, options.threads, scratch, progress)?;
        if let Some(first) = survey.damage.first() {
            if survey.rows() == 0 {
                return Err(RowsError::NothingReadable(first.clone()));
            }
            if options.damage == OnDamage::Fail {
                return Err(RowsError::Unreadable(first.clone()));
            }
        }
        let gathering = Gathering::new(options, scratch)?;
        let mut flatteners = archive.each_row(
            options.threads,
            progress,
            || gathering.flattener(),
            |flattener, row| flatten_row(flattener, &row, survey.repeat(row.number), now),
        )?;
        if let Some(flattener) = flatteners.first_mut() {
            for name in survey.groups.keys().filter(|name| !name.trim().is_empty()) {
                let group = NamedGroup { id: group_of_name(name), name: name.clone(), group_type: None };
                flattener.wanted_name(&StoredItem::of_group(&group, GroupSource::Archive, now))?;
            }
        }
        let gathered = Gathered::of(flatteners)?;
        gathering.finish(Source::Archive(ArchiveRead::of(archive, survey)), gathered)
    }
}

fn flatten_row(flattener: &mut Flattener<'_>, row: &Row, repeat: Repeat, now: Timestamp) -> Result<(), RowsError> {
    // What cannot be read is accounted for by the survey.
    let Ok(cells) = &row.cells else { return Ok(()) };
    let (Ok(imported), Repeat::First | Repeat::Revision) = (row.layout.event(cells), repeat) else { return Ok(()) };
    let body = Bytes::from(imported.body(&group_of_name(&imported.group_name)));
    let Ok(event) = Event::parse(&body) else { return Ok(()) };
    let arrival = Arrival { received_at: imported.received_at.unwrap_or(now), request_id: None };
    let record = Record::of_event(&event, arrival).imported(now);
    match record.stored_items(&body, repeat == Repeat::Revision).last() {
        Some(item) => flattener.wanted_item(item, &body),
        None => Ok(()),
    }
}

impl ArchiveRead {
    fn of(archive: &Archive, survey: Survey) -> Self {
        let files = archive.files.iter().zip(&survey.counts).map(|(file, rows)| FileRead {
            name: file.name.clone(),
            event_type: match &file.kind {
                FileKind::Rows(layout) => Some(layout.imported().name()),
                FileKind::Unknown | FileKind::Damaged(_) => None,
            },
            rows: *rows,
        });
        let files: Vec<_> = files.collect();
        let types: BTreeSet<_> = files.iter().filter_map(|file| file.event_type).map(str::to_owned).collect();
        let groups = survey.groups.keys().map(|name| group_of_name(name)).collect();
        Self { files, damage: survey.damage, damaged: survey.damaged, names: Names { types, groups } }
    }

    /// How many rows and files are not among the [`damage`](Self::damage), which tells the first alone.
    pub fn more_damage(&self) -> u64 {
        self.damaged - self.damage.len() as u64
    }
}
