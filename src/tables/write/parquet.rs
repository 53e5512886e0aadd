//! Parquet with zstd, in row groups of a size that suits scans.

use std::{fs::File, io, sync::Arc};

use bytes::Bytes;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type},
    errors::{ParquetError, Result},
    file::{
        properties::{WriterProperties, WriterPropertiesBuilder},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};

use crate::tables::{
    batch::{Batch, ColumnData, Values},
    column::ColumnType,
};

/// Rows in a row group: small enough to hold one of each table in memory, large enough that DuckDB, Spark and Athena give
/// each to one thread (DuckDB's own row groups have 122,880).
pub(in crate::tables) const ROW_GROUP_ROWS: usize = 131_072;
/// A row group with much text ends early.
const ROW_GROUP_TEXT_BYTES: usize = 24 * 1024 * 1024;
/// So does one with very many columns.
const ROW_GROUP_BYTES: usize = 96 * 1024 * 1024;

/// What a cell takes besides its text: whether it is there, and a number, or where its text is.
const BYTES_OF_A_CELL: usize = 10;

/// Writes a table as Parquet. Holds the rows of one row group, since a file has them column by column.
pub(in crate::tables) struct ParquetWriter {
    file: SerializedFileWriter<File>,
    waiting: Vec<Batch>,
    rows: usize,
    text_bytes: usize,
}

impl ParquetWriter {
    /// A file of a table with columns of those names and types.
    pub(in crate::tables) fn new<'a>(
        table: &str,
        columns: impl IntoIterator<Item = (&'a str, ColumnType)>,
        properties: WriterProperties,
        file: File,
    ) -> io::Result<Self> {
        let schema = schema(table, columns).map_err(io::Error::other)?;
        let file = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(io::Error::other)?;
        Ok(Self { file, waiting: Vec::new(), rows: 0, text_bytes: 0 })
    }

    /// Takes some more rows.
    pub(in crate::tables) fn write(&mut self, batch: Batch) -> io::Result<()> {
        self.rows += batch.rows;
        self.text_bytes += batch.text_bytes();
        self.waiting.push(batch);
        let is_full = self.rows >= ROW_GROUP_ROWS
            || self.text_bytes >= ROW_GROUP_TEXT_BYTES
            || self.waiting_bytes() >= ROW_GROUP_BYTES;
        if is_full { self.end_row_group() } else { Ok(()) }
    }

    /// Bytes of memory that the rows take which wait for the end of their row group, about.
    pub(in crate::tables) fn waiting_bytes(&self) -> usize {
        let cells = self.rows * self.waiting.first().map_or(0, |batch| batch.columns.len());
        self.text_bytes + cells * BYTES_OF_A_CELL
    }

    /// Writes out the rows that wait, although they may be few.
    pub(in crate::tables) fn end_row_group(&mut self) -> io::Result<()> {
        self.write_row_group().map_err(io_error)
    }

    /// Writes out everything and returns the file.
    pub(in crate::tables) fn finish(mut self) -> io::Result<File> {
        self.end_row_group()?;
        self.file.into_inner().map_err(io_error)
    }

    fn write_row_group(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.text_bytes = 0;
        let batches = std::mem::take(&mut self.waiting);
        // Some readers take a row group without rows for a damaged file.
        let Some(first) = batches.first().filter(|_| rows > 0) else { return Ok(()) };
        let columns = first.columns.len();
        let mut batches: Vec<_> = batches.into_iter().map(|batch| batch.columns.into_iter()).collect();
        let mut group = self.file.next_row_group()?;
        for _ in 0..columns {
            let Some(mut column) = group.next_column()? else { break };
            // A column of a batch is dropped as soon as it is written.
            for data in batches.iter_mut().filter_map(Iterator::next) {
                write_column(&mut column, data)?;
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }
}

#[cfg(feature = "cli")]
impl super::TableWriter for ParquetWriter {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        Self::write(self, batch)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Self::finish(*self).map(drop)
    }
}

/// How all files are written.
pub(in crate::tables) fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("kaizala ", env!("CARGO_PKG_VERSION")).to_owned())
}

/// What went wrong with the file itself is worth telling apart: a full disk, say.
pub(in crate::tables) fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::other(source),
        },
        error => io::Error::other(error),
    }
}

fn write_column(writer: &mut SerializedColumnWriter<'_>, column: ColumnData) -> Result<()> {
    let present = Some(column.present.as_slice());
    match column.values {
        Values::Text(text, places) => {
            let text = Bytes::from(text);
            let values: Vec<_> = places
                .into_iter()
                .map(|place| ByteArray::from(text.slice(place.start as usize..place.end as usize)))
                .collect();
            writer.typed::<ByteArrayType>().write_batch(&values, present, None)?;
        }
        Values::Integer(values) | Values::Time(values) | Values::LocalTime(values) => {
            writer.typed::<Int64Type>().write_batch(&values, present, None)?;
        }
        Values::LocalDay(values) => {
            // The years 1969 to 10000 are far within 32 bits.
            let values: Vec<_> = values.into_iter().map(|day| i32::try_from(day).unwrap_or(i32::MAX)).collect();
            writer.typed::<Int32Type>().write_batch(&values, present, None)?;
        }
        Values::Number(values) => {
            writer.typed::<DoubleType>().write_batch(&values, present, None)?;
        }
        Values::Boolean(values) => {
            writer.typed::<BoolType>().write_batch(&values, present, None)?;
        }
    }
    Ok(())
}

fn schema<'a>(table: &str, columns: impl IntoIterator<Item = (&'a str, ColumnType)>) -> Result<TypePtr> {
    let columns =
        columns.into_iter().map(|(name, column_type)| field(name, column_type).map(Arc::new)).collect::<Result<_>>()?;
    Ok(Arc::new(Type::group_type_builder(table).with_fields(columns).build()?))
}

fn field(name: &str, column_type: ColumnType) -> Result<Type> {
    let (physical, logical) = match column_type {
        ColumnType::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Integer => (PhysicalType::INT64, None),
        ColumnType::Number => (PhysicalType::DOUBLE, None),
        ColumnType::Boolean => (PhysicalType::BOOLEAN, None),
        ColumnType::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        ColumnType::LocalTime => (PhysicalType::INT64, Some(LogicalType::timestamp(false, TimeUnit::MILLIS))),
        ColumnType::LocalDay => (PhysicalType::INT32, Some(LogicalType::Date)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}
