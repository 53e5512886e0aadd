//! The tables of the lake: the same rows in many immutable Parquet files, one per table and group of an export.
//!
//! Their columns are those of the tables but for `is_latest`, which later files would make untrue.

mod footer;
mod rewrite;
mod writer;

pub use self::{
    footer::{FooterError, Wanted, may_hold},
    rewrite::without,
    writer::LakeFiles,
};
use parquet::{
    file::properties::{BloomFilterPosition, WriterProperties},
    schema::types::ColumnPath,
};

use super::{
    column::Column,
    schema::Table,
    write::{ROW_GROUP_ROWS, parquet_properties},
};

/// The column that the lake does not have.
const IS_LATEST: &str = "is_latest";
/// The column by which rows are removed.
const EVENT_KEY: &str = "event_key";
/// How often a file is read for a key that is not in it. A filter has less than two bytes for each key.
const FALSE_POSITIVES: f64 = 0.001;

impl Table {
    /// The tables that the lake has files of. What sums over many items is a view there.
    pub fn all_in_lake() -> impl DoubleEndedIterator<Item = Self> {
        Self::ALL.into_iter().filter(|table| !table.is_summed())
    }

    /// The columns of the table in the lake, in order.
    pub fn lake_columns(self) -> impl Iterator<Item = &'static Column> {
        self.columns().iter().filter(|column| is_in_lake(column))
    }
}

/// How the files are written: with a Bloom filter of the event keys near the end, which saves reading a file in which nothing
/// is to be removed.
fn properties() -> WriterProperties {
    let key = || ColumnPath::from(EVENT_KEY);
    parquet_properties()
        .set_column_bloom_filter_fpp(key(), FALSE_POSITIVES)
        // Only where it begins: it shrinks to what there is.
        .set_column_bloom_filter_max_ndv(key(), ROW_GROUP_ROWS as u64)
        .set_bloom_filter_position(BloomFilterPosition::End)
        .build()
}

fn is_in_lake(column: &Column) -> bool {
    column.name != IS_LATEST
}
