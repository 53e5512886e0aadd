//! Which versions of responses are not the latest, in bounded memory.
//!
//! The versions of a response may be anywhere in an export, and under event ids of their own. All of them are noted on
//! disk with their [`Rank`], those of one response in the same of 64 heaps; then heap after heap is sorted. What stays in
//! memory is 16 bytes for each version that is superseded.

use std::{
    collections::HashSet,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::spill::{Span, Spill};
use crate::{
    event::{Rank, Sha256Digest},
    tables::schema::{Origin, Row},
};

const HEAPS: usize = 64;
/// A heap that has grown by that much goes to disk.
const BLOCK_BYTES: usize = 64 * 1024;

/// Identifies a response or a version of one.
type Id = [u8; 16];

/// Takes note of versions.
pub(super) struct Versions {
    spill: Spill,
    blocks: Mutex<Vec<Vec<Span>>>,
}

/// What one thread has taken note of and not put away.
pub(super) struct Notes<'a> {
    versions: &'a Versions,
    heaps: Vec<Vec<u8>>,
}

/// The versions of responses that are not the latest.
#[derive(Default)]
pub(super) struct Superseded(HashSet<Id>);

impl Versions {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { spill: Spill::new(folder)?, blocks: Mutex::new(vec![Vec::new(); HEAPS]) })
    }

    pub(super) fn notes(&self) -> Notes<'_> {
        Notes { versions: self, heaps: vec![Vec::new(); HEAPS] }
    }

    /// Sorts out what is superseded, when everything was noted.
    pub(super) fn superseded(self) -> io::Result<Superseded> {
        let mut superseded = HashSet::new();
        let mut heap = Vec::new();
        for blocks in self.blocks.into_inner().unwrap_or_else(PoisonError::into_inner) {
            heap.clear();
            for block in blocks {
                self.spill.get(block, &mut heap)?;
            }
            let mut versions = parse(&heap);
            versions.sort_unstable();
            let older = versions.windows(2).filter(|pair| pair[0].response == pair[1].response);
            superseded.extend(older.map(|pair| *pair[0].item));
        }
        Ok(Superseded(superseded))
    }
}

/// A version of a response. Of those of one response, the latest is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version<'a> {
    response: &'a Id,
    /// A [`Rank`] as bytes.
    rank: &'a [u8],
    item: &'a Id,
}

fn parse(mut heap: &[u8]) -> Vec<Version<'_>> {
    let mut versions = Vec::new();
    while let Some((response, rest)) = heap.split_first_chunk()
        && let Some((item, rest)) = rest.split_first_chunk()
        && let Some((length, rest)) = rest.split_first_chunk()
        && let Some((rank, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
    {
        versions.push(Version { response, rank, item });
        heap = rest;
    }
    versions
}

impl Notes<'_> {
    /// Takes note of a row, if it is a version of a response.
    pub(super) fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        // Each kind is ranked in a table of its own.
        let (kind, origin, response_id, is_update, is_pulled, ranked_at) = match row {
            Row::Responses(row) => ("r", &row.origin, &row.response_id, row.is_update, row.is_pulled, row.ranked_at),
            Row::JobResponses(row) => ("j", &row.origin, &row.response_id, row.is_update, row.is_pulled, row.ranked_at),
            _ => return Ok(()),
        };
        let Origin { group_id, event_key, received_at, .. } = *origin;
        let rank = if is_pulled == Some(true) {
            Rank::of_pulled(received_at, event_key)
        } else {
            Rank::of_pushed(is_update == Some(true), ranked_at, received_at, event_key)
        };
        let mut bytes = Vec::with_capacity(128);
        rank.append_to(&mut bytes);
        // A sort key has at most 1,024 bytes.
        let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
        let response = id(&[group_id, kind, response_id.as_deref().unwrap_or_default()]);
        let at = usize::from(response[0]) % HEAPS;
        let heap = &mut self.heaps[at];
        heap.extend_from_slice(&response);
        heap.extend_from_slice(&id(&[group_id, event_key]));
        heap.extend_from_slice(&length.to_be_bytes());
        heap.extend_from_slice(&bytes);
        if heap.len() < BLOCK_BYTES { Ok(()) } else { self.put_away(at) }
    }

    /// Puts away what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        (0..HEAPS).try_for_each(|at| self.put_away(at))
    }

    fn put_away(&mut self, at: usize) -> io::Result<()> {
        let heap = &mut self.heaps[at];
        if !heap.is_empty() {
            let place = self.versions.spill.put(heap)?;
            self.versions.blocks.lock().unwrap_or_else(PoisonError::into_inner)[at].push(place);
            heap.clear();
        }
        Ok(())
    }
}

impl Superseded {
    /// Whether an item is not the latest version of its response.
    pub(super) fn contains(&self, group: &str, event_key: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&id(&[group, event_key]))
    }
}

fn id(parts: &[&str]) -> Id {
    let digest = Sha256Digest::of(parts.join("\0").as_bytes());
    *digest.as_bytes().first_chunk().expect("a digest has 32 bytes")
}
