//! Which group the rows of an archive go to, and whether they are in another one already.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::{
    archive::{GroupIds, Survey},
    cli::{
        output::{harmless, note},
        table::UNREADABLE,
    },
    event::{EventKey, EventType, QUARANTINE_GROUP, UNGROUPED, imported::group_of_name},
    store::{ItemKind, Store},
};

/// Groups that are looked into whatever they are called.
const MOST_OTHERS: usize = 500;
/// Names that an error tells.
const MOST_NAMED: usize = 10;

/// A group's id that an operator may give.
pub(super) fn id(text: &str) -> Result<String, String> {
    match text {
        "" => Err("is empty".to_owned()),
        QUARANTINE_GROUP | "groups" => Err("is the name of a partition that is not a group".to_owned()),
        id => Ok(id.to_owned()),
    }
}

/// The groups of an archive by name, each with the group that its rows go to.
pub(super) struct Targets(BTreeMap<String, String>);

impl Targets {
    pub(super) fn of(survey: &Survey, group: Option<&str>, ids: Option<&GroupIds>) -> anyhow::Result<Self> {
        let names = survey.groups.keys();
        if group.is_some() && names.len() > 1 {
            let listed: Vec<_> = names.clone().take(MOST_NAMED).map(|name| format!("\n  {}", harmless(name))).collect();
            let more = if names.len() > MOST_NAMED { "\n  …" } else { "" };
            bail!(
                "the archive has rows of {} groups, and --group is for one: name their ids in a file, with --groups{}{more}",
                names.len(),
                listed.concat()
            );
        }
        let mut targets = BTreeMap::new();
        for name in names {
            let listed = ids.and_then(|ids| ids.get(name));
            if ids.is_some() && listed.is_none() {
                note(format_args!("group {} has no id in the file of --groups", harmless(name)));
            }
            let id = match group.or(listed) {
                Some(listed) => {
                    id(listed).map_err(|what| anyhow::anyhow!("the id of group {} {what}", harmless(name)))?
                }
                None => group_of_name(name),
            };
            targets.insert(name.clone(), id);
        }
        Ok(Self(targets))
    }

    /// The group that rows of the group of that name go to.
    pub(super) fn get(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| group_of_name(name))
    }

    /// Names with the ids that they go by.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.0.iter().filter(|(name, id)| !name.trim().is_empty() && *id != UNGROUPED);
        named.map(|(name, id)| (name.as_str(), id.as_str()))
    }

    pub(super) fn json(&self, survey: &Survey) -> Vec<Value> {
        let rows = |name: &String| survey.groups.get(name).map_or(0, |group| group.rows);
        self.0.iter().map(|(name, id)| json!({ "name": name, "group": id, "rows": rows(name) })).collect()
    }

    /// Fails if rows of the archive are in the table already, under another group: they would be there twice. The first rows
    /// of each group are looked for in all groups of its name, and the very first in any other group whose name is known.
    pub(super) async fn require_new_place(&self, store: &Store, survey: &Survey) -> anyhow::Result<()> {
        let known = store.group_names().await.context(UNREADABLE)?;
        for (name, target) in &self.0 {
            let Some(rows) = survey.groups.get(name) else { continue };
            let same_name = known.iter().filter(|(_, known)| *known == name).map(|(id, _)| id.clone());
            let same_name = same_name.chain([group_of_name(name)]).map(|id| (id, rows.first.len()));
            let others = known.iter().filter(|(_, known)| *known != name).map(|(id, _)| (id.clone(), 1));
            for (other, probes) in same_name.chain(others.take(MOST_OTHERS)).filter(|(id, _)| id != target) {
                for (imported, event_id) in rows.first.values().take(probes) {
                    let key = EventKey::imported(*imported, event_id);
                    let there = store.get(&other, key.as_str()).await.context(UNREADABLE)?;
                    if there.is_some_and(|item| item.kind() == ItemKind::Event) {
                        bail!(
                            "the rows of group {} were imported under group {} before, and would be there twice under {}: {}",
                            harmless(name),
                            harmless(&other),
                            harmless(target),
                            how_to_go_on(name, &other)
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// Says of which groups responses came by webhook: no row can be told to be one of them.
    pub(super) async fn warn_of_webhook(&self, store: &Store) -> anyhow::Result<()> {
        let types = [EventType::ActionResponse, EventType::SurveyResponse];
        for id in self.0.values() {
            for event_type in types {
                let prefix = EventKey::type_prefix(event_type.name());
                if !store.keys_beginning(id, &prefix, 1).await.context(UNREADABLE)?.is_empty() {
                    note(format_args!(
                        "warning: group {} has {} events that came by webhook or pull; a row of the archive may be one of \
                         them, which nothing can tell, and is there twice then",
                        harmless(id),
                        event_type.name()
                    ));
                }
            }
        }
        Ok(())
    }
}

fn how_to_go_on(name: &str, other: &str) -> String {
    if other == group_of_name(name) {
        "import it without --group, and without its id in --groups".to_owned()
    } else {
        format!("import it with --group {}, or with that id in --groups", harmless(other))
    }
}
