//! What each group is called.

use std::collections::BTreeMap;

use super::{Place, Spot};
use crate::tables::schema::{GroupRow, Row};

/// The sources of names, the least trusted first.
const SOURCES: [&str; 4] = ["event", "archive", "api", "file"];

/// How much a source of names of groups is trusted. Of several names, that with the greatest number counts, and among those the
/// newest.
pub(crate) fn trust_in_name(source: Option<&str>) -> usize {
    SOURCES.iter().position(|known| Some(*known) == source).unwrap_or_default()
}

/// The name of each group that has one.
#[derive(Default)]
pub(super) struct GroupNames(BTreeMap<String, Told>);

struct Told {
    trust: usize,
    place: Place,
    name: Option<String>,
    group_type: Option<String>,
    source: Option<String>,
}

impl Told {
    fn order(&self) -> (usize, &Place) {
        (self.trust, &self.place)
    }
}

impl GroupNames {
    pub(super) fn add(&mut self, at: &Spot<'_>, [group, name, group_type, source]: &[Option<&str>; 4]) {
        let Some(group) = *group else { return };
        let trust = trust_in_name(*source);
        let is_better = |old: &Told| (old.trust, old.place.order()) < (trust, at.order());
        if self.0.get(group).is_none_or(is_better) {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let (name, group_type, source) = (owned(*name), owned(*group_type), owned(*source));
            self.0.insert(group.to_owned(), Told { trust, place: at.place(), name, group_type, source });
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (group, told) in other.0 {
            if self.0.get(&group).is_none_or(|old| old.order() < told.order()) {
                self.0.insert(group, told);
            }
        }
    }

    pub(super) fn rows(&self, each: &mut impl FnMut(&Row<'_>)) {
        for (group, told) in &self.0 {
            each(&Row::Groups(GroupRow {
                origin: crate::tables::schema::Origin { group_id: group, ..told.place.origin() },
                name: told.name.as_deref().map(Into::into),
                r#type: told.group_type.as_deref().map(Into::into),
                source: told.source.as_deref().map(Into::into),
            }));
        }
    }
}
