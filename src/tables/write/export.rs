//! All tables at once: a file and a thread for each, fed in batches.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use super::{FolderError, Format, OutputFolder, TableWriter, package, writer};
use crate::{
    event::Timestamp,
    tables::{batch::Batch, schema::Table, sums::Sums},
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
    format: Format,
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
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::Table { table, .. } => write!(f, "the table {} cannot be written", table.name()),
        }
    }
}

impl std::error::Error for ExportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(error) => std::error::Error::source(error),
            Self::Table { source, .. } => Some(source),
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
    pub fn begin(place: &Path, format: Format) -> Result<Self, ExportError> {
        let folder = OutputFolder::begin(place, package::has_written)?;
        let mut export = Self { folder, format, senders: Vec::new(), writers: Vec::new() };
        for table in Table::ALL {
            let failed = |source| ExportError::Table { table, source };
            let file = File::create(export.folder.path().join(package::file_name(format, table))).map_err(failed)?;
            let writer = writer(format, table, file).map_err(failed)?;
            let (sender, batches) = sync_channel(WAITING_BATCHES);
            export.senders.push(sender);
            export.writers.push(thread::spawn(|| write(writer, batches)));
        }
        Ok(export)
    }

    /// A folder for what does not belong in memory while the export is written.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// What takes the rows of one thread.
    pub fn sink(&self) -> Batches {
        Batches { senders: self.senders.clone(), sums: Sums::default() }
    }

    /// Passes on the rows that sum over all those that the sinks have taken.
    ///
    /// # Errors
    /// When a table takes no more rows: [`abandon`](Self::abandon) tells why.
    pub fn sum_up(&self, sinks: Vec<Batches>) -> io::Result<()> {
        let mut sinks = sinks.into_iter();
        let Some(mut all) = sinks.next() else { return Ok(()) };
        for sink in sinks {
            all.sums.merge(sink.sums);
        }
        let Batches { senders, sums } = all;
        let mut batches = Table::ALL.map(Batch::new);
        let mut sent = Ok(());
        let mut send = |batch: &mut Batch, at_least: usize| {
            if sent.is_ok() && batch.rows >= at_least {
                let at = batch.table as usize;
                let full = std::mem::replace(batch, Batch::new(batch.table));
                sent = senders[at].send(full).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe));
            }
        };
        sums.rows(&mut |row| {
            let batch = &mut batches[row.table() as usize];
            batch.push(row);
            send(batch, BATCH_ROWS);
        });
        batches.iter_mut().for_each(|batch| send(batch, 1));
        sent
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
    pub fn finish(self, created: Timestamp) -> Result<Exported, ExportError> {
        drop(self.senders);
        let mut files = Vec::new();
        for (table, writer) in Table::ALL.into_iter().zip(self.writers) {
            let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let failed = |source| ExportError::Table { table, source };
            let rows = written.map_err(failed)?;
            let path = self.folder.path().join(package::file_name(self.format, table));
            files.push(TableFile { table, rows, bytes: fs::metadata(path).map_err(failed)?.len() });
        }
        let path = self.folder.path().join(package::NAME);
        let description = format!("{:#}\n", package::describe(self.format, &files, created));
        fs::write(&path, description).map_err(|source| FolderError::File { path, source })?;
        self.folder.finish()?;
        Ok(Exported { files })
    }
}

fn write(mut writer: Box<dyn TableWriter>, batches: Receiver<Batch>) -> io::Result<u64> {
    let mut rows = 0;
    for batch in batches {
        rows += batch.rows as u64;
        writer.write(batch)?;
    }
    writer.finish()?;
    Ok(rows)
}

/// Passes rows on to the files of their tables, and sums them up.
pub struct Batches {
    senders: Vec<SyncSender<Batch>>,
    sums: Sums,
}

impl Batches {
    /// Takes some rows of each table, in the order of [`Table::ALL`].
    ///
    /// # Errors
    /// When a table takes no more rows: [`TablesExport::abandon`] tells why.
    pub fn take(&mut self, batches: Vec<Batch>) -> io::Result<()> {
        for (batch, sender) in batches.into_iter().zip(&self.senders) {
            if batch.rows > 0 {
                self.sums.add(&batch);
                sender.send(batch).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            }
        }
        Ok(())
    }
}
