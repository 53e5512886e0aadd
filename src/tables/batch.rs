//! Some rows of a table, column by column: what those who read items pass to those who write files or count.

use std::ops::Range;

use super::column::{Cell, Column, ColumnType};
#[cfg(feature = "cli")]
use super::schema::{Row, Table};
#[cfg(feature = "cli")]
use crate::event::Timestamp;

/// Some rows of a table.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How many rows.
    pub rows: usize,
    /// The columns, in order.
    pub columns: Vec<ColumnData>,
}

/// The values of a column. Each has an entry in `present`, and one in `values` only when it is not null, as Parquet has it.
#[derive(Clone, Debug)]
pub struct ColumnData {
    /// One for each row: 1 where there is a value.
    pub present: Vec<i16>,
    /// Those that are not null.
    pub values: Values,
}

/// Values of one type.
#[derive(Clone, Debug)]
pub enum Values {
    /// All texts one after the other, and where each stands. A text that repeats the one before it is there once: the rows
    /// of one event have most of theirs in common.
    Text(String, Vec<Range<u32>>),
    /// Whole numbers.
    Integer(Vec<i64>),
    /// Numbers.
    Number(Vec<f64>),
    /// Booleans.
    Boolean(Vec<bool>),
    /// Epoch milliseconds.
    Time(Vec<i64>),
    /// Milliseconds from the beginning of 1970 on, by a local clock.
    LocalTime(Vec<i64>),
    /// Days since 1970-01-01.
    LocalDay(Vec<i64>),
}

impl Batch {
    #[cfg(feature = "cli")]
    /// A batch without rows.
    pub fn new(table: Table) -> Self {
        Self::with_columns(table.columns())
    }

    /// No rows yet, of those columns.
    pub fn with_columns<'a>(columns: impl IntoIterator<Item = &'a Column>) -> Self {
        Self::with_types(columns.into_iter().map(|column| column.column_type))
    }

    /// No rows yet, of columns of those types.
    pub fn with_types(types: impl IntoIterator<Item = ColumnType>) -> Self {
        Self { rows: 0, columns: types.into_iter().map(ColumnData::new).collect() }
    }

    /// Adds a row of the table.
    #[cfg(feature = "cli")]
    pub(super) fn push(&mut self, row: &Row<'_>) {
        self.rows += 1;
        let mut columns = self.columns.iter_mut();
        row.each_cell(|_, cell| columns.next().into_iter().for_each(|column| column.push(cell)));
    }

    /// About how many bytes of text are in it, which is most of its size.
    pub fn text_bytes(&self) -> usize {
        let bytes = |column: &ColumnData| match &column.values {
            Values::Text(text, _) => text.len(),
            _ => 0,
        };
        self.columns.iter().map(bytes).sum()
    }

    #[cfg(feature = "cli")]
    /// Removes all rows, and keeps their memory for those that come.
    pub fn clear(&mut self) {
        self.rows = 0;
        for column in &mut self.columns {
            column.present.clear();
            match &mut column.values {
                Values::Text(text, places) => {
                    text.clear();
                    places.clear();
                }
                Values::Integer(values)
                | Values::Time(values)
                | Values::LocalTime(values)
                | Values::LocalDay(values) => values.clear(),
                Values::Number(values) => values.clear(),
                Values::Boolean(values) => values.clear(),
            }
        }
    }

    /// Frees memory that is not used by rows: many batches wait for their row group.
    pub fn shrink(&mut self) {
        for column in &mut self.columns {
            column.present.shrink_to_fit();
            match &mut column.values {
                Values::Text(text, places) => {
                    text.shrink_to_fit();
                    places.shrink_to_fit();
                }
                Values::Integer(values)
                | Values::Time(values)
                | Values::LocalTime(values)
                | Values::LocalDay(values) => values.shrink_to_fit(),
                Values::Number(values) => values.shrink_to_fit(),
                Values::Boolean(values) => values.shrink_to_fit(),
            }
        }
    }

    #[cfg(feature = "cli")]
    /// The rows, cell by cell.
    pub fn cells(&self) -> Cells<'_> {
        Cells { batch: self, row: 0, next: vec![0; self.columns.len()] }
    }

    #[cfg(feature = "cli")]
    /// Calls `each` with the cells of every row, until it fails.
    ///
    /// # Errors
    /// As `each` fails.
    pub fn each_row<E>(&self, mut each: impl FnMut(&[Cell<'_>]) -> Result<(), E>) -> Result<(), E> {
        let mut rows = self.cells();
        let mut cells = Vec::with_capacity(self.columns.len());
        for _ in 0..self.rows {
            rows.next(&mut cells);
            each(&cells)?;
        }
        Ok(())
    }
}

#[cfg(feature = "cli")]
/// Rows of a batch that are read one after the other.
pub struct Cells<'a> {
    batch: &'a Batch,
    row: usize,
    /// For each column, the place of the next value among those that are not null.
    next: Vec<usize>,
}

