//! What was sent, and so what a table must hold: every event exactly once, every revision, and nothing else.
//!
//! The ledger keeps digests, no bodies, and the table is checked off item by item, so that memory depends on neither how
//! large the bodies are nor how many other items the table has.

use std::{
    collections::{BTreeSet, HashMap},
    error::Error,
    fmt,
};

use serde::Serialize;

use super::plan::DeliveryPlan;
use crate::event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest};

/// Everything that was sent.
#[derive(Clone, Default)]
pub struct Ledger {
    groups: HashMap<String, HashMap<EventKey, SentEvent>>,
}

/// What was sent under one key.
#[derive(Clone, Default)]
struct SentEvent {
    versions: Vec<Version>,
    /// Whether an item was found under the key itself, where the version that arrived first stands.
    has_first: bool,
    /// How many items were found in whose place a version should be.
    changed: usize,
}

/// One content, in all the bodies that it was sent in: each subscription has an envelope of its own.
#[derive(Clone)]
struct Version {
    /// `None` for what goes to quarantine.
    content: Option<Sha256Digest>,
    bodies: Vec<Sha256Digest>,
    is_found: bool,
}

/// An item that was found in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The partition key.
    pub group: String,
    /// The sort key.
    pub key: EventKey,
    /// The digest of the content as the receiver wrote it; `None` in quarantine.
    pub content: Option<Sha256Digest>,
    /// The digest of the body that the item holds; `None` if that cannot be read.
    pub body: Option<Sha256Digest>,
}

/// A comparison of a table with what was sent, under way.
pub struct Comparison {
    sent: Ledger,
    differences: Differences,
}

/// How a table differs from what was sent. Each entry is `group / key`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Sent and not there.
    pub lost: BTreeSet<String>,
    /// There more than once.
    pub twice: BTreeSet<String>,
    /// There with another body than was sent, or with a digest that is not that of its body.
    pub changed: BTreeSet<String>,
    /// There and not sent, in a group that something was sent to.
    pub unexpected: BTreeSet<String>,
}

/// What was sent reads as another number of items than things happened. The ledger reads bodies with the receiver's own
/// code, and could be wrong together with it; the plan knows by construction.
#[derive(Debug, PartialEq, Eq)]
pub struct MixedUp {
    /// As how many items the bodies read.
    pub read: u64,
    /// How many events and edits happened.
    pub happened: u64,
}

impl fmt::Display for MixedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, happened } = self;
        write!(f, "what was sent reads as {read} items, but {happened} things happened: events are mixed up")
    }
}

impl Error for MixedUp {}

impl Differences {
    /// Whether the table holds exactly what was sent.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Ledger {
    /// Everything that a plan sends.
    ///
    /// # Errors
    /// [`MixedUp`] if two events read as one, or one as two.
    pub fn of(mut plan: DeliveryPlan) -> Result<Self, MixedUp> {
        let mut ledger = Self::default();
        plan.by_ref().for_each(|body| ledger.note(&body));
        let (read, happened) = (ledger.items(), plan.items());
        if read == happened { Ok(ledger) } else { Err(MixedUp { read, happened }) }
    }

    /// Notes that `body` is sent.
    pub fn note(&mut self, body: &[u8]) {
        let digest = Sha256Digest::of(body);
        let (group, key, content) = match Event::parse(body) {
            Ok(event) => (event.table_group().into_owned(), event.key(), Some(event.content_digest())),
            Err(_) => (QUARANTINE_GROUP.to_owned(), EventKey::quarantined(&digest), None),
        };
        self.groups.entry(group).or_default().entry(key).or_default().note(content, digest);
    }

    /// How many items the table must hold, revisions and quarantined bodies included.
    pub fn items(&self) -> u64 {
        self.groups.values().flat_map(HashMap::values).map(|event| event.versions.len() as u64).sum()
    }

