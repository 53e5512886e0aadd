//! The second reading: rows.

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{
    CheckedExport, DamagedItem, Progress, RowsError,
    files::{LineError, Worker, read_lines},
    spill::{Span, Spill},
};
use crate::{
    store::{ItemKind, MAX_BODY_BYTES, StoredBody, StoredItem, StoredParts},
    tables::{Flattened, Row, flatten},
};

/// Takes rows. Each of the reading threads has one of its own.
pub trait RowSink: Send {
    /// A row. Those of one item come one after the other, that of [`Table::Events`](crate::tables::Table) or
    /// [`Table::Quarantine`](crate::tables::Table) first.
    fn row(&mut self, row: &Row<'_>);

    /// Is called after some items: a chance to pass their rows on.
    ///
    /// # Errors
    /// When the rows cannot be taken; reading stops then.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What to do about an item that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDamage {
    /// Stop.
    Fail,
    /// Leave it out.
    Skip,
}

/// What was read.
pub struct Read<S> {
    /// The sinks of all threads.
    pub sinks: Vec<S>,
    /// How many items were made into rows.
    pub items: u64,
    /// The items that were left out.
    pub damaged: Vec<DamagedItem>,
}

impl CheckedExport {
    /// Size of all data files.
    pub fn bytes(&self) -> u64 {
        self.export.bytes()
    }

    /// Reads all wanted items and passes their rows to sinks, one for each of at most `threads` threads. Memory does not
    /// depend on the number of items. `scratch` is a folder for what does not belong in memory: the parts of large bodies.
    ///
    /// # Errors
    /// When the export cannot be read, a sink does not take its rows, or an item is damaged and `damage` says to fail.
    pub fn rows<S: RowSink>(
        &self,
        scratch: &Path,
        threads: usize,
        damage: OnDamage,
        progress: Progress<'_>,
        sink: impl Fn() -> S + Sync,
    ) -> Result<Read<S>, RowsError> {
        let waiting = Waiting::new(scratch).map_err(RowsError::Scratch)?;
        let make =
            || Flattener { checked: self, waiting: &waiting, damage, sink: sink(), items: 0, damaged: Vec::new() };
        let mut flatteners = read_lines(&self.export.files, threads, progress, make)?;
        match flatteners.first_mut() {
            Some(first) => waiting.resume(|item, body| {
                match body {
                    Ok(body) => first.item(item, &body)?,
                    Err(error) => first.damaged(error)?,
                }
                first.sink.flush().map_err(RowsError::Sink)
            })?,
            None => flatteners.push(make()),
        }
        let mut read = Read { sinks: Vec::new(), items: 0, damaged: Vec::new() };
        for flattener in flatteners {
            read.items += flattener.items;
            read.damaged.extend(flattener.damaged);
            read.sinks.push(flattener.sink);
        }
        Ok(read)
    }
}

struct Flattener<'a, S> {
    checked: &'a CheckedExport,
    waiting: &'a Waiting,
    damage: OnDamage,
    sink: S,
    items: u64,
    damaged: Vec<DamagedItem>,
}

impl<S: RowSink> Worker for Flattener<'_, S> {
    const CHECKS: bool = false;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let item = StoredItem::from_export_line(line).map_err(LineError::Json)?;
        match item.kind() {
            ItemKind::Part if self.checked.filter.wants_group(&item) => return Ok(self.waiting.part(&item)?),
            ItemKind::Part | ItemKind::Group | ItemKind::Erased => return Ok(()),
            ItemKind::Event | ItemKind::Quarantined => {}
        }
        if !self.checked.filter.wants(&item) {
            return Ok(());
        }
        match item.body() {
            Ok(StoredBody::Whole(body)) => self.item(&item, &body)?,
            Ok(StoredBody::Parts(_)) => self.waiting.item(line)?,
            Err(error) => self.damaged(error.into())?,
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), RowsError> {
        self.sink.flush().map_err(RowsError::Sink)
    }
}

impl<S: RowSink> Flattener<'_, S> {
    fn item(&mut self, item: &StoredItem, body: &[u8]) -> Result<(), RowsError> {
        let is_latest = !self.checked.superseded.contains(item);
        match flatten(item, body, is_latest, &mut |row| self.sink.row(row)) {
            Flattened::Rows => {
                self.items += 1;
                Ok(())
            }
            Flattened::Unreadable(what) => self.damaged(item.damaged(what).into()),
        }
    }

    /// Leaves out an item for an error that is of the item alone, if damaged items may be left out.
    fn damaged(&mut self, error: RowsError) -> Result<(), RowsError> {
        match (error, self.damage) {
            (RowsError::Damaged(item), OnDamage::Skip) => {
                self.damaged.push(item);
                Ok(())
            }
            (error, _) => Err(error),
        }
    }
}

/// Items whose bodies are in parts, until all parts were read. They wait on disk; memory holds where they are.
pub(super) struct Waiting {
    spill: Spill,
    parts: Mutex<HashMap<(String, String), Span>>,
    items: Mutex<Vec<Span>>,
}

impl Waiting {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { spill: Spill::new(folder)?, parts: Mutex::default(), items: Mutex::default() })
    }

    pub(super) fn part(&self, item: &StoredItem) -> Result<(), RowsError> {
        let (Some(group), Some(key), Some(piece)) = (item.group(), item.event_key(), item.part()) else {
            return Ok(());
        };
        let place = self.spill.put(piece).map_err(RowsError::Scratch)?;
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert((group.to_owned(), key.to_owned()), place);
        Ok(())
    }

    pub(super) fn item(&self, line: &str) -> Result<(), RowsError> {
        let place = self.spill.put(line.as_bytes()).map_err(RowsError::Scratch)?;
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        Ok(())
    }

    /// Calls `each` with every item and its body, or why there is none, now that all parts were read.
    pub(super) fn resume(
        &self,
        mut each: impl FnMut(&StoredItem, Result<Vec<u8>, RowsError>) -> Result<(), RowsError>,
    ) -> Result<(), RowsError> {
        let items = std::mem::take(&mut *self.items.lock().unwrap_or_else(PoisonError::into_inner));
        for place in items {
            let mut line = Vec::new();
            self.spill.get(place, &mut line).map_err(RowsError::Scratch)?;
            // It was an item with parts when it was put away.
            let Ok(item) = StoredItem::from_export_line(&String::from_utf8_lossy(&line)) else { continue };
            let Ok(StoredBody::Parts(parts)) = item.body() else { continue };
            each(&item, self.join(&item, &parts))?;
        }
        Ok(())
    }

    fn join(&self, item: &StoredItem, parts: &StoredParts<'_>) -> Result<Vec<u8>, RowsError> {
        let group = item.group().unwrap_or_default();
        let places = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gzip = Vec::new();
        for key in parts.keys() {
            let place = places.get(&(group.to_owned(), key.as_str().to_owned())).ok_or_else(|| parts.missing())?;
            self.spill.get(*place, &mut gzip).map_err(RowsError::Scratch)?;
            // What unpacks to a body that is read is not larger than it, and must not fill the memory.
            if gzip.len() > MAX_BODY_BYTES {
                return Err(item.damaged("its parts are larger than any body that is received").into());
            }
        }
        Ok(parts.join(&gzip)?)
    }
}
