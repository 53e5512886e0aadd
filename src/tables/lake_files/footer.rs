//! What the end of a file says about its rows, so that most files need not be read.

use std::io;

use bytes::Bytes;
use parquet::{
    bloom_filter::Sbbf,
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData},
        statistics::Statistics,
    },
};

use super::EVENT_KEY;
use crate::{event::Timestamp, tables::write::io_error};

/// What is to be removed, as far as the end of a file can tell whether it is there.
pub trait Wanted {
    /// Whether anything of it arrived within a period, both ends included.
    fn arrived(&self, first: Timestamp, last: Timestamp) -> bool;
    /// Whether `is_there` may be true of the event key of anything of it.
    fn any_key(&self, is_there: impl Fn(&str) -> bool) -> bool;
}

/// Whether a file can hold a row of what is wanted. `tail` is the end of the file, which has `size` bytes.
///
/// # Errors
/// The number of bytes at the end of the file that are needed when `tail` is too short, or what is wrong with the file.
pub fn may_hold(tail: &Bytes, size: u64, wanted: &impl Wanted) -> Result<bool, FooterError> {
    let mut reader = ParquetMetaDataReader::new();
    let metadata = match reader.try_parse_sized(tail, size).and_then(|()| reader.finish()) {
        Ok(metadata) => metadata,
        Err(ParquetError::NeedMoreData(bytes)) => return Err(FooterError::TooShort(bytes as u64)),
        Err(error) => return Err(FooterError::Damaged(io_error(error))),
    };
    let arrived = |group: &&RowGroupMetaData| arrivals(group).is_none_or(|(first, last)| wanted.arrived(first, last));
    for group in metadata.row_groups().iter().filter(arrived) {
        let keys = keys(group, tail, size)?;
        if keys.is_none_or(|keys| wanted.any_key(|key| keys.check(key))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Why the end of a file does not say what it holds.
#[derive(Debug)]
pub enum FooterError {
    /// That many bytes are needed.
    TooShort(u64),
    /// It is not the end of a file of ours.
    Damaged(io::Error),
}

fn column<'a>(group: &'a RowGroupMetaData, name: &str) -> Option<&'a ColumnChunkMetaData> {
    group.columns().iter().find(|column| column.column_descr().name() == name)
}

/// First and last arrival in a row group; `None` where the file does not say it.
fn arrivals(group: &RowGroupMetaData) -> Option<(Timestamp, Timestamp)> {
    match column(group, "received_at")?.statistics()? {
        Statistics::Int64(range) => {
            Some((Timestamp::from_epoch_millis(*range.min_opt()?)?, Timestamp::from_epoch_millis(*range.max_opt()?)?))
        }
        _ => None,
    }
}

/// The Bloom filter of a row group's event keys; `None` where there is none.
fn keys(group: &RowGroupMetaData, tail: &Bytes, size: u64) -> Result<Option<Sbbf>, FooterError> {
    let place = column(group, EVENT_KEY).and_then(|column| {
        let offset = u64::try_from(column.bloom_filter_offset()?).ok()?;
        Some((size.checked_sub(offset)?, usize::try_from(column.bloom_filter_length()?).ok()?))
    });
    let Some((from_end, length)) = place else { return Ok(None) };
    let start = usize::try_from(from_end).ok().and_then(|from_end| tail.len().checked_sub(from_end));
    let start = start.ok_or(FooterError::TooShort(from_end))?;
    let filter = tail.get(start..start + length);
    let filter = filter.ok_or_else(|| FooterError::Damaged(io::Error::other("a filter ends behind the file's end")))?;
    Sbbf::from_bytes(filter).map(Some).map_err(|error| FooterError::Damaged(io_error(error)))
}
