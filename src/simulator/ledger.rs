//! What was sent, and so what a table must hold: every event exactly once, every revision, and nothing else.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest};

/// Everything that was sent.
#[derive(Default)]
pub struct Ledger {
    events: HashMap<(String, EventKey), HashSet<Sha256Digest>>,
}

/// An item that was found in the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    /// The partition key.
    pub group: String,
    /// The sort key.
    pub key: EventKey,
    /// The digest of the content; none in quarantine.
    pub content: Option<Sha256Digest>,
}

/// How a table differs from what was sent. Each entry is `group / key`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Sent and not there.
    pub lost: BTreeSet<String>,
    /// There more than once.
    pub twice: BTreeSet<String>,
    /// There and not sent, in a group that something was sent to.
    pub unexpected: BTreeSet<String>,
}

impl Differences {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.twice.is_empty() && self.unexpected.is_empty()
    }
}

impl Ledger {
    /// Notes that `body` is sent.
    pub fn note(&mut self, body: &[u8]) {
        let (place, content) = match Event::parse(body) {
            Ok(event) => ((event.table_group().into_owned(), event.key()), event.content_digest()),
            Err(_) => {
                let digest = Sha256Digest::of(body);
                ((QUARANTINE_GROUP.to_owned(), EventKey::quarantined(&digest)), digest)
            }
        };
        self.events.entry(place).or_default().insert(content);
    }

    /// Whether anything was sent to that group.
    pub fn knows(&self, group: &str) -> bool {
        self.events.keys().any(|(known, _)| known == group)
    }

    /// How many items the table must hold, revisions and quarantined bodies included.
    pub fn items(&self) -> usize {
        self.events.values().map(HashSet::len).sum()
    }

    /// Compares the table with what was sent.
    pub fn compare(&self, table: impl IntoIterator<Item = Found>) -> Differences {
        let mut found: HashMap<(String, EventKey), Option<Sha256Digest>> =
            table.into_iter().map(|item| ((item.group, item.key), item.content)).collect();
        let mut differences = Differences::default();
        for ((group, key), contents) in &self.events {
            // The content of the item under the key itself; a quarantined body is told by its key alone.
            let first = match found.remove(&(group.clone(), key.clone())) {
                Some(None) if group == QUARANTINE_GROUP => contents.iter().next().copied(),
                Some(first) => first,
                None => None,
            };
            let mut missing = Vec::new();
            for content in contents {
                let revision_key = key.revision(content);
                let revision = found.remove(&(group.clone(), revision_key.clone()));
                if revision.is_some_and(|revision| revision != Some(*content)) {
                    differences.unexpected.insert(format!("{group} / {revision_key}"));
                }
                match (first == Some(*content), revision.is_some()) {
                    (false, false) => missing.push(format!("{group} / {revision_key}")),
                    (true, true) => {
                        differences.twice.insert(format!("{group} / {revision_key}"));
                    }
                    _ => {}
                }
            }
            // Whichever content came first stands under the key itself: nothing there means that one is missing.
            if first.is_none_or(|first| !contents.contains(&first)) {
                missing.pop();
                missing.push(format!("{group} / {key}"));
            }
            differences.lost.extend(missing);
        }
        let groups: HashSet<_> = self.events.keys().map(|(group, _)| group.as_str()).collect();
        let unexpected =
            found.into_keys().filter(|(group, _)| group != QUARANTINE_GROUP && groups.contains(group.as_str()));
        differences.unexpected.extend(unexpected.map(|(group, key)| format!("{group} / {key}")));
        differences
    }
}
