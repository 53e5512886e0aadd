//! All tables at once: a file and a thread for each, fed in batches.

use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, File},
    io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use super::{FileOptions, FolderError, OutputFolder, TableWriter, package, with_local_values, writer};
use crate::{
    event::Timestamp,
    tables::{
        batch::Batch,
        read::Block,
        schema::Table,
        sums::Sums,
        wide::{Collector, WideSummary, WideTables},
        zone::Zone,
    },
};

/// Batches that may wait for a table's writer.
const WAITING_BATCHES: usize = 4;
/// Rows of a batch of sums.
const BATCH_ROWS: usize = 16 * 1024;
/// An export that is being written: one file for each table.
///
/// The tables that sum over many items are written when all the others were passed on.
pub struct TablesExport {
    folder: OutputFolder,
    options: FileOptions,
    wide: Option<WideTables>,
    senders: Vec<SyncSender<Batch>>,
    writers: Vec<JoinHandle<io::Result<u64>>>,
}

/// A file of an export.
#[derive(Clone, Debug)]
pub struct TableFile {
    /// The table.
    pub table: Table,
    /// How many rows are in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// An export that was written.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Its files.
    pub files: Vec<TableFile>,
    /// The wide tables, if they were wanted.
    pub wide: Option<WideSummary>,
}

/// Why an export cannot be written.
#[derive(Debug)]
pub enum ExportError {
    /// Its folder.
    Folder(FolderError),
    /// A table's file.
    Table {
        /// The table.
        table: Table,
        /// Why.
        source: io::Error,
    },
    /// The wide tables.
    Wide(io::Error),
    /// No event names these cards, which wide tables were wanted of.
    NoCard(Vec<String>),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::Table { table, .. } => write!(f, "the table {} cannot be written", table.name()),
            Self::Wide(_) => f.write_str("the wide tables cannot be written"),
            Self::NoCard(ids) => write!(f, "no event names the card {}", ids.join(", ")),
        }
    }
}

impl std::error::Error for ExportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(error) => std::error::Error::source(error),
            Self::Table { source, .. } | Self::Wide(source) => Some(source),
            Self::NoCard(_) => None,
        }
    }
}

impl From<FolderError> for ExportError {
    fn from(error: FolderError) -> Self {
        Self::Folder(error)
    }
}

impl TablesExport {
    /// Begins an export into the folder `place`, which is replaced when the export is finished, for a process that is the
    /// only one to write it.
    ///
    /// # Errors
    /// When the folder is in use for something else, or cannot be written.
    pub fn begin(place: &Path, options: FileOptions) -> Result<Self, ExportError> {
        let written = package::Written::into_folder(place);
        let folder = OutputFolder::begin(place, |path| written.has(path))?;
        let mut export = Self { folder, options, wide: None, senders: Vec::new(), writers: Vec::new() };
        for table in Table::ALL {
            let failed = |source| ExportError::Table { table, source };
            let file = File::create(export.folder.path().join(package::file_name(export.options.format, table)))
                .map_err(failed)?;
            let fields = package::fields(&export.options, table);
            let writer = writer(&export.options, table.name(), &fields, file).map_err(failed)?;
            let (sender, batches) = sync_channel(WAITING_BATCHES);
            export.senders.push(sender);
            export.writers.push(thread::spawn({
                let zone = export.options.zone.clone();
                move || write(writer, batches, zone.as_ref())
            }));
        }
        Ok(export)
    }

    /// Writes wide tables too, of the cards with those ids, of all if there are none. To be called before any rows are taken.
    ///
    /// # Errors
    /// When their folder cannot be made.
    pub fn add_wide(&mut self, cards: BTreeSet<String>) -> Result<(), ExportError> {
        let wide = WideTables::begin(self.folder.path(), self.options.clone(), cards).map_err(ExportError::Wide)?;
        self.wide = Some(wide);
        Ok(())
    }

