//! Rows become files: CSV, Parquet or NDJSON, one file per table, in a folder that appears all at once.

#[cfg(feature = "cli")]
mod csv;
#[cfg(feature = "cli")]
mod export;
#[cfg(feature = "cli")]
mod field;
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
    export::{Batches, ExportError, Exported, TableFile, TablesExport},
    folder::{FolderError, OutputFolder},
};
#[cfg(feature = "cli")]
pub(super) use self::{
    field::{Field, LOCAL, with_local_fields, with_local_values},
    package::Resource,
};
#[cfg(feature = "cli")]
use super::{batch::Batch, zone::Zone};

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

/// How files are written.
#[cfg(feature = "cli")]
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// Their format.
    pub format: Format,
    /// Whether CSV begins with a byte order mark, by which Excel tells UTF-8.
    pub byte_order_mark: bool,
    /// The zone for which local times and days are added.
    pub zone: Option<Zone>,
}

/// A file that a table is written to.
#[cfg(feature = "cli")]
pub(super) trait TableWriter: Send {
    /// Takes some more rows.
    fn write(&mut self, batch: Batch) -> io::Result<()>;
    /// Writes out everything.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// What writes a table with those columns into a file.
#[cfg(feature = "cli")]
pub(super) fn writer(
    options: &FileOptions,
    table: &str,
    fields: &[Field],
    file: File,
) -> io::Result<Box<dyn TableWriter>> {
    Ok(match options.format {
        Format::Csv => Box::new(csv::CsvWriter::new(fields, options.byte_order_mark, file)?),
        Format::Parquet => {
            let columns = fields.iter().map(|field| (field.name.as_str(), field.column_type));
            Box::new(ParquetWriter::new(table, columns, parquet_properties().build(), file)?)
        }
        Format::Ndjson => Box::new(ndjson::NdjsonWriter::new(fields, file)),
    })
}
