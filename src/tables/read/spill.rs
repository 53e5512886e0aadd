//! What has to wait and does not belong in memory goes to a file without a name, which ends with the process.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Bytes on disk.
pub(in crate::tables) struct Spill(Mutex<File>);

/// Where some bytes are in a spill.
#[derive(Clone, Copy, Debug)]
pub(in crate::tables) struct Span {
    offset: u64,
    length: usize,
}

impl Span {
    /// How many bytes.
    pub(in crate::tables) fn length(&self) -> usize {
        self.length
    }
}

impl Spill {
    /// Makes an empty spill in a folder.
    pub(in crate::tables) fn new(folder: &Path) -> io::Result<Self> {
        tempfile::tempfile_in(folder).map(|file| Self(Mutex::new(file)))
    }

    /// Puts bytes away.
    pub(in crate::tables) fn put(&self, bytes: &[u8]) -> io::Result<Span> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)?;
        Ok(Span { offset, length: bytes.len() })
    }

    /// Appends the bytes at `place` to `out`.
    pub(in crate::tables) fn get(&self, place: Span, out: &mut Vec<u8>) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(place.offset))?;
        let start = out.len();
        out.resize(start + place.length, 0);
        file.read_exact(&mut out[start..])
    }
}
