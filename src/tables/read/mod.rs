//! How all items of an export become rows in bounded memory.
//!
//! The items are read once. Their rows wait on disk, column by column, until it is known that all files are whole and which
//! responses were edited: from then on, reading the rows costs a fraction of what unpacking and parsing the items did.

mod archive;
mod block;
mod error;
mod files;
mod latest;
mod names;
mod overview;
mod rows;
mod spill;
mod threads;
mod waiting;

pub use self::{
    archive::{ArchiveRead, FileRead},
    block::Block,
    error::{DamagedItem, RowsError},
    names::Names,
    overview::overview,
    rows::{OnDamage, ReadOptions, RowSink, StoredRows},
};

pub(crate) use self::files::{LineError, Worker, read_lines};
pub(super) use self::{
    spill::{Span, Spill},
    threads::each_of,
};

/// Is told how much was done since the last time: bytes of data files, or blocks of rows.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);
