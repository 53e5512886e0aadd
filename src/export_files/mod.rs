//! DynamoDB exports as AWS writes them to S3: found, fetched, read and written.
//!
//! Every source of rows is such an export in a folder: one in S3 is fetched into a folder first, and a live table is
//! scanned into one. So rows are read in one way, any read can be resumed, and the items can be read twice.

mod error;
mod manifest;
mod pace;
mod s3;
mod scan;
mod writer;

pub use self::{
    error::ExportFilesError,
    manifest::{DataFile, ExportFolder},
    s3::{S3Location, download},
    scan::{ScanOptions, scan, unfinished_scan},
    writer::{DataFileWriter, ExportFolderWriter, WrittenFile},
};
pub(crate) use self::{
    error::{file, quoted},
    writer::Hashing,
};
