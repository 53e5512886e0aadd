//! How all items of an export become rows in bounded memory.
//!
//! The items are read twice: once to check that they are all there and which responses were edited, once for their rows.

mod check;
mod error;
mod files;
mod latest;
mod names;
mod overview;
mod rows;
mod spill;

pub use self::{
    check::CheckedExport,
    error::{DamagedItem, RowsError},
    names::Names,
    overview::overview,
    rows::{OnDamage, Read, RowSink},
};

/// Is told how many bytes of the data files were read since the last time.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);
