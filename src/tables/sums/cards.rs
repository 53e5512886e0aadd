//! What was sent to be answered, and how often it was.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{Place, Spot, people::Members, text};
use crate::{
    event::Timestamp,
    tables::{
        column::Cell,
        schema::{CardRow, Row, Table},
    },
};

/// The cards, by group and action or, where there is none, package.
#[derive(Default)]
pub(super) struct Cards(BTreeMap<String, BTreeMap<String, Card>>);

struct Card {
    /// Whether an event that created it tells of it, and the last that does, else the last response.
    told: (bool, Place),
    action_id: Option<String>,
    package_id: Option<String>,
    title: Option<String>,
    created_at: Option<Timestamp>,
    responses: i64,
}

impl Cards {
    pub(super) fn add(
        &mut self,
        at: &Spot<'_>,
        table: Table,
        [action_id, package_id, title, is_latest]: &[Cell<'_>; 4],
    ) {
        let is_created = table == Table::Actions;
        if !is_created && *is_latest != Cell::Boolean(true) {
            return;
        }
        let (action_id, package_id, title) = (text(*action_id), text(*package_id), text(*title));
        let Some(id) = action_id.or(package_id) else { return };
        if let Some(card) = self.0.get_mut(at.group_id).and_then(|cards| cards.get_mut(id))
            && (card.told.0, card.told.1.order()) > (is_created, at.order())
        {
            // Most rows are responses to a card that is known.
            card.created_at = card.created_at.into_iter().chain(is_created.then_some(at.received_at)).min();
            card.responses += i64::from(!is_created);
            return;
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let card = Card {
            told: (is_created, at.place()),
            action_id: owned(action_id),
            package_id: owned(package_id),
            title: owned(title),
            created_at: is_created.then_some(at.received_at),
            responses: i64::from(!is_created),
        };
        self.put(at.group_id.to_owned(), id.to_owned(), card);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (group_id, cards) in other.0 {
            for (id, card) in cards {
                self.put(group_id.clone(), id, card);
            }
        }
    }

    fn put(&mut self, group_id: String, id: String, card: Card) {
        match self.0.entry(group_id).or_default().entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(card);
            }
            Entry::Occupied(mut entry) => {
                let old = entry.get_mut();
                let created_at = old.created_at.into_iter().chain(card.created_at).min();
                let responses = old.responses + card.responses;
                if old.told < card.told {
                    *old = card;
                }
                (old.created_at, old.responses) = (created_at, responses);
            }
        }
    }

    pub(super) fn rows(&self, members: &Members, each: &mut impl FnMut(&Row<'_>)) {
        for (group_id, card) in self.0.iter().flat_map(|(id, cards)| cards.values().map(move |card| (id, card))) {
            each(&Row::Cards(CardRow {
                origin: card.told.1.origin(),
                action_id: card.action_id.as_deref().map(Into::into),
                package_id: card.package_id.as_deref().map(Into::into),
                title: card.title.as_deref().map(Into::into),
                created_at: card.created_at,
                responses: Some(card.responses),
                members_known: Some(members.get(group_id).copied().unwrap_or_default()),
            }));
        }
    }
}
