//! The lists of counts in the page's data, and the numbers of the series that they refer to.
//!
//! A cell of the filters is a *series* (group, type, action) and a bin of time. Both are numbered in the order of the cells, so
//! that a list of sorted cells can give each as the difference from the one before, which is mostly 0 or 1.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{counts::Cell, packed::Packed};

/// Group, event type and action of a cell, as places in the lists of the page.
type Key = (u8, Option<u8>, u16);

fn key(cell: Cell) -> Key {
    (cell.group, cell.event_type, cell.action)
}

/// The numbers of the series that occur.
pub(super) struct Series(BTreeMap<Key, u32>);

impl Series {
    /// Numbers the series of these cells.
    pub(super) fn of_all(cells: impl Iterator<Item = Cell>) -> Self {
        let mut numbers: BTreeMap<_, _> = cells.map(|cell| (key(cell), 0)).collect();
        for (number, at) in numbers.values_mut().zip(0..) {
            *number = at;
        }
        Self(numbers)
    }

    /// The number of a cell's series.
    pub(super) fn number(&self, cell: Cell) -> u32 {
        self.0[&key(cell)]
    }

    /// For each series its group, its type (0 for none, else 1 more than the place) and its action.
    pub(super) fn packed(&self) -> Packed {
        let mut packed = Packed::default();
        for (group, event_type, action) in self.0.keys() {
            packed.push(*group);
            packed.push(event_type.map_or(0, |event_type| u32::from(event_type) + 1));
            packed.push(*action);
        }
        packed
    }
}

/// A list of counts: for each cell the difference of the series, the bin (in the same series, the difference of the bin), and
/// numbers.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct List {
    packed: Packed,
    /// Series and bin of the last cell.
    #[serde(skip)]
    last: (u32, u16),
}

impl List {
    /// Appends what was counted in a cell. The cells of a list come in their order.
    pub(super) fn push(&mut self, series: &Series, cell: Cell, numbers: impl IntoIterator<Item = u32>) {
        let (number, (last, bin)) = (series.number(cell), self.last);
        self.packed.push(number - last);
        self.packed.push(if number == last { cell.bin - bin } else { cell.bin });
        self.last = (number, cell.bin);
        for number in numbers {
            self.packed.push(number);
        }
    }
}
