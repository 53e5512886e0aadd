//! NDJSON: one JSON object a line, every column in every object.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use super::{Field, TableWriter};
use crate::tables::{
    batch::Batch,
    column::Cell,
    zone::{LocalDay, LocalTime},
};

/// Writes a table as NDJSON: times as RFC 3339, nulls written out.
pub(super) struct NdjsonWriter {
    file: BufWriter<File>,
    /// What stands before each value: `{"group_id":`, `,"event_id":`, …
    before: Vec<String>,
}

impl NdjsonWriter {
    pub(super) fn new(fields: &[Field], file: File) -> Self {
        let before = fields.iter().enumerate();
        let before = before.map(|(at, field)| format!("{}\"{}\":", if at == 0 { "{" } else { "," }, field.name));
        Self { file: BufWriter::new(file), before: before.collect() }
    }
}

impl TableWriter for NdjsonWriter {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        batch.each_row(|cells| {
            for (before, cell) in self.before.iter().zip(cells) {
                self.file.write_all(before.as_bytes())?;
                match cell {
                    Cell::Null => self.file.write_all(b"null")?,
                    Cell::Text(text) => serde_json::to_writer(&mut self.file, text)?,
                    Cell::Integer(number) => serde_json::to_writer(&mut self.file, number)?,
                    Cell::Number(number) => serde_json::to_writer(&mut self.file, number)?,
                    Cell::Boolean(flag) => serde_json::to_writer(&mut self.file, flag)?,
                    Cell::Time(time) => write!(self.file, "\"{time}\"")?,
                    Cell::LocalTime(time) => write!(self.file, "\"{}\"", LocalTime(*time))?,
                    Cell::LocalDay(day) => write!(self.file, "\"{}\"", LocalDay(*day))?,
                }
            }
            self.file.write_all(b"}\n")
        })
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.flush()
    }
}
