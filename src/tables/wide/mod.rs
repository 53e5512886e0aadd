//! Wide tables: a file for each card, a row for each response in its latest version, a column for each question.
//!
//! While the rows of an export pass by, what belongs to a card goes to disk as a record (`record`), those of one card into the
//! same heap (`heaps`). Then heap after heap is divided until the records of a card are together, and its file is written:
//! once through for its questions (`question`), once more for its rows (`file`). Memory depends neither on the number of
//! cards nor on that of their responses.

mod card;
mod collect;
mod file;
mod heaps;
mod name;
mod question;
mod record;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, Seek, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

pub(super) use self::collect::Collector;
use self::{card::Card, file::CardFile, heaps::Heaps, record::Record};
use super::{
    read::each_of,
    write::{FileOptions, Resource},
};

/// The folder of the wide tables within an export.
pub(super) const FOLDER: &str = "wide";

/// The wide tables of an export that is being written.
pub(super) struct WideTables {
    /// The folder of the export.
    folder: PathBuf,
    options: FileOptions,
    /// The ids of the cards that are wanted, all if it is empty.
    wanted: BTreeSet<String>,
    seen: Mutex<BTreeSet<String>>,
    heaps: Heaps,
    /// The descriptions of the files, a line of JSON for each.
    described: File,
}

/// The wide tables that were written.
#[derive(Clone, Debug, Default)]
pub struct WideSummary {
    /// How many cards have a table.
    pub cards: u64,
    /// How many rows are in all tables.
    pub rows: u64,
    /// Size of all files.
    pub bytes: u64,
}

impl WideTables {
    /// No tables yet.
    pub(super) fn begin(folder: &Path, options: FileOptions, wanted: BTreeSet<String>) -> io::Result<Self> {
        fs::create_dir(folder.join(FOLDER))?;
        Ok(Self {
            folder: folder.to_owned(),
            options,
            wanted,
            seen: Mutex::default(),
            heaps: Heaps::new(folder, 0)?,
            described: tempfile::tempfile_in(folder)?,
        })
    }

    /// What takes the rows of one thread.
    pub(super) fn collector(&self) -> Collector<'_> {
        Collector::new(self)
    }

    /// Writes all files, when every row was collected, `threads` at a time.
    pub(super) fn write(&mut self, threads: usize) -> io::Result<WideSummary> {
        let described = Mutex::new(io::BufWriter::new(self.described.try_clone()?));
        let make = WideSummary::default;
        let heaps = self.heaps.each_heap();
        let written = each_of(&heaps, threads, make, |summary, heap| {
            let each = &mut |card: &[u8], records: &heaps::Records<'_>| -> io::Result<()> {
                let (resource, size) = self.write_card(card, records)?;
                summary.cards += 1;
                summary.rows += size.rows;
                summary.bytes += size.bytes;
                let mut described = described.lock().unwrap_or_else(PoisonError::into_inner);
                writeln!(described, "{resource}")
            };
            heaps::each_card(&self.heaps, heap, &self.folder, each).map_err(super::read::RowsError::Sink)
        });
        let summaries = written.map_err(|error| match error {
            super::read::RowsError::Sink(error) => error,
            error => io::Error::other(error),
        })?;
        described.into_inner().unwrap_or_else(PoisonError::into_inner).flush()?;
        Ok(summaries.into_iter().fold(WideSummary::default(), |all, one| WideSummary {
            cards: all.cards + one.cards,
            rows: all.rows + one.rows,
            bytes: all.bytes + one.bytes,
        }))
    }

    /// The descriptions of the files, one after the other.
    pub(super) fn described(&self) -> io::Result<impl Iterator<Item = io::Result<Value>>> {
        let mut file = self.described.try_clone()?;
        file.rewind()?;
        Ok(serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter().map(|line| line.map_err(Into::into)))
    }

    /// The ids of wanted cards that no event names.
    pub(super) fn missing(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.difference(&seen).cloned().collect()
    }

    fn write_card(&self, card: &[u8], records: &heaps::Records<'_>) -> io::Result<(Value, file::Size)> {
        let Some(card) = Card::of_bytes(card) else { return Err(record::damaged()) };
        let mut file = CardFile::default();
        records(&mut |bytes| {
            file.look_at(&Record::of_bytes(bytes).ok_or_else(record::damaged)?);
            Ok(())
        })?;
        let path = format!("{FOLDER}/{}.{}", card.file_stem(), self.options.format.name());
        let (fields, size, title) = file.write(&self.folder.join(&path), &self.options, records)?;
        let description = card.description();
        let resource = Resource {
            name: &format!("{FOLDER}.{}", card.file_stem()),
            title: title.as_deref().unwrap_or(&card.file_stem()).to_owned(),
            description: &description,
            path: &path,
            rows: size.rows,
            bytes: size.bytes,
            fields: &fields,
        };
        Ok((resource.json(self.options.format), size))
    }
}