    /// A folder for what does not belong in memory while the export is written.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// What takes the rows of one thread.
    pub fn sink(&self) -> Batches<'_> {
        let wide = self.wide.as_ref().map(WideTables::collector);
        Batches { senders: self.senders.clone(), sums: Sums::default(), wide }
    }

    /// Passes on the rows that sum over all those that the sinks have taken, and what is left for the wide tables.
    ///
    /// # Errors
    /// When a table takes no more rows: [`abandon`](Self::abandon) tells why. When what is left cannot be put on disk.
    pub fn sum_up(&self, sinks: Vec<Batches<'_>>) -> io::Result<()> {
        let mut all = Sums::default();
        for sink in sinks {
            all.merge(sink.sums);
            sink.wide.map_or(Ok(()), Collector::finish)?;
        }
        let mut batches = Table::ALL.map(Batch::new);
        let mut sent = Ok(());
        let mut pass_on = |table: Table, batch: &mut Batch, at_least: usize| {
            if sent.is_ok() && batch.rows >= at_least {
                let full = std::mem::replace(batch, Batch::new(table));
                let sender = &self.senders[table as usize];
                sent = sender.send(full).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe));
            }
        };
        all.rows(&mut |row| {
            let table = row.table();
            let batch = &mut batches[table as usize];
            batch.push(row);
            pass_on(table, batch, BATCH_ROWS);
        });
        Table::ALL.into_iter().zip(&mut batches).for_each(|(table, batch)| pass_on(table, batch, 1));
        sent
    }

    /// Writes the wide tables, `threads` at a time, when all sinks are finished.
    ///
    /// # Errors
    /// When one cannot be written, or is wanted of a card that no event names.
    pub fn write_wide(&mut self, threads: usize) -> Result<Option<WideSummary>, ExportError> {
        let Some(wide) = &mut self.wide else { return Ok(None) };
        let missing = wide.missing();
        if !missing.is_empty() {
            return Err(ExportError::NoCard(missing));
        }
        wide.write(threads).map(Some).map_err(ExportError::Wide)
    }

    /// Gives up. What was in the place before stays there.
    ///
    /// # Errors
    /// When a table could not be written, which may be why the export is given up.
    pub fn abandon(self) -> Result<(), ExportError> {
        drop(self.senders);
        for (table, writer) in Table::ALL.into_iter().zip(self.writers) {
            let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            written.map_err(|source| ExportError::Table { table, source })?;
        }
        Ok(())
    }

    /// Writes out everything, describes it, and puts the folder into its place. The sinks must have been dropped.
    ///
    /// # Errors
    /// When a file cannot be written; then, what was in the place before is still there.
    pub fn finish(self, wide: Option<WideSummary>, created: Timestamp) -> Result<Exported, ExportError> {
        drop(self.senders);
        let mut files = Vec::new();
        for (table, writer) in Table::ALL.into_iter().zip(self.writers) {
            let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let failed = |source| ExportError::Table { table, source };
            let rows = written.map_err(failed)?;
            let path = self.folder.path().join(package::file_name(self.options.format, table));
            files.push(TableFile { table, rows, bytes: fs::metadata(path).map_err(failed)?.len() });
        }
        package::describe(self.folder.path(), &self.options, &files, self.wide.as_ref(), created)
            .map_err(|source| FolderError::File { path: self.folder.path().join(package::NAME), source })?;
        self.folder.finish()?;
        Ok(Exported { files, wide })
    }
}

fn write(mut writer: Box<dyn TableWriter>, batches: Receiver<Batch>, zone: Option<&Zone>) -> io::Result<u64> {
    let mut rows = 0;
    for batch in batches {
        rows += batch.rows as u64;
        writer.write(with_local_values(batch, zone))?;
    }
    writer.finish()?;
    Ok(rows)
}

/// Passes rows on to the files of their tables, sums them up, and picks out what belongs to wide tables.
pub struct Batches<'a> {
    senders: Vec<SyncSender<Batch>>,
    sums: Sums,
    wide: Option<Collector<'a>>,
}

impl Batches<'_> {
    /// Takes some rows of each table.
    ///
    /// # Errors
    /// When a table takes no more rows: [`TablesExport::abandon`] tells why.
    pub fn take(&mut self, block: Block) -> io::Result<()> {
        if let Some(wide) = &mut self.wide {
            block.each_row(wide);
            wide.check()?;
        }
        for ((table, batch), sender) in Table::ALL.into_iter().zip(block.batches).zip(&self.senders) {
            if batch.rows > 0 {
                self.sums.add(table, &batch);
                sender.send(batch).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            }
        }
        Ok(())
    }
}
