//! DynamoDB exports as AWS writes them to S3: found, fetched, read and written.
//!
//! Every source of rows is such an export in a folder: one in S3 is fetched into a folder first, and a live table is
//! scanned into one. So rows are read in one way, and any read can be resumed.

mod bucket;
mod contents;
#[cfg(feature = "cli")]
mod error;
#[cfg(feature = "cli")]
mod manifest;
#[cfg(feature = "cli")]
mod pace;
#[cfg(feature = "cli")]
mod pages;
#[cfg(feature = "cli")]
mod s3;
#[cfg(feature = "cli")]
mod scan;
#[cfg(feature = "cli")]
mod writer;

pub use self::{
    bucket::open_bucket,
    contents::{Contents, ContentsError, ExportFile, Kind, contents},
};
#[cfg(feature = "cli")]
pub use self::{
    error::ExportFilesError,
    manifest::{DataFile, ExportFolder},
    pages::pages,
    s3::{S3Location, download},
    scan::{ScanOptions, scan, unfinished_scan},
    writer::{DataFileWriter, ExportFolderWriter, WrittenFile},
};
#[cfg(feature = "cli")]
pub(crate) use self::{
    error::{file, quoted},
    writer::Hashing,
};