#[cfg(feature = "cli")]
impl<'a> Cells<'a> {
    /// Puts the cells of the next row into `cells`; none behind the last row.
    pub fn next(&mut self, cells: &mut Vec<Cell<'a>>) {
        cells.clear();
        if self.row == self.batch.rows {
            return;
        }
        for (column, next) in self.batch.columns.iter().zip(&mut self.next) {
            if column.present[self.row] == 0 {
                cells.push(Cell::Null);
            } else {
                cells.push(column.values.cell(*next));
                *next += 1;
            }
        }
        self.row += 1;
    }
}

impl ColumnData {
    fn new(column_type: ColumnType) -> Self {
        let values = match column_type {
            ColumnType::Text => Values::Text(String::new(), Vec::new()),
            ColumnType::Integer => Values::Integer(Vec::new()),
            ColumnType::Number => Values::Number(Vec::new()),
            ColumnType::Boolean => Values::Boolean(Vec::new()),
            ColumnType::Time => Values::Time(Vec::new()),
            ColumnType::LocalTime => Values::LocalTime(Vec::new()),
            ColumnType::LocalDay => Values::LocalDay(Vec::new()),
        };
        Self { present: Vec::new(), values }
    }

    /// Adds the value of a row. A value of another type than the column's becomes null; the tables' definition rules that out.
    pub fn push(&mut self, cell: Cell<'_>) {
        let present = match (&mut self.values, cell) {
            (Values::Text(text, places), Cell::Text(value)) => push_text(text, places, value),
            (Values::Integer(values), Cell::Integer(value))
            | (Values::LocalTime(values), Cell::LocalTime(value))
            | (Values::LocalDay(values), Cell::LocalDay(value)) => {
                values.push(value);
                true
            }
            (Values::Number(values), Cell::Number(value)) => {
                values.push(value);
                true
            }
            (Values::Boolean(values), Cell::Boolean(value)) => {
                values.push(value);
                true
            }
            (Values::Time(values), Cell::Time(value)) => {
                values.push(value.epoch_millis());
                true
            }
            (_, cell) => {
                debug_assert!(cell == Cell::Null, "a value of another type than its column's");
                false
            }
        };
        self.present.push(i16::from(present));
    }
}

fn push_text(text: &mut String, places: &mut Vec<Range<u32>>, value: &str) -> bool {
    // A batch goes to its writer after the item with which it is full, and no body that is read has more than 64 MB, of
    // which a text that repeats is here once.
    let place = |at: usize| u32::try_from(at).expect("a batch is far below 4 GB");
    match places.last() {
        Some(last) if text[last.start as usize..last.end as usize] == *value => places.push(last.clone()),
        _ => {
            let start = place(text.len());
            text.push_str(value);
            places.push(start..place(text.len()));
        }
    }
    true
}

impl Values {
    #[cfg(feature = "cli")]
    /// The value at a place among those that are not null.
    pub fn cell(&self, at: usize) -> Cell<'_> {
        match self {
            Self::Text(text, places) => {
                let place = &places[at];
                Cell::Text(&text[place.start as usize..place.end as usize])
            }
            Self::Integer(values) => Cell::Integer(values[at]),
            Self::Number(values) => Cell::Number(values[at]),
            Self::Boolean(values) => Cell::Boolean(values[at]),
            Self::Time(values) => Timestamp::from_epoch_millis(values[at]).map_or(Cell::Null, Cell::Time),
            Self::LocalTime(values) => Cell::LocalTime(values[at]),
            Self::LocalDay(values) => Cell::LocalDay(values[at]),
        }
    }
}
