//! The tables of the lake: the same rows in many immutable Parquet files, one per table and group of an export.
//!
//! Their columns are those of the tables but for `is_latest`, which later files would make untrue.

mod footer;
mod rewrite;
mod writer;

pub use self::{
    footer::{FooterError, may_hold},
    rewrite::without,
    writer::LakeFiles,
};
use super::{column::Column, schema::Table};

/// The column that the lake does not have.
const IS_LATEST: &str = "is_latest";

impl Table {
    /// The columns of the table in the lake, in order.
    pub fn lake_columns(self) -> impl Iterator<Item = &'static Column> {
        self.columns().iter().filter(|column| is_in_lake(column))
    }
}

fn is_in_lake(column: &Column) -> bool {
    column.name != IS_LATEST
}
