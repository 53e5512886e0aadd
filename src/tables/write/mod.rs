//! Rows become files: CSV, Parquet or NDJSON, one file per table, in a folder that appears all at once.

#[cfg(feature = "cli")]
mod csv;
#[cfg(feature = "cli")]
mod export;
#[cfg(feature = "cli")]
mod folder;
#[cfg(feature = "cli")]
mod ndjson;
#[cfg(feature = "cli")]
mod package;
mod parquet;

#[cfg(feature = "cli")]
use std::{fs::File, io};

pub(super) use self::parquet::{ParquetWriter, ROW_GROUP_ROWS, io_error, properties as parquet_properties};
#[cfg(feature = "cli")]
pub use self::{
    export::{ExportError, Exported, TableFile, TablesExport},
    folder::{FolderError, OutputFolder},
};
#[cfg(feature = "cli")]
use super::{batch::Batch, schema::Table};

/// The format of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, UTF-8, with a header.
    Csv,
    /// Apache Parquet, compressed with zstd.
    Parquet,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The ending of its files, which is its name too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Ndjson => "ndjson",
        }
    }

    /// The media type of its files.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// A file that a table is written to.
#[cfg(feature = "cli")]
trait TableWriter: Send {
    /// Takes some more rows.
    fn write(&mut self, batch: Batch) -> io::Result<()>;
    /// Writes out everything.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

#[cfg(feature = "cli")]
fn writer(format: Format, table: Table, file: File) -> io::Result<Box<dyn TableWriter>> {
    Ok(match format {
        Format::Csv => Box::new(csv::CsvWriter::new(table, file)?),
        Format::Parquet => {
            Box::new(ParquetWriter::new(table.name(), table.columns(), parquet_properties().build(), file)?)
        }
        Format::Ndjson => Box::new(ndjson::NdjsonWriter::new(table, file)),
    })
}
