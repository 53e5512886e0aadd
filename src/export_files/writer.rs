//! Writes a DynamoDB export into a folder, as AWS would write it to S3.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::{
    error::{ExportFilesError, file},
    manifest::{DATA, ExportSummary, FILES, FOLDER, FileEntry, SUMMARY},
};
use crate::{
    event::Timestamp,
    store::{Change, StoredItem},
};

/// Writes an export into a folder, as AWS would write it to S3.
pub struct ExportFolderWriter {
    folder: PathBuf,
    prefix: String,
    name: String,
    table: String,
    /// The beginning of the period of an incremental export.
    from: Option<Timestamp>,
}

/// A data file that is being written.
pub struct DataFileWriter {
    path: PathBuf,
    key: String,
    gzip: GzEncoder<Hashing<BufWriter<File>>>,
    items: u64,
    line: Vec<u8>,
}

/// A data file that was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WrittenFile(FileEntry);

impl WrittenFile {
    pub(super) fn is_empty(&self) -> bool {
        self.0.item_count == 0
    }
}

impl ExportFolderWriter {
    /// Begins an export of that name in `folder`, which will hold `AWSDynamoDB`.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(folder: &Path, name: &str, table: &str) -> Result<Self, ExportFilesError> {
        Self::with(folder, "", name, table, None)
    }

    /// As [`new`](Self::new), with what AWS has besides: a prefix of all keys, below which the export is in `folder` too, and
    /// the beginning of the period of an incremental export.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn with(
        folder: &Path,
        prefix: &str,
        name: &str,
        table: &str,
        from: Option<Timestamp>,
    ) -> Result<Self, ExportFilesError> {
        let writer = Self {
            folder: folder.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            name: name.to_owned(),
            table: table.to_owned(),
            from,
        };
        for folder in [writer.key(""), writer.data_key()] {
            let path = writer.folder.join(folder);
            fs::create_dir_all(&path).map_err(file(path))?;
        }
        Ok(writer)
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.root(), self.name)
    }

    fn root(&self) -> String {
        if self.prefix.is_empty() { FOLDER.to_owned() } else { format!("{}/{FOLDER}", self.prefix) }
    }

    /// Incremental exports have their files in one folder.
    fn data_key(&self) -> String {
        if self.from.is_some() { format!("{}/{DATA}", self.root()) } else { self.key(DATA) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(self.key(name))
    }

    /// Begins a data file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn data_file(&self, name: &str) -> Result<DataFileWriter, ExportFilesError> {
        let key = format!("{}/{name}.json.gz", self.data_key());
        let path = self.folder.join(&key);
        let data = Hashing { inner: BufWriter::new(File::create(&path).map_err(file(&path))?), md5: Md5::new() };
        Ok(DataFileWriter { path, key, gzip: GzEncoder::new(data, Compression::fast()), items: 0, line: Vec::new() })
    }

    /// Writes the manifests, with which the export is finished.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(&self, files: &[WrittenFile], at: Timestamp) -> Result<(), ExportFilesError> {
        let write = |name: &str, text: &[u8]| {
            let path = self.path(name);
            fs::write(&path, text).map_err(file(path))
        };
        let json = |error: serde_json::Error| file(self.path(FILES))(error.into());
        let mut lines = Vec::new();
        for WrittenFile(entry) in files {
            serde_json::to_writer(&mut lines, entry).map_err(json)?;
            lines.push(b'\n');
        }
        let write = |name: &str, text: &[u8]| {
            let md5 = STANDARD.encode(Md5::digest(text));
            write(&name.replace(".json", ".md5"), md5.as_bytes())?;
            write(name, text)
        };
        write(FILES, &lines)?;
        let items = files.iter().map(|WrittenFile(entry)| entry.item_count).sum();
        let summary = ExportSummary::of(&self.table, &self.name, (&self.prefix, self.key(FILES)), items, at, self.from);
        write(SUMMARY, &serde_json::to_vec(&summary).map_err(json)?)
    }
}

impl DataFileWriter {
    /// Adds an item.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, item: &StoredItem) -> Result<(), ExportFilesError> {
        self.line.clear();
        item.write_export_line(&mut self.line);
        self.write_line()
    }

    /// Adds a change.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_change(&mut self, change: &Change) -> Result<(), ExportFilesError> {
        self.line.clear();
        change.write_export_line(&mut self.line);
        self.write_line()
    }

    fn write_line(&mut self) -> Result<(), ExportFilesError> {
        self.items += 1;
        self.gzip.write_all(&self.line).map_err(file(&self.path))
    }

    /// How many bytes were written to disk so far.
    pub fn bytes(&self) -> u64 {
        self.gzip.get_ref().inner.get_ref().metadata().map_or(0, |metadata| metadata.len())
    }

    /// Writes out everything.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<WrittenFile, ExportFilesError> {
        let mut data = self.gzip.finish().map_err(file(&self.path))?;
        data.flush().map_err(file(&self.path))?;
        let md5 = data.md5.finalize();
        Ok(WrittenFile(FileEntry {
            item_count: self.items,
            md5_checksum: STANDARD.encode(md5),
            etag: hex::encode(md5),
            data_file_s3_key: self.key,
        }))
    }
}

/// Hashes what it passes on.
pub(crate) struct Hashing<T> {
    pub(crate) inner: T,
    pub(crate) md5: Md5,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.md5.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