    /// Begins a comparison of a table with what was sent.
    pub fn compare(self) -> Comparison {
        Comparison { sent: self, differences: Differences::default() }
    }
}

impl Comparison {
    /// Whether anything was sent to that group. The items of others need not be checked off.
    pub fn knows(&self, group: &str) -> bool {
        self.sent.groups.contains_key(group)
    }

    /// Checks off an item of the table.
    pub fn check_off(&mut self, item: &Found) {
        let Some(group) = self.sent.groups.get_mut(&item.group) else { return };
        let name = format!("{} / {}", item.group, item.key);
        let original = item.key.original();
        let wrong = match group.get_mut(original.as_ref().unwrap_or(&item.key)) {
            Some(event) => event.check_off(item, original.as_ref()),
            // Others' bodies are in quarantine too.
            None if item.group == QUARANTINE_GROUP => None,
            None => Some(Wrong::Unexpected),
        };
        match wrong {
            Some(Wrong::Twice) => self.differences.twice.insert(name),
            Some(Wrong::Changed) => self.differences.changed.insert(name),
            Some(Wrong::Unexpected) => self.differences.unexpected.insert(name),
            None => false,
        };
    }

    /// How the table differs, once all its items have been checked off.
    pub fn differences(mut self) -> Differences {
        for (group, events) in self.sent.groups {
            for (key, event) in events {
                self.differences.lost.extend(event.lost(&key).into_iter().map(|key| format!("{group} / {key}")));
            }
        }
        self.differences
    }
}

/// What can be wrong with an item.
enum Wrong {
    Twice,
    Changed,
    Unexpected,
}

impl SentEvent {
    fn note(&mut self, content: Option<Sha256Digest>, body: Sha256Digest) {
        match self.versions.iter_mut().find(|version| version.content == content) {
            Some(version) if version.bodies.contains(&body) => {}
            Some(version) => version.bodies.push(body),
            None => self.versions.push(Version { content, bodies: vec![body], is_found: false }),
        }
    }

    /// Checks off an item under this event's key, or under the key of a revision of `original`. Which version it is, its
    /// body says: whatever else stands in the item, the receiver computed.
    fn check_off(&mut self, item: &Found, original: Option<&EventKey>) -> Option<Wrong> {
        let belongs_here = |version: &Version| match (original, &version.content) {
            (None, _) => true,
            (Some(original), Some(content)) => original.revision(content) == item.key,
            (Some(_), None) => false,
        };
        let is_place_of_a_version = self.versions.iter().any(belongs_here);
        self.has_first |= original.is_none();
        let version =
            self.versions.iter_mut().find(|version| item.body.is_some_and(|body| version.bodies.contains(&body)));
        match version {
            Some(version) if version.is_found => Some(Wrong::Twice),
            Some(version) => {
                version.is_found = true;
                match belongs_here(version) {
                    true if version.content == item.content => None,
                    true => Some(Wrong::Changed),
                    false => Some(Wrong::Unexpected),
                }
            }
            None if is_place_of_a_version => {
                self.changed += 1;
                Some(Wrong::Changed)
            }
            None => Some(Wrong::Unexpected),
        }
    }

    /// The keys of what is lost. What stands in the place of a version in another form is changed and not lost.
    fn lost(&self, key: &EventKey) -> Vec<EventKey> {
        let missing = self.versions.iter().filter(|version| !version.is_found);
        let mut lost: Vec<_> = missing.skip(self.changed).map(|version| version.key(key)).collect();
        // Whichever version came first stands under the key itself: if nothing is there, one is missing there.
        if !self.has_first {
            lost.pop();
            lost.push(key.clone());
        }
        lost
    }
}

impl Version {
    /// The key as a revision of the event under `key`; a quarantined body has no revisions.
    fn key(&self, key: &EventKey) -> EventKey {
        self.content.as_ref().map_or_else(|| key.clone(), |content| key.revision(content))
    }
}
