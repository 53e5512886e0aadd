//! The lines of data files, some thousand at a time, by several threads.

use std::{
    fs::File,
    io::{self, Read},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};

use super::{Progress, RowsError, threads::each_of};
use crate::export_files::{DataFile, ExportFilesError, Hashing, file, quoted};

/// Bytes of lines that are read at once.
const CHUNK_BYTES: usize = 1024 * 1024;
/// The longest line that is read. An item has at most 400 KB, and JSON spells a byte with at most six: a longer line was not
/// written by DynamoDB, and must not fill the memory.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// Reads all files, each by one of `threads` threads. Each thread has a worker of its own, which gets every line of its
/// files, is told after every chunk of them, and is given back in the end.
pub(crate) fn read_lines<W: Worker>(
    files: &[DataFile],
    threads: usize,
    progress: Progress<'_>,
    make: impl Fn() -> W + Sync,
) -> Result<Vec<W>, RowsError> {
    each_of(files, threads, make, |worker, file| read_file(file, progress, worker))
}

/// Takes the lines of data files.
pub(crate) trait Worker: Send {
    /// Whether the file's checksum and number of lines are to be compared with the manifest.
    const CHECKS: bool;

    /// Takes a line.
    fn line(&mut self, line: &str) -> Result<(), LineError>;
    /// Is called after some lines.
    fn chunk(&mut self) -> Result<(), RowsError>;
}

/// Why a line cannot be taken.
pub(crate) enum LineError {
    /// It is not an item.
    Json(serde_json::Error),
    /// Something else.
    Rows(RowsError),
}

impl<E: Into<RowsError>> From<E> for LineError {
    fn from(error: E) -> Self {
        Self::Rows(error.into())
    }
}

fn read_file<W: Worker>(data: &DataFile, progress: Progress<'_>, worker: &mut W) -> Result<(), RowsError> {
    let failed = || file(&data.path);
    let wrong = |what: String| ExportFilesError::Broken { path: data.path.clone(), what };
    let compressed = Watched {
        file: Hashing { inner: File::open(&data.path).map_err(failed())?, md5: Md5::new() },
        hashes: W::CHECKS,
        progress,
    };
    let mut lines = MultiGzDecoder::new(io::BufReader::with_capacity(128 * 1024, compressed));
    let mut chunk = Vec::with_capacity(2 * CHUNK_BYTES);
    let mut count = 0;
    loop {
        let read =
            (&mut lines).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    wrong(format!("it does not unpack ({error})"))
                }
                _ => failed()(error),
            })?;
        let is_end = read < CHUNK_BYTES;
        let whole = if is_end { chunk.len() } else { memchr::memrchr(b'\n', &chunk).map_or(0, |end| end + 1) };
        // Once for all lines, so that no string in them has to be looked at again.
        let text = std::str::from_utf8(&chunk[..whole]).map_err(|error| wrong(format!("it is not UTF-8 ({error})")))?;
        let too_long = |number| wrong(format!("line {number} is longer than any item"));
        for line in lines_of(text).filter(|line| !line.is_empty()) {
            count += 1;
            if line.len() > LONGEST_LINE {
                return Err(too_long(count).into());
            }
            worker.line(line).map_err(|error| match error {
                LineError::Json(error) => {
                    wrong(format!("line {count} is not an item ({})", quoted(&error.to_string()))).into()
                }
                LineError::Rows(error) => error,
            })?;
        }
        worker.chunk()?;
        chunk.drain(..whole);
        if chunk.len() > LONGEST_LINE {
            return Err(too_long(count + 1).into());
        }
        if is_end {
            break;
        }
    }
    if W::CHECKS {
        let mut compressed = lines.into_inner().into_inner();
        // What stands behind the gzip is not a line, but is part of the file.
        io::copy(&mut compressed, &mut io::sink()).map_err(failed())?;
        if STANDARD.encode(compressed.file.md5.finalize()) != data.md5 {
            return Err(wrong("its MD5 checksum is not that of the manifest".to_owned()).into());
        }
        if count != data.items {
            return Err(wrong(format!("it has {count} items, and {} in the manifest", data.items)).into());
        }
    }
    Ok(())
}

/// As [`str::lines`], for half of the time.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    ends.map(move |end| {
        let line = &text[start..end];
        // Behind the last line there is nothing left.
        start = (end + 1).min(text.len());
        line.strip_suffix('\r').unwrap_or(line)
    })
}

/// A file whose reading is watched.
struct Watched<'a> {
    file: Hashing<File>,
    hashes: bool,
    progress: Progress<'a>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.inner.read(buffer)?;
        if self.hashes {
            self.file.md5.update(&buffer[..read]);
        }
        (self.progress)(read as u64);
        Ok(read)
    }
}
