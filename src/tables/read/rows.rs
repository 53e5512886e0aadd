//! Items become rows, which wait on disk until all of them were read.

use std::{
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{
    ArchiveRead, DamagedItem, Progress, RowsError,
    block::Block,
    files::{LineError, Worker, read_lines},
    latest::{Notes, Superseded, Versions},
    spill::{Span, Spill},
    threads::each_of,
    waiting::Waiting,
};
use crate::{
    export_files::ExportFolder,
    store::{ItemKind, StoredBody, StoredItem},
    tables::{Filter, Flattened, Redactor, Row, flatten},
};

/// Takes rows.
pub trait RowSink: Send {
    /// A row. Those of one item come one after the other, that of [`Table::Events`](crate::tables::Table) or
    /// [`Table::Quarantine`](crate::tables::Table) first.
    fn row(&mut self, row: &Row<'_>);
}

/// What to do about an item that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDamage {
    /// Stop.
    Fail,
    /// Leave it out.
    Skip,
}

/// How an export is read.
pub struct ReadOptions {
    /// Which items are wanted.
    pub filter: Filter,
    /// What to do about those that are damaged.
    pub damage: OnDamage,
    /// Replaces phone numbers and names.
    pub redactor: Option<Redactor>,
    /// How many threads read.
    pub threads: usize,
}

/// The rows of all wanted items of an export whose files are all there and whole, or of an archive.
pub struct StoredRows {
    pub(super) source: Source,
    blocks: Blocks,
    superseded: Superseded,
    /// How many items were made into rows.
    pub items: u64,
    /// The items that were left out.
    pub damaged: Vec<DamagedItem>,
}

/// Where the rows come from.
pub(super) enum Source {
    Export(ExportFolder),
    Archive(ArchiveRead),
}

/// What the reading of one source has in common.
pub(super) struct Gathering<'o> {
    options: &'o ReadOptions,
    versions: Versions,
    waiting: Waiting,
    blocks: Blocks,
}

/// Where the blocks of rows are.
struct Blocks {
    spill: Spill,
    spans: Mutex<Vec<Span>>,
}

impl StoredRows {
    /// Compares all data files with their manifest, makes rows of the items, and finds out which versions of responses are
    /// the latest among those that are wanted. Memory does not depend on the number of items. `scratch` is a folder for what
    /// does not belong in memory.
    ///
    /// # Errors
    /// When a file is not the one that was exported or cannot be read, or when an item is damaged and that fails.
    pub fn read(
        export: ExportFolder,
        options: &ReadOptions,
        scratch: &Path,
        progress: Progress<'_>,
    ) -> Result<Self, RowsError> {
        let gathering = Gathering::new(options, scratch)?;
        let mut flatteners = read_lines(&export.files, options.threads, progress, || gathering.flattener())?;
        let mut last = gathering.flattener();
        gathering.waiting.resume(|item, body| {
            match body {
                Ok(body) => last.item(item, &body)?,
                Err(error) => last.damaged(error)?,
            }
            last.chunk()
        })?;
        flatteners.push(last);
        let gathered = Gathered::of(flatteners)?;
        gathering.finish(Source::Export(export), gathered)
    }

    /// Of which point in time the export is, as its manifest says; empty if it is an archive.
    pub fn exported_at(&self) -> &str {
        match &self.source {
            Source::Export(export) => &export.exported_at,
            Source::Archive(_) => "",
        }
    }

    /// Size of all data files.
    pub fn bytes(&self) -> u64 {
        match &self.source {
            Source::Export(export) => export.bytes(),
            Source::Archive(_) => 0,
        }
    }

    /// What was read of an archive, if the rows are of one.
    pub fn archive(&self) -> Option<&ArchiveRead> {
        match &self.source {
            Source::Archive(archive) => Some(archive),
            Source::Export(_) => None,
        }
    }

    /// How many items, rows or files were left out.
    pub fn left_out(&self) -> u64 {
        self.damaged.len() as u64 + self.archive().map_or(0, |archive| archive.damaged)
    }

