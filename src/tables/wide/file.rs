//! The file of a card.

use std::{fs::File, io, path::Path};

use super::{
    collect::response_columns,
    heaps::Records,
    name::Names,
    question::Questions,
    record::{Record, damaged},
};
use crate::{
    event::Timestamp,
    tables::{
        batch::Batch,
        column::ColumnType,
        write::{Field, FileOptions, LOCAL, TableWriter, with_local_fields, with_local_values, writer},
    },
};

/// Cells, or bytes of text, with which a batch goes to its writer.
const BATCH_CELLS: usize = 64 * 1024;
const BATCH_TEXT_BYTES: usize = 512 * 1024;

/// What the records of a card say of it.
#[derive(Default)]
pub(super) struct CardFile {
    questions: Questions,
    /// The title that was sent last.
    title: Option<(Timestamp, String)>,
}

/// What is in a file.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl CardFile {
    /// Takes note of what a record says of the card.
    pub(super) fn look_at(&mut self, record: &Record<'_>) {
        self.questions.look_at(&record.questions);
        let Some(title) = record.title else { return };
        if self.title.as_ref().is_none_or(|(at, last)| (*at, last.as_str()) < (record.received_at, title)) {
            self.title = Some((record.received_at, title.to_owned()));
        }
    }

    /// Writes the file, when all records were looked at. Returns its columns, its size and the card's title.
    pub(super) fn write(
        mut self,
        path: &Path,
        options: &FileOptions,
        records: &Records<'_>,
    ) -> io::Result<(Vec<Field>, Size, Option<String>)> {
        let mut names = Names::default();
        for column in response_columns() {
            names.take(column.name.to_owned());
            if column.column_type == ColumnType::Time {
                for ending in LOCAL {
                    names.take(format!("{}{ending}", column.name));
                }
            }
        }
        let columns = self.questions.columns(names);
        let fields: Vec<_> = response_columns().map(Field::of).chain(columns.fields.iter().cloned()).collect();
        let types: Vec<_> = fields.iter().map(|field| field.column_type).collect();
        let fields = with_local_fields(fields, options.zone.as_ref());

        let mut writer = writer(options, super::FOLDER, &fields, File::create_new(path)?)?;
        let mut batch = Batch::with_types(types.iter().copied());
        let mut rows = 0;
        records(&mut |bytes| {
            let record = Record::of_bytes(bytes).ok_or_else(damaged)?;
            let Some(response) = record.response else { return Ok(()) };
            let mut answers = Vec::new();
            columns.row(&mut self.questions, &record.questions, &mut answers);
            let cells = response.into_iter().chain(answers.iter().map(|answer| answer.cell()));
            batch.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
            batch.rows += 1;
            rows += 1;
            if batch.rows * types.len() < BATCH_CELLS && batch.text_bytes() < BATCH_TEXT_BYTES {
                return Ok(());
            }
            let full = std::mem::replace(&mut batch, Batch::with_types(types.iter().copied()));
            pass_on(full, options, writer.as_mut())
        })?;
        if batch.rows > 0 {
            pass_on(batch, options, writer.as_mut())?;
        }
        writer.finish()?;
        let size = Size { rows, bytes: path.metadata()?.len() };
        Ok((fields, size, self.title.map(|(_, title)| title)))
    }
}

fn pass_on(mut batch: Batch, options: &FileOptions, writer: &mut dyn TableWriter) -> io::Result<()> {
    batch.shrink();
    writer.write(with_local_values(batch, options.zone.as_ref()))
}
