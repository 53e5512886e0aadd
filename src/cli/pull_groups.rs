//! `kaizala pull --groups`: what groups are called, through the API into the table.

use serde::Serialize;

use super::output::note;
use crate::{
    clock::now,
    kaizala::Kaizala,
    store::{GroupSource, NamedGroup, Store},
};

/// What came of it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PulledGroups {
    groups: u64,
    named: u64,
    /// Those whose name stays as a file by hand has it.
    named_by_hand: u64,
    /// Those without an id or a name that can be kept.
    unusable: u64,
}

/// Keeps the names of all groups that the account can see.
pub(super) async fn pull_groups(kaizala: &Kaizala, store: &Store) -> anyhow::Result<PulledGroups> {
    let mut pulled = PulledGroups::default();
    for group in kaizala.groups().await? {
        pulled.groups += 1;
        let named = group.id.zip(group.name).map(|(id, name)| NamedGroup { id, name, group_type: group.group_type });
        match named.filter(NamedGroup::is_usable) {
            Some(named) if store.put_group(&named, GroupSource::Api, now()).await? => pulled.named += 1,
            Some(_) => pulled.named_by_hand += 1,
            None => pulled.unusable += 1,
        }
    }
    if pulled.unusable > 0 {
        note(format_args!("warning: {} groups have no id or no name that can be kept", pulled.unusable));
    }
    Ok(pulled)
}

impl PulledGroups {
    pub(super) fn in_words(&self) -> String {
        let lines = [
            ("Groups", self.groups),
            ("  named", self.named),
            ("  named by hand", self.named_by_hand),
            ("  unusable", self.unusable),
        ];
        lines.map(|(name, count)| format!("{name:<18}{count}")).join("\n")
    }
}
