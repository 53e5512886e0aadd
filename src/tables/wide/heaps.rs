//! Records go to disk, those of one card into the same heap, and heaps are divided until they have one card each or fit into
//! memory.

use std::{
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::record::damaged;
use crate::{
    event::Sha256Digest,
    tables::read::{Span, Spill},
};

const HEAPS: usize = 64;
/// A heap that has grown by that much in memory goes to disk.
const BLOCK_BYTES: usize = 64 * 1024;
/// A heap up to that size is read as a whole.
const IN_MEMORY_BYTES: usize = 16 * 1024 * 1024;

/// Passes the bytes of every record of a card to a function. They come in the same order each time.
pub(super) type Records<'a> = dyn Fn(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> + 'a;
/// Takes a card's bytes and its records.
pub(super) type EachCard<'a> = dyn FnMut(&[u8], &Records<'_>) -> io::Result<()> + 'a;

/// Heaps of records on disk.
pub(super) struct Heaps {
    spill: Spill,
    blocks: Mutex<Vec<Vec<Span>>>,
    /// How often the records were divided before: by which byte of their card's digest they are now.
    level: usize,
}

/// What one thread has added and not put away.
pub(super) struct Filling<'a> {
    heaps: &'a Heaps,
    buffers: Vec<Vec<u8>>,
}

impl Heaps {
    pub(super) fn new(folder: &Path, level: usize) -> io::Result<Self> {
        Ok(Self { spill: Spill::new(folder)?, blocks: Mutex::new(vec![Vec::new(); HEAPS]), level })
    }

    pub(super) fn filling(&self) -> Filling<'_> {
        Filling { heaps: self, buffers: vec![Vec::new(); HEAPS] }
    }

    /// Where the records of each heap are, when everything was put away.
    pub(super) fn each_heap(&self) -> Vec<Vec<Span>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes every record of a heap to `each`: the card's bytes and the record's.
    fn each_record(&self, heap: &[Span], mut each: impl FnMut(&[u8], &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut block = Vec::new();
        for span in heap {
            block.clear();
            self.spill.get(*span, &mut block)?;
            let mut rest = block.as_slice();
            while !rest.is_empty() {
                let (card, record) = (take(&mut rest)?, take(&mut rest)?);
                each(card, record)?;
            }
        }
        Ok(())
    }

    /// Whether all records of a heap are of one card, which is returned.
    fn only_card(&self, heap: &[Span]) -> io::Result<Option<Vec<u8>>> {
        let (mut only, mut is_one) = (None, true);
        self.each_record(heap, |card, _| {
            is_one &= only.get_or_insert_with(|| card.to_owned()) == card;
            Ok(())
        })?;
        Ok(only.filter(|_| is_one))
    }
}

/// Passes every card of a heap to `each`, with its records. `folder` is for what does not fit into memory.
pub(super) fn each_card(heaps: &Heaps, heap: &[Span], folder: &Path, each: &mut EachCard<'_>) -> io::Result<()> {
    let size = heap.iter().map(Span::length).sum::<usize>();
    let is_last = heaps.level + 1 >= size_of::<[u8; 32]>();
    if size <= IN_MEMORY_BYTES || is_last {
        let mut bytes = Vec::with_capacity(size);
        heap.iter().try_for_each(|span| heaps.spill.get(*span, &mut bytes))?;
        let (mut rest, mut records) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            records.push((take(&mut rest)?, take(&mut rest)?));
        }
        // Stable, so that the records of a card stay in their order.
        records.sort_by_key(|(card, _)| *card);
        for of_card in records.chunk_by(|one, other| one.0 == other.0) {
            each(of_card[0].0, &|read| of_card.iter().try_for_each(|(_, record)| read(record)))?;
        }
        return Ok(());
    }
    if let Some(card) = heaps.only_card(heap)? {
        return each(&card, &|read| heaps.each_record(heap, |_, record| read(record)));
    }
    let finer = Heaps::new(folder, heaps.level + 1)?;
    let mut filling = finer.filling();
    heaps.each_record(heap, |card, record| filling.put(card, record))?;
    filling.finish()?;
    finer.each_heap().iter().try_for_each(|heap| each_card(&finer, heap, folder, each))
}

impl Filling<'_> {
    /// Adds a record.
    pub(super) fn put(&mut self, card: &[u8], record: &[u8]) -> io::Result<()> {
        let at = usize::from(Sha256Digest::of(card).as_bytes()[self.heaps.level]) % HEAPS;
        let buffer = &mut self.buffers[at];
        for bytes in [card, record] {
            buffer.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            buffer.extend_from_slice(bytes);
        }
        if buffer.len() < BLOCK_BYTES { Ok(()) } else { self.put_away(at) }
    }

    /// Puts away what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        (0..HEAPS).try_for_each(|at| self.put_away(at))
    }

    fn put_away(&mut self, at: usize) -> io::Result<()> {
        let buffer = &mut self.buffers[at];
        if !buffer.is_empty() {
            let span = self.heaps.spill.put(buffer)?;
            self.heaps.blocks.lock().unwrap_or_else(PoisonError::into_inner)[at].push(span);
            // What one large record has taken is not kept.
            *buffer = Vec::new();
        }
        Ok(())
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let (length, bytes) = rest.split_first_chunk().ok_or_else(damaged)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(io::Error::other)?;
    let (taken, behind) = bytes.split_at_checked(length).ok_or_else(damaged)?;
    *rest = behind;
    Ok(taken)
}
