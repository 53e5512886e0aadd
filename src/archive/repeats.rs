//! Which rows are there several times, in bounded memory: downloads overlap.
//!
//! Each row is noted on disk with what identifies it, those that may be the same in the same of 64 heaps; then heap after
//! heap is sorted. What stays in memory is a byte for each row.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::event::ImportedEvent;
use crate::event::Sha256Digest;

const HEAPS: usize = 64;
/// A heap that has grown by that much goes to disk.
const BLOCK_BYTES: usize = 16 * 1024;
/// Identity, content, number of the row.
const NOTE_BYTES: usize = 16 + 16 + 8;

/// What a row is among those that stand for the same event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The first.
    First,
    /// One that says something else than those before it.
    Revision,
    /// One that says the same as one before it.
    Duplicate,
}

/// Takes note of rows.
pub(super) struct Seen(Vec<Mutex<File>>);

/// What one thread has taken note of and not put away.
pub(super) struct Notes<'a> {
    seen: &'a Seen,
    heaps: Vec<Vec<u8>>,
}

impl Seen {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        (0..HEAPS).map(|_| tempfile::tempfile_in(folder).map(Mutex::new)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn notes(&self) -> Notes<'_> {
        Notes { seen: self, heaps: vec![Vec::new(); HEAPS] }
    }

    /// What each of that many rows is, when all were noted.
    pub(super) fn repeats(self, rows: u64) -> io::Result<Vec<Repeat>> {
        let rows = usize::try_from(rows).map_err(io::Error::other)?;
        let mut repeats = vec![Repeat::First; rows];
        for heap in self.0 {
            let mut heap = heap.into_inner().unwrap_or_else(PoisonError::into_inner);
            heap.seek(SeekFrom::Start(0))?;
            let mut bytes = Vec::new();
            heap.read_to_end(&mut bytes)?;
            let notes = bytes.as_chunks_mut::<NOTE_BYTES>().0;
            // By identity, and then by content and number: the number is big-endian.
            notes.sort_unstable();
            for versions in notes.chunk_by(|one, other| one[..16] == other[..16]) {
                let first = versions.iter().map(number).min();
                for same in versions.chunk_by(|one, other| one[..32] == other[..32]) {
                    for (at, note) in same.iter().enumerate() {
                        let number = number(note);
                        if let Some(repeat) = usize::try_from(number).ok().and_then(|number| repeats.get_mut(number)) {
                            *repeat = match at {
                                0 if Some(number) == first => Repeat::First,
                                0 => Repeat::Revision,
                                _ => Repeat::Duplicate,
                            };
                        }
                    }
                }
            }
        }
        Ok(repeats)
    }
}

fn number(note: &[u8; NOTE_BYTES]) -> u64 {
    note.last_chunk().map_or(0, |number| u64::from_be_bytes(*number))
}

impl Notes<'_> {
    pub(super) fn row(&mut self, number: u64, event: &ImportedEvent) -> io::Result<()> {
        // The same MessageID in two groups is two events.
        let identity = [event.imported.name(), &event.group_name, &event.event_id].join("\0");
        let identity = Sha256Digest::of(identity.as_bytes());
        let at = usize::from(identity.as_bytes()[0]) % HEAPS;
        let heap = &mut self.heaps[at];
        heap.extend_from_slice(&identity.as_bytes()[..16]);
        heap.extend_from_slice(&event.content().as_bytes()[..16]);
        heap.extend_from_slice(&number.to_be_bytes());
        if heap.len() < BLOCK_BYTES { Ok(()) } else { self.put_away(at) }
    }

    /// Puts away what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        (0..HEAPS).try_for_each(|at| self.put_away(at))
    }

    fn put_away(&mut self, at: usize) -> io::Result<()> {
        let heap = &mut self.heaps[at];
        self.seen.0[at].lock().unwrap_or_else(PoisonError::into_inner).write_all(heap)?;
        heap.clear();
        Ok(())
    }
}
