//! The rows of some items, of all tables, in the form in which they wait on disk.

use std::io;

use super::RowSink;
use crate::tables::{
    batch::{Batch, ColumnData, Values},
    column::Cell,
    redact::Redactor,
    schema::{Row, Table},
};

/// Rows, or bytes of text, with which a block is full.
const BLOCK_ROWS: usize = 16 * 1024;
const BLOCK_TEXT_BYTES: usize = 1024 * 1024;
/// The column that is known when all items were read.
const IS_LATEST: &str = "is_latest";
/// In place of the length of a text that repeats the one before it.
const REPEATED: u32 = u32::MAX;

/// The rows of some items.
pub struct Block {
    /// Those of each table, in the order of [`Table::ALL`].
    pub batches: Vec<Batch>,
    /// The table of each row, in the order in which the rows came.
    order: Vec<u8>,
}

impl Block {
    pub(super) fn new() -> Self {
        Self { batches: Table::ALL.map(Batch::new).into(), order: Vec::new() }
    }

    pub(super) fn push(&mut self, row: &Row<'_>, redactor: Option<&Redactor>) {
        let table = row.table() as usize;
        // There are far fewer than 256 tables.
        self.order.push(u8::try_from(table).unwrap_or(u8::MAX));
        let batch = &mut self.batches[table];
        batch.rows += 1;
        let mut columns = batch.columns.iter_mut();
        let mut push = |cell: Cell<'_>| columns.next().into_iter().for_each(|column| column.push(cell));
        match redactor {
            Some(redactor) => redactor.row(row, push),
            None => row.each_cell(|_, cell| push(cell)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.order.len() >= BLOCK_ROWS || self.batches.iter().map(Batch::text_bytes).sum::<usize>() >= BLOCK_TEXT_BYTES
    }

    /// Passes all rows to a sink, those of an item one after the other.
    pub fn each_row(&self, sink: &mut impl RowSink) {
        let mut rows: Vec<_> = self.batches.iter().map(Batch::cells).collect();
        let mut cells = Vec::new();
        for at in &self.order {
            let table = usize::from(*at);
            rows[table].next(&mut cells);
            if let Some(row) = Row::of_cells(Table::ALL[table], &cells) {
                sink.row(&row);
            }
        }
    }

    /// Says of each row of a response whether it belongs to the latest version, which is asked for by group and event key.
    pub(super) fn mark_latest(&mut self, is_latest: impl Fn(&str, &str) -> bool) {
        for (table, batch) in Table::ALL.into_iter().zip(&mut self.batches) {
            let Some(column) = table.columns().iter().position(|column| column.name == IS_LATEST) else {
                continue;
            };
            let [group, _, key, ..] = batch.columns.as_slice() else { continue };
            let (Values::Text(groups, group_places), Values::Text(keys, key_places)) = (&group.values, &key.values)
            else {
                continue;
            };
            let mut last = None;
            let marks = group_places.iter().zip(key_places).map(|(group, key)| {
                let mark = match last {
                    // The rows of one event share its key.
                    Some((last, mark)) if last == (group, key) => mark,
                    _ => is_latest(text(groups, group), text(keys, key)),
                };
                last = Some(((group, key), mark));
                mark
            });
            let marks = marks.collect();
            batch.columns[column].values = Values::Boolean(marks);
        }
    }

    /// Appends the block as bytes.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        put_length(out, self.order.len());
        out.extend_from_slice(&self.order);
        for batch in &self.batches {
            put_length(out, batch.rows);
            if batch.rows > 0 {
                batch.columns.iter().for_each(|column| put_column(out, column));
            }
        }
    }

    /// Removes all rows, and keeps their memory for those that come.
    pub(super) fn clear(&mut self) {
        self.order.clear();
        self.batches.iter_mut().for_each(Batch::clear);
    }

    /// The block that [`append_to`](Self::append_to) has made these bytes of.
    pub(super) fn of_bytes(bytes: &[u8]) -> io::Result<Self> {
        let mut bytes = Bytes(bytes);
        Self::read(&mut bytes).ok_or_else(|| io::Error::other("what was put on disk is not what is there now"))
    }

    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let mut block = Self::new();
        let rows = bytes.length()?;
        block.order.extend_from_slice(bytes.take(rows)?);
        for batch in &mut block.batches {
            batch.rows = bytes.length()?;
            if batch.rows > 0 {
                for column in &mut batch.columns {
                    read_column(bytes, batch.rows, column)?;
                }
            }
        }
        Some(block)
    }
}

fn text<'a>(text: &'a str, place: &std::ops::Range<u32>) -> &'a str {
    &text[place.start as usize..place.end as usize]
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn put_column(out: &mut Vec<u8>, column: &ColumnData) {
    out.extend(column.present.iter().map(|present| u8::from(*present != 0)));
    match &column.values {
        Values::Text(text, places) => {
            put_length(out, text.len());
            out.extend_from_slice(text.as_bytes());
            put_length(out, places.len());
            let mut end = 0;
            for place in places {
                let length = if place.start == end { place.end - place.start } else { REPEATED };
                end = place.end;
                out.extend_from_slice(&length.to_le_bytes());
            }
        }
        Values::Integer(values) | Values::Time(values) | Values::LocalTime(values) | Values::LocalDay(values) => {
            put_length(out, values.len());
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        Values::Number(values) => {
            put_length(out, values.len());
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        Values::Boolean(values) => {
            put_length(out, values.len());
            out.extend(values.iter().map(|value| u8::from(*value)));
        }
    }
}

fn read_column(bytes: &mut Bytes<'_>, rows: usize, column: &mut ColumnData) -> Option<()> {
    column.present = bytes.take(rows)?.iter().map(|present| i16::from(*present)).collect();
    match &mut column.values {
        Values::Text(text, places) => {
            let length = bytes.length()?;
            str::from_utf8(bytes.take(length)?).ok()?.clone_into(text);
            let count = bytes.length()?;
            let (mut start, mut end) = (0_u32, 0_u32);
            places.reserve(count);
            for length in bytes.values(count)? {
                let length = u32::from_le_bytes(*length);
                if length != REPEATED {
                    (start, end) = (end, end.checked_add(length)?);
                }
                text.get(start as usize..end as usize)?;
                places.push(start..end);
            }
        }
        Values::Integer(values) | Values::Time(values) | Values::LocalTime(values) | Values::LocalDay(values) => {
            let count = bytes.length()?;
            values.extend(bytes.values(count)?.iter().map(|value| i64::from_le_bytes(*value)));
        }
        Values::Number(values) => {
            let count = bytes.length()?;
            values.extend(bytes.values(count)?.iter().map(|value| f64::from_le_bytes(*value)));
        }
        Values::Boolean(values) => {
            let count = bytes.length()?;
            values.extend(bytes.take(count)?.iter().map(|value| *value != 0));
        }
    }
    Some(())
}

/// What of some bytes was not read yet.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn values<const N: usize>(&mut self, count: usize) -> Option<&'a [[u8; N]]> {
        Some(self.take(count.checked_mul(N)?)?.as_chunks().0)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(*self.take(8)?.first_chunk()?)).ok()
    }
}
