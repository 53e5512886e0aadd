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

use super::{
    RowsError,
    files::LineError,
    spill::{Span, Spill},
};
use crate::{
    event::{Data, Event, EventType, Rank, Sha256Digest},
    store::{StoredBody, StoredItem},
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
    /// Takes note of the item on a line, if it is a version of a response. `strings` are what of it can be read for little.
    ///
    /// Whether a version is an edit stands in its body, which mostly need not be read for that.
    pub(super) fn note_line(&mut self, strings: &StoredItem, line: &str) -> Result<Noted, LineError> {
        if version_key(strings).is_none() {
            return Ok(Noted::Done);
        }
        if let Some(response_id) = strings.response_id()
            && (strings.is_pulled() || !StoredItem::may_say_on_export_line(line, "isUpdateResponse"))
        {
            self.put(strings, response_id, strings.rank(false)).map_err(RowsError::Scratch)?;
            return Ok(Noted::Done);
        }
        let item = StoredItem::from_export_line(line).map_err(LineError::Json)?;
        match item.body() {
            Ok(StoredBody::Whole(body)) => self.note(&item, &body)?,
            Ok(StoredBody::Parts(_)) => return Ok(Noted::InParts),
            // It makes no rows, so that another version is the latest.
            Err(_) => {}
        }
        Ok(Noted::Done)
    }

    /// Takes note of an item, if it is a version of a response; `body` is its body, whole.
    pub(super) fn note(&mut self, item: &StoredItem, body: &[u8]) -> Result<(), RowsError> {
        let Ok(event) = Event::parse_stored(body, None) else { return Ok(()) };
        // Other data makes no rows that could be the latest.
        if let Data::Response(_) | Data::JobResponse(_) = event.data() {
            let response_id = event.response_id().unwrap_or(&event.event_id);
            self.put(item, response_id, item.rank(event.is_edit())).map_err(RowsError::Scratch)?;
        }
        Ok(())
    }

    fn put(&mut self, item: &StoredItem, response_id: &str, rank: Option<Rank<'_>>) -> io::Result<()> {
        let (Some((kind, group, key)), Some(rank)) = (version_key(item), rank) else { return Ok(()) };
        let mut bytes = Vec::with_capacity(128);
        rank.append_to(&mut bytes);
        // A sort key has at most 1,024 bytes.
        let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
        let response = id(group, &format!("{kind:?}\0{response_id}"));
        let at = usize::from(response[0]) % HEAPS;
        let heap = &mut self.heaps[at];
        heap.extend_from_slice(&response);
        heap.extend_from_slice(&id(group, key));
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
    pub(super) fn contains(&self, item: &StoredItem) -> bool {
        !self.0.is_empty() && version_key(item).is_some_and(|(_, group, key)| self.0.contains(&id(group, key)))
    }
}

/// Whether a version was noted.
pub(super) enum Noted {
    /// It was, or is not a version of a response.
    Done,
    /// Its body is in parts, without which it cannot be.
    InParts,
}

/// What has versions. Each is ranked in a table of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Versioned {
    Response,
    JobResponse,
}

impl Versioned {
    /// Which of them the events of a type are, if any.
    pub(super) fn of_type(name: &str) -> Option<Self> {
        match EventType::from_name(name)? {
            EventType::ActionResponse | EventType::SurveyResponse => Some(Self::Response),
            EventType::JobResponse => Some(Self::JobResponse),
            _ => None,
        }
    }
}

/// The key of an item that is a version of a response.
fn version_key(item: &StoredItem) -> Option<(Versioned, &str, &str)> {
    let kind = Versioned::of_type(item.event_type()?)?;
    Some((kind, item.group()?, item.event_key()?))
}

fn id(group: &str, rest: &str) -> Id {
    let digest = Sha256Digest::of(format!("{group}\0{rest}").as_bytes());
    *digest.as_bytes().first_chunk().expect("a digest has 32 bytes")
}
