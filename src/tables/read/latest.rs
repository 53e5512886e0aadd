//! Which versions of responses are not the newest, in bounded memory.
//!
//! The versions of a response may be anywhere in an export, and under event ids of their own. All of them are noted on
//! disk, those of one response in the same of 64 heaps; then heap after heap is sorted. What stays in memory is 16 bytes
//! for each version that is superseded.

use std::{
    collections::HashSet,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::spill::{Span, Spill};
use crate::{
    event::{EventType, Sha256Digest},
    store::StoredItem,
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

/// The versions of responses that are not the newest.
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

/// A version of a response. Of those of one response, the newest is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version<'a> {
    response: &'a Id,
    /// Arrival and sort key, a zero byte between.
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
    /// Takes note of an item, if it is a version of a response.
    pub(super) fn note(&mut self, item: &StoredItem) -> io::Result<()> {
        let Some((group, key)) = response_key(item) else { return Ok(()) };
        let event_id = item.event_id().unwrap_or(key);
        let response = id(group, item.response_id().unwrap_or(event_id));
        let at = usize::from(response[0]) % HEAPS;
        let received_at = item.received_at().map(|time| time.to_string()).unwrap_or_default();
        // A sort key has at most 1,024 bytes.
        let length = u16::try_from(received_at.len() + 1 + key.len()).map_err(io::Error::other)?;
        let heap = &mut self.heaps[at];
        heap.extend_from_slice(&response);
        heap.extend_from_slice(&id(group, key));
        heap.extend_from_slice(&length.to_be_bytes());
        heap.extend_from_slice(received_at.as_bytes());
        heap.push(0);
        heap.extend_from_slice(key.as_bytes());
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
    /// Whether an item is not the newest of its response.
    pub(super) fn contains(&self, item: &StoredItem) -> bool {
        !self.0.is_empty() && response_key(item).is_some_and(|(group, key)| self.0.contains(&id(group, key)))
    }
}

/// Whether events of a type are responses, which can be edited.
pub(super) fn is_response(event_type: Option<EventType>) -> bool {
    matches!(event_type, Some(EventType::ActionResponse | EventType::SurveyResponse))
}

/// The key of an item that is a response.
fn response_key(item: &StoredItem) -> Option<(&str, &str)> {
    if !is_response(EventType::from_name(item.event_type()?)) {
        return None;
    }
    Some((item.group()?, item.event_key()?))
}

fn id(group: &str, rest: &str) -> Id {
    let digest = Sha256Digest::of(format!("{group}\0{rest}").as_bytes());
    *digest.as_bytes().first_chunk().expect("a digest has 32 bytes")
}
