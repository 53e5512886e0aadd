//! The lists of counts in the page's data, and the numbers of the series that they refer to.
//!
//! A cell of the filters is a *series* (group, type, action) and a bin of time. Lists of counts are flat, and give each
//! series as the difference from the one before, which is mostly 0.

use std::collections::BTreeMap;

use serde::Serialize;

use super::counts::Cell;

/// Group, event type and action of a cell, as places in the lists of the page.
type Key = (u8, Option<u8>, u16);

/// The series that occur, numbered in the order in which they are first asked for.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Series {
    #[serde(skip)]
    numbers: BTreeMap<Key, u32>,
    list: Vec<Key>,
}

impl Series {
    /// The number of a cell's series: a new one at the first call.
    pub(super) fn of(&mut self, cell: Cell) -> u32 {
        let key = (cell.group, cell.event_type, cell.action);
        *self.numbers.entry(key).or_insert_with(|| {
            self.list.push(key);
            u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// A flat list of counts: for each cell the difference of the series, the bin, then the numbers.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct List {
    entries: Vec<i64>,
    /// The series of the last cell.
    #[serde(skip)]
    last: u32,
}

impl List {
    /// Appends what was counted in a cell.
    pub(super) fn push(&mut self, series: &mut Series, cell: Cell, numbers: &[u32]) {
        let number = series.of(cell);
        self.entries.push(i64::from(number) - i64::from(self.last));
        self.last = number;
        self.entries.push(i64::from(cell.bin));
        self.entries.extend(numbers.iter().map(|number| i64::from(*number)));
    }
}
