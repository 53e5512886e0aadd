//! Where the items come from, and how all of them become rows in bounded memory.
//!
//! Everything is read out of a DynamoDB export in a folder: one in S3 is fetched into a folder first, and a live table is
//! scanned into one. So there is one way to read, any read can be resumed, and the items can be read twice: once to check
//! that they are all there and which responses were edited, once for their rows.

mod check;
mod error;
mod export_writer;
mod files;
mod latest;
mod manifest;
mod rows;
mod s3;
mod scan;
mod spill;

pub use self::{
    check::Checked,
    error::SourceError,
    export_writer::{DataFileWriter, ExportFolderWriter, WrittenFile},
    manifest::{DataFile, ExportFolder},
    rows::{Damage, Read, RowSink},
    s3::{S3Location, download},
    scan::{ScanOptions, scan},
};

/// Is told how many bytes of the data files were read since the last time.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);
