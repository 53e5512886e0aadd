//! An archive read once: what is in it, what of it cannot be read, and what is there several times.

use std::{collections::BTreeMap, io, path::Path};

use super::{
    Archive, ArchiveError, FileKind, ImportedEvent, Progress, Row, RowProblem,
    problem::Damage,
    repeats::{Notes, Repeat, Seen},
};
use crate::event::ImportedType;

/// How many of what cannot be read are told one by one; the others are counted.
const MOST_DAMAGE: usize = 1000;
/// How many groups are told apart.
const MOST_GROUPS: usize = 100_000;
/// How many rows of each group are remembered.
const MOST_PROBES: usize = 20;

/// What is in an archive.
#[derive(Debug)]
pub struct Survey {
    /// For each file of the archive, how many rows there are.
    pub counts: Vec<Count>,
    /// What cannot be read, in order; the first of it if it is very much.
    pub damage: Vec<Damage>,
    /// How many rows and files cannot be read.
    pub damaged: u64,
    /// The groups by name.
    pub groups: BTreeMap<String, GroupRows>,
    repeats: Vec<Repeat>,
}

/// Rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that were read, repeated ones included.
    pub rows: u64,
    /// Of these, those that say what a row before them says.
    pub repeated: u64,
    /// Those that cannot be read.
    pub unreadable: u64,
}

/// Rows of a group.
#[derive(Debug, Default)]
pub struct GroupRows {
    /// How many there are.
    pub rows: u64,
    /// The first of them, by number: type and event id.
    pub first: BTreeMap<u64, (ImportedType, String)>,
}

impl Survey {
    /// Reads everything. Memory does not depend on the number of rows, but for a byte for each. `scratch` is a folder for
    /// what does not belong in memory.
    ///
    /// # Errors
    /// When that has no room. What cannot be read of the archive is told by the survey.
    pub fn read(
        archive: &Archive,
        threads: usize,
        scratch: &Path,
        progress: Progress<'_>,
    ) -> Result<Self, ArchiveError> {
        let seen = Seen::new(scratch).map_err(ArchiveError::Scratch)?;
        let files = archive.files.len();
        let make = || Surveyor::new(files, seen.notes());
        let surveyors = archive.each_row(threads, progress, make, Surveyor::row).map_err(ArchiveError::Scratch)?;
        let mut all = Totals::new(files);
        for surveyor in surveyors {
            surveyor.notes.finish().map_err(ArchiveError::Scratch)?;
            all.add(surveyor.totals);
        }
        let repeats = seen.repeats(all.rows()).map_err(ArchiveError::Scratch)?;
        let Totals { mut counts, damage, mut damaged, groups } = all;
        let mut begin = 0;
        for count in &mut counts {
            let rows = &repeats[begin..begin + usize::try_from(count.rows + count.unreadable).unwrap_or_default()];
            begin += rows.len();
            count.repeated = rows.iter().filter(|repeat| **repeat == Repeat::Duplicate).count() as u64;
        }
        let mut told = Vec::new();
        for file in &archive.files {
            if let FileKind::Damaged(problem) = &file.kind {
                damaged += 1;
                told.push(Damage { file: file.name.clone(), line: None, what: problem.to_string() });
            }
        }
        told.extend(damage.into_values().map(|(file, line, problem)| Damage {
            file: archive.files[file].name.clone(),
            line: Some(line),
            what: problem.to_string(),
        }));
        Ok(Self { counts, damage: told, damaged, groups, repeats })
    }

    /// How many rows were read.
    pub fn rows(&self) -> u64 {
        self.counts.iter().map(|count| count.rows).sum()
    }

    /// What a row is among those that stand for the same event.
    pub fn repeat(&self, row: u64) -> Repeat {
        // An archive that has grown meanwhile has rows that were not surveyed.
        usize::try_from(row).ok().and_then(|row| self.repeats.get(row).copied()).unwrap_or(Repeat::First)
    }

    /// What is not told one by one of what cannot be read.
    pub fn more_damage(&self) -> u64 {
        self.damaged - self.damage.len() as u64
    }
}

struct Surveyor<'a> {
    notes: Notes<'a>,
    totals: Totals,
}

struct Totals {
    counts: Vec<Count>,
    damage: BTreeMap<u64, (usize, u64, RowProblem)>,
    damaged: u64,
    groups: BTreeMap<String, GroupRows>,
}

impl<'a> Surveyor<'a> {
    fn new(files: usize, notes: Notes<'a>) -> Self {
        Self { notes, totals: Totals::new(files) }
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        let Row { number, file, line, layout, cells } = row;
        match cells.and_then(|cells| layout.event(&cells)) {
            Ok(event) => {
                self.notes.row(number, &event)?;
                self.totals.event(number, file, event);
            }
            Err(problem) => self.totals.problem(number, file, line, problem),
        }
        Ok(())
    }
}

impl Totals {
    fn new(files: usize) -> Self {
        let counts = vec![Count::default(); files];
        Self { counts, damage: BTreeMap::new(), damaged: 0, groups: BTreeMap::new() }
    }

    fn rows(&self) -> u64 {
        self.counts.iter().map(|count| count.rows + count.unreadable).sum()
    }

    fn event(&mut self, number: u64, file: usize, event: ImportedEvent) {
        self.counts[file].rows += 1;
        if !self.groups.contains_key(&event.group_name) {
            if self.groups.len() == MOST_GROUPS {
                return;
            }
            self.groups.insert(event.group_name.clone(), GroupRows::default());
        }
        if let Some(group) = self.groups.get_mut(&event.group_name) {
            group.rows += 1;
            group.probe(number, (event.imported, event.event_id));
        }
    }

    fn problem(&mut self, number: u64, file: usize, line: u64, problem: RowProblem) {
        self.counts[file].unreadable += 1;
        self.damaged += 1;
        self.damage.insert(number, (file, line, problem));
        if self.damage.len() > MOST_DAMAGE {
            self.damage.pop_last();
        }
    }

    fn add(&mut self, other: Self) {
        for (count, other) in self.counts.iter_mut().zip(other.counts) {
            count.rows += other.rows;
            count.unreadable += other.unreadable;
        }
        self.damaged += other.damaged;
        self.damage.extend(other.damage);
        while self.damage.len() > MOST_DAMAGE {
            self.damage.pop_last();
        }
        for (name, other) in other.groups {
            let group = self.groups.entry(name).or_default();
            group.rows += other.rows;
            other.first.into_iter().for_each(|(number, probe)| group.probe(number, probe));
        }
    }
}

impl GroupRows {
    fn probe(&mut self, number: u64, event: (ImportedType, String)) {
        if self.first.len() < MOST_PROBES || self.first.last_key_value().is_some_and(|(last, _)| number < *last) {
            self.first.insert(number, event);
            if self.first.len() > MOST_PROBES {
                self.first.pop_last();
            }
        }
    }
}
