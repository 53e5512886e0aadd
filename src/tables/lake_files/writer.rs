//! Rows become Parquet files without names, one per table, in bounded memory.

use std::{fs::File, io};

use super::{is_in_lake, properties};
use crate::tables::{
    batch::Batch,
    schema::{Row, Table},
    write::ParquetWriter,
};

/// Rows, or bytes of text, with which a batch goes to its writer.
const BATCH_ROWS: usize = 4096;
const BATCH_TEXT_BYTES: usize = 512 * 1024;
/// Memory for rows that wait for the end of a row group, in all tables together: most of what the function needs.
const WAITING_BYTES: usize = 160 * 1024 * 1024;

/// The files that are being written.
pub struct LakeFiles {
    tables: Vec<TableFile>,
}

struct TableFile {
    table: Table,
    batch: Batch,
    /// `None` as long as there are few rows or none.
    writer: Option<ParquetWriter>,
}

impl LakeFiles {
    /// No rows yet.
    pub fn new() -> Self {
        let open = |table: Table| TableFile { table, batch: Batch::with_columns(table.lake_columns()), writer: None };
        Self { tables: Table::ALL.map(open).into() }
    }

    /// Takes a row.
    pub fn row(&mut self, row: &Row<'_>) {
        let batch = &mut self.tables[row.table() as usize].batch;
        batch.rows += 1;
        let mut columns = batch.columns.iter_mut();
        row.each_cell(|column, cell| {
            if is_in_lake(column)
                && let Some(data) = columns.next()
            {
                data.push(cell);
            }
        });
    }

    /// Passes rows on to the files; to be called after every item.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        let mut has_grown = false;
        for table in &mut self.tables {
            if table.batch.rows >= BATCH_ROWS || table.batch.text_bytes() >= BATCH_TEXT_BYTES {
                table.pass_on()?;
                has_grown = true;
            }
        }
        let waiting = |table: &TableFile| table.writer.as_ref().map_or(0, ParquetWriter::waiting_bytes);
        if has_grown && self.tables.iter().map(waiting).sum::<usize>() > WAITING_BYTES {
            let largest = self.tables.iter_mut().max_by_key(|table| waiting(table));
            if let Some(writer) = largest.and_then(|table| table.writer.as_mut()) {
                writer.end_row_group()?;
            }
        }
        Ok(())
    }

    /// Writes out everything. Of the tables without rows, those have a file that are wanted `even_without_rows`. The files
    /// come in the order in which readers should see them: what belongs to an event before the event, and so `answers` before
    /// `responses`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(mut self, even_without_rows: impl Fn(Table) -> bool) -> io::Result<Vec<(Table, File)>> {
        let mut files = Vec::new();
        self.tables.retain(|table| !table.table.is_summed());
        for mut table in self.tables.into_iter().rev() {
            if table.batch.rows > 0 || even_without_rows(table.table) {
                table.pass_on()?;
            }
            if let Some(writer) = table.writer {
                files.push((table.table, writer.finish()?));
            }
        }
        Ok(files)
    }
}

impl Default for LakeFiles {
    fn default() -> Self {
        Self::new()
    }
}

impl TableFile {
    fn pass_on(&mut self) -> io::Result<()> {
        let table = self.table;
        let empty = Batch::with_columns(table.lake_columns());
        let mut batch = std::mem::replace(&mut self.batch, empty);
        batch.shrink();
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let columns = table.lake_columns().map(|column| (column.name, column.column_type));
                none.insert(ParquetWriter::new(table.name(), columns, properties(), tempfile::tempfile()?)?)
            }
        };
        writer.write(batch)
    }
}