    /// How many blocks the rows are in.
    pub fn blocks(&self) -> u64 {
        self.spans().len() as u64
    }

    /// Passes all blocks to `each`, with one of the workers that `make` makes for each of at most `threads` threads, and
    /// returns the workers. `progress` is told of every block.
    ///
    /// # Errors
    /// When the rows cannot be read back, or as `each` fails.
    pub fn each_block<W: Send>(
        &self,
        threads: usize,
        progress: Progress<'_>,
        make: impl Fn() -> W + Sync,
        each: impl Fn(&mut W, Block) -> io::Result<()> + Sync,
    ) -> Result<Vec<W>, RowsError> {
        // The bytes of one block after the other are in the same memory.
        let make = || (make(), Vec::new());
        let workers = each_of(&self.spans(), threads, make, |(worker, bytes), span| {
            bytes.clear();
            self.blocks.spill.get(*span, bytes).map_err(RowsError::Scratch)?;
            let mut block = Block::of_bytes(bytes).map_err(RowsError::Scratch)?;
            block.mark_latest(|group, key| !self.superseded.contains(group, key));
            progress(1);
            each(worker, block).map_err(RowsError::Sink)
        })?;
        Ok(workers.into_iter().map(|(worker, _)| worker).collect())
    }

    /// Passes all rows to sinks, one for each of at most `threads` threads, and returns the sinks.
    ///
    /// # Errors
    /// When the rows cannot be read back.
    pub fn each_row<S: RowSink>(
        &self,
        threads: usize,
        progress: Progress<'_>,
        sink: impl Fn() -> S + Sync,
    ) -> Result<Vec<S>, RowsError> {
        self.each_block(threads, progress, sink, |sink, block| {
            block.each_row(sink);
            Ok(())
        })
    }

    fn spans(&self) -> Vec<Span> {
        self.blocks.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'o> Gathering<'o> {
    pub(super) fn new(options: &'o ReadOptions, scratch: &Path) -> Result<Self, RowsError> {
        let spill = Spill::new(scratch).map_err(RowsError::Scratch)?;
        let versions = Versions::new(scratch).map_err(RowsError::Scratch)?;
        let waiting = Waiting::new(scratch).map_err(RowsError::Scratch)?;
        Ok(Self { options, versions, waiting, blocks: Blocks { spill, spans: Mutex::default() } })
    }

    pub(super) fn flattener(&self) -> Flattener<'_> {
        Flattener {
            options: self.options,
            waiting: &self.waiting,
            blocks: &self.blocks,
            block: Block::new(),
            bytes: Vec::new(),
            notes: self.versions.notes(),
            redactor: self.options.redactor.clone(),
            items: 0,
            damaged: Vec::new(),
        }
    }

    pub(super) fn finish(self, source: Source, gathered: Gathered) -> Result<StoredRows, RowsError> {
        let Gathered { items, mut damaged } = gathered;
        if self.options.damage == OnDamage::Fail && !damaged.is_empty() {
            return Err(damaged.swap_remove(0).into());
        }
        let superseded = self.versions.superseded().map_err(RowsError::Scratch)?;
        Ok(StoredRows { source, blocks: self.blocks, superseded, items, damaged })
    }
}

/// What has become of all items.
pub(super) struct Gathered {
    items: u64,
    damaged: Vec<DamagedItem>,
}

impl Gathered {
    pub(super) fn of(flatteners: Vec<Flattener<'_>>) -> Result<Self, RowsError> {
        let mut all = Self { items: 0, damaged: Vec::new() };
        for mut flattener in flatteners {
            flattener.put_away()?;
            flattener.notes.finish().map_err(RowsError::Scratch)?;
            all.items += flattener.items;
            all.damaged.append(&mut flattener.damaged);
        }
        Ok(all)
    }
}

pub(super) struct Flattener<'a> {
    options: &'a ReadOptions,
    waiting: &'a Waiting,
    blocks: &'a Blocks,
    block: Block,
    /// The block as it goes to disk, again and again in the same memory.
    bytes: Vec<u8>,
    notes: Notes<'a>,
    redactor: Option<Redactor>,
    items: u64,
    damaged: Vec<DamagedItem>,
}

