//! The lines of data files, some thousand at a time, by several threads.

use std::{
    fs::File,
    io::{self, Read},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};

use super::Progress;
use crate::export_files::{DataFile, Hashing, SourceError, file};

/// Bytes of lines that are read at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Reads all files, each by one of `threads` threads. Each thread has a worker of its own, which gets every line of its
/// files, is told after every chunk of them, and is given back in the end.
pub(super) fn read_lines<W: Worker>(
    files: &[DataFile],
    threads: usize,
    progress: Progress<'_>,
    make: impl Fn() -> W + Sync,
) -> Result<Vec<W>, SourceError> {
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let fail = |error| {
        // The others stop at their next file.
        next.store(files.len(), Ordering::Relaxed);
        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    };
    let workers = thread::scope(|scope| {
        let work = || {
            let mut worker = make();
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = read_file(file, progress, &mut worker) {
                    fail(error);
                    break;
                }
            }
            worker
        };
        let threads: Vec<_> = (0..threads.clamp(1, files.len().max(1))).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, W>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(workers), Err)
}

/// Takes the lines of data files.
pub(super) trait Worker: Send {
    /// Whether the file's checksum and number of lines are to be compared with the manifest.
    const CHECKS: bool;

    /// A line.
    fn line(&mut self, line: &str) -> Result<(), LineError>;
    /// Some lines were read.
    fn chunk(&mut self) -> Result<(), SourceError>;
}

/// Why a line cannot be taken.
pub(super) enum LineError {
    /// It is no item.
    Json(serde_json::Error),
    /// Something else.
    Source(SourceError),
}

impl<E: Into<SourceError>> From<E> for LineError {
    fn from(error: E) -> Self {
        Self::Source(error.into())
    }
}

fn read_file<W: Worker>(data: &DataFile, progress: Progress<'_>, worker: &mut W) -> Result<(), SourceError> {
    let failed = || file(&data.path);
    let wrong = |what: String| SourceError::DataFile { path: data.path.clone(), what };
    let compressed = Watched {
        file: Hashing { inner: File::open(&data.path).map_err(failed())?, md5: Md5::new() },
        hashes: W::CHECKS,
        progress,
    };
    let mut lines = MultiGzDecoder::new(io::BufReader::with_capacity(128 * 1024, compressed));
    let mut chunk = Vec::with_capacity(2 * CHUNK_BYTES);
    let mut count = 0;
    loop {
        let wanted = CHUNK_BYTES.max(chunk.len());
        let read = (&mut lines).take(wanted as u64).read_to_end(&mut chunk).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                wrong(format!("it does not unpack ({error})"))
            }
            _ => failed()(error),
        })?;
        let whole = if read < wanted { chunk.len() } else { memchr::memrchr(b'\n', &chunk).map_or(0, |end| end + 1) };
        // Once for all lines, so that no string in them has to be looked at again.
        let text = std::str::from_utf8(&chunk[..whole]).map_err(|error| wrong(format!("it is not UTF-8 ({error})")))?;
        for line in text.lines().filter(|line| !line.is_empty()) {
            count += 1;
            worker.line(line).map_err(|error| match error {
                LineError::Json(error) => wrong(format!("line {count} is no item ({error})")),
                LineError::Source(error) => error,
            })?;
        }
        worker.chunk()?;
        chunk.drain(..whole);
        if read < wanted {
            break;
        }
    }
    if W::CHECKS {
        let mut compressed = lines.into_inner().into_inner();
        // What stands behind the gzip is no line, but part of the file.
        io::copy(&mut compressed, &mut io::sink()).map_err(failed())?;
        if STANDARD.encode(compressed.file.md5.finalize()) != data.md5 {
            return Err(wrong("its MD5 checksum is not that of the manifest".to_owned()));
        }
        if count != data.items {
            return Err(wrong(format!("it has {count} items, and {} in the manifest", data.items)));
        }
    }
    Ok(())
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
