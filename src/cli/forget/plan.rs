//! What is to be erased: every item is looked at once, and what was found is kept by key.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};

use super::sought::{By, Sought};
use crate::{
    cli::{progress, table::UNREADABLE},
    event::{Event, EventKey, Sha256Digest},
    export_files::{ScanOptions, pages},
    store::{ItemKind, ReadError, Store, StoredItem},
};

/// Group and key of an event's first version, or of a quarantined body.
pub(super) type Place = (String, String);

/// An event or a body, with all of its versions that were found.
pub(super) struct Found {
    /// The event type; `quarantine` of a body.
    pub(super) kind: String,
    /// By what it was found; `None` if it only mentions the person.
    pub(super) by: Option<By>,
    /// The contents of the versions that were found, by their keys.
    pub(super) contents: BTreeMap<String, Option<Sha256Digest>>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Plan {
    /// How many items were looked at.
    pub(super) items: u64,
    /// Events in which the person acts, or whose subject they are.
    pub(super) events: BTreeMap<Place, Found>,
    /// Events that only mention the person, and quarantined bodies that hold something of theirs.
    pub(super) mentions: BTreeMap<Place, Found>,
    /// Erased events of which something is left, since a run was interrupted.
    pub(super) unfinished: Vec<Place>,
    /// Items whose bodies cannot be read, so that nobody knows.
    pub(super) damaged: Vec<Place>,
}

impl Plan {
    /// Looks at every item of the table.
    pub(super) async fn make(store: &Store, sought: &Sought, options: ScanOptions) -> anyhow::Result<Self> {
        let progress = progress::spinner("{spinner} looking at {human_pos} items {per_sec}");
        let mut plan = Self::default();
        let mut erased = Vec::new();
        let mut pages = pages(store, options);
        while let Some(page) = pages.recv().await {
            for item in page.context(UNREADABLE)? {
                plan.items += 1;
                match item.kind() {
                    ItemKind::Part | ItemKind::Group => {}
                    ItemKind::Erased => erased.extend(place_of(&item)),
                    ItemKind::Event | ItemKind::Quarantined => plan.look_at(store, sought, &item).await?,
                }
            }
            progress.set_position(plan.items);
        }
        progress.finish_and_clear();
        for (group, key) in erased {
            if store.is_erased_in_part(&group, &key).await.context(UNREADABLE)? {
                plan.unfinished.push((group, key));
            }
        }
        // Of an event that goes, all versions do.
        let (events, unfinished) = (&plan.events, &plan.unfinished);
        plan.mentions.retain(|place, _| !events.contains_key(place) && !unfinished.contains(place));
        Ok(plan)
    }

    async fn look_at(&mut self, store: &Store, sought: &Sought, item: &StoredItem) -> anyhow::Result<()> {
        let Some((group, key)) = place_of(item) else { return Ok(()) };
        let body = match store.body(item).await {
            Ok(body) => Some(body),
            Err(ReadError::Damaged { .. }) => None,
            Err(error) => return Err(error).context(UNREADABLE),
        };
        let by = match &body {
            Some(body) if item.kind() == ItemKind::Event => {
                let event = Event::parse_stored(body, item.sender(), item.occurred_at());
                event.ok().and_then(|event| sought.is_concerned_by(&event))
            }
            Some(_) => None,
            None => item.from_user_id().filter(|id| sought.has_user_id(id)).map(|_| By::UserId),
        };
        let is_mentioned = by.is_none() && body.as_deref().is_some_and(|body| sought.is_in(body));
        let original = EventKey::from_table(&key).original().map(|key| key.to_string());
        let place = (group, original.unwrap_or_else(|| key.clone()));
        let found = match (by, is_mentioned) {
            (Some(_), _) => &mut self.events,
            (None, true) => &mut self.mentions,
            (None, false) => {
                if body.is_none() {
                    self.damaged.push(place);
                }
                return Ok(());
            }
        };
        let found = found.entry(place).or_insert_with(|| Found {
            kind: item.event_type().unwrap_or("quarantine").to_owned(),
            by,
            contents: BTreeMap::new(),
        });
        found.by = found.by.min(by);
        found.contents.insert(key, item.content_sha256());
        Ok(())
    }

    /// Whether there is nothing to do, with or without mentions.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.mentions.is_empty() && self.unfinished.is_empty()
    }

    /// What is to be erased, and what stays although it mentions the person.
    pub(super) fn divided(self, with_mentions: bool) -> (BTreeMap<Place, Found>, BTreeMap<Place, Found>) {
        let Self { mut events, mentions, unfinished, .. } = self;
        for place in unfinished {
            // The rest of it goes too, so that nothing has to be as it was.
            events.entry(place).or_insert_with(|| Found {
                kind: "(erased in part)".to_owned(),
                by: None,
                contents: BTreeMap::new(),
            });
        }
        if with_mentions {
            events.extend(mentions);
            (events, BTreeMap::new())
        } else {
            (events, mentions)
        }
    }

    /// How many events were found by a name alone.
    pub(super) fn by_name_alone(&self) -> usize {
        self.events.values().filter(|found| found.by == Some(By::NameAlone)).count()
    }
}

/// How many events there are, by group, type, and how they were found.
pub(super) fn by_group_and_type<'a>(
    found: impl IntoIterator<Item = (&'a Place, &'a Found)>,
) -> BTreeMap<(String, String, &'static str), u64> {
    let mut counts = BTreeMap::new();
    for ((group, _), Found { kind, by, .. }) in found {
        *counts.entry((group.clone(), kind.clone(), by.map_or("mention", By::as_str))).or_default() += 1;
    }
    counts
}

pub(super) fn counts_as_json(counts: &BTreeMap<(String, String, &'static str), u64>) -> Value {
    let rows = counts.iter().map(
        |((group, kind, by), events)| json!({ "groupId": group, "eventType": kind, "foundBy": by, "events": events }),
    );
    rows.collect()
}

pub(super) fn places_as_json<'a>(places: impl IntoIterator<Item = &'a Place>) -> Value {
    places.into_iter().map(|(group, key)| json!({ "groupId": group, "eventKey": key })).collect()
}

fn place_of(item: &StoredItem) -> Option<Place> {
    Some((item.group()?.to_owned(), item.event_key()?.to_owned()))
}