impl Worker for Flattener<'_> {
    const CHECKS: bool = true;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let item = StoredItem::for_rows_of_export_line(line).map_err(LineError::Json)?;
        let filter = &self.options.filter;
        match item.kind() {
            ItemKind::Part if filter.wants_group(&item) => return Ok(self.waiting.part(&item)?),
            ItemKind::Part | ItemKind::Erased => return Ok(()),
            ItemKind::Group => return Ok(self.wanted_name(&item)?),
            ItemKind::Event | ItemKind::Quarantined => {}
        }
        if !filter.wants(&item) {
            return Ok(());
        }
        match item.body() {
            Ok(StoredBody::Whole(body)) => self.item(&item, &body)?,
            Ok(StoredBody::Parts(_)) => self.waiting.item(line)?,
            Err(error) => self.damaged(error.into())?,
        }
        if self.block.is_full() {
            self.put_away()?;
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), RowsError> {
        if self.block.is_full() { self.put_away() } else { Ok(()) }
    }
}

impl Flattener<'_> {
    /// Makes rows of an item if it is wanted, and puts them on disk once they are many.
    pub(super) fn wanted_item(&mut self, item: &StoredItem, body: &[u8]) -> Result<(), RowsError> {
        if self.options.filter.wants(item) {
            self.item(item, body)?;
        }
        self.chunk()
    }

    /// Makes a row of the name of a group if it is wanted.
    pub(super) fn wanted_name(&mut self, item: &StoredItem) -> Result<(), RowsError> {
        if self.options.filter.wants_name(item) { self.name(item) } else { Ok(()) }
    }

    fn item(&mut self, item: &StoredItem, body: &[u8]) -> Result<(), RowsError> {
        self.learn(item, body);
        let Self { block, notes, redactor, .. } = self;
        let mut noted = Ok(());
        // Whether it is the latest version is known when all items were read.
        let is_latest = true;
        let flattened = flatten(item, body, is_latest, &mut |row| {
            if noted.is_ok() {
                noted = notes.row(row);
            }
            block.push(row, redactor.as_ref());
        });
        noted.map_err(RowsError::Scratch)?;
        match flattened {
            Flattened::Rows => {
                self.items += 1;
                Ok(())
            }
            Flattened::Unreadable(what) => self.damaged(item.damaged(what).into()),
        }
    }

    /// Has the redactor know the people of an item.
    fn learn(&mut self, item: &StoredItem, body: &[u8]) {
        if let Some(redactor) = &mut self.redactor {
            redactor.begin_item();
            flatten(item, body, true, &mut |row| redactor.learn(row));
        }
    }

    /// The name of a group, which is not an event and counts as none.
    fn name(&mut self, item: &StoredItem) -> Result<(), RowsError> {
        self.learn(item, &[]);
        let Self { block, redactor, .. } = self;
        match flatten(item, &[], true, &mut |row| block.push(row, redactor.as_ref())) {
            Flattened::Rows => Ok(()),
            Flattened::Unreadable(what) => self.damaged(item.damaged(what).into()),
        }
    }

    /// Takes note of an item that is damaged; any other error is returned. Whether such items may be left out matters when all
    /// files are known to be whole: until then, a damaged file is the likelier reason.
    fn damaged(&mut self, error: RowsError) -> Result<(), RowsError> {
        match error {
            // Without permission to leave them out, the first is the one that is told.
            RowsError::Damaged(item) if self.options.damage == OnDamage::Skip || self.damaged.is_empty() => {
                self.damaged.push(item);
                Ok(())
            }
            RowsError::Damaged(_) => Ok(()),
            error => Err(error),
        }
    }

    /// Puts the rows on disk.
    fn put_away(&mut self) -> Result<(), RowsError> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.bytes.clear();
        self.block.append_to(&mut self.bytes);
        self.block.clear();
        let span = self.blocks.spill.put(&self.bytes).map_err(RowsError::Scratch)?;
        self.blocks.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        Ok(())
    }
}
