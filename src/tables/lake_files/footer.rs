//! What the end of a file says about its rows, so that most files need not be read.

use std::io;

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        statistics::Statistics,
    },
};

use crate::{event::Timestamp, tables::write::io_error};

/// Whether a file can hold a row that arrived within one of the periods that `arrived` knows: it is asked about the first
/// and the last arrival of each row group. `tail` is the end of the file, which has `size` bytes.
///
/// # Errors
/// The number of bytes at the end of the file that are needed when `tail` is too short, or what is wrong with the file.
pub fn may_hold(
    tail: &Bytes,
    size: u64,
    mut arrived: impl FnMut(Timestamp, Timestamp) -> bool,
) -> Result<bool, FooterError> {
    let mut reader = ParquetMetaDataReader::new();
    let metadata = match reader.try_parse_sized(tail, size).and_then(|()| reader.finish()) {
        Ok(metadata) => metadata,
        Err(ParquetError::NeedMoreData(bytes)) => return Err(FooterError::TooShort(bytes as u64)),
        Err(error) => return Err(FooterError::Damaged(io_error(error))),
    };
    Ok(arrivals(&metadata).any(|range| range.is_none_or(|(first, last)| arrived(first, last))))
}

/// Why the end of a file does not say what it holds.
#[derive(Debug)]
pub enum FooterError {
    /// That many bytes are needed.
    TooShort(u64),
    /// It is not the end of a file of ours.
    Damaged(io::Error),
}

/// First and last arrival of every row group; `None` where the file does not say it.
fn arrivals(metadata: &ParquetMetaData) -> impl Iterator<Item = Option<(Timestamp, Timestamp)>> {
    metadata.row_groups().iter().map(|group| {
        let column = group.columns().iter().find(|column| column.column_descr().name() == "received_at")?;
        match column.statistics()? {
            Statistics::Int64(range) => Some((
                Timestamp::from_epoch_millis(*range.min_opt()?)?,
                Timestamp::from_epoch_millis(*range.max_opt()?)?,
            )),
            _ => None,
        }
    })
}
