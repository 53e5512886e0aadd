//! A group: who is in it, and what it remembers for later events.

use super::{
    card::{Card, CardKind},
    dice::{Dice, IdForm},
    person::Person,
    words,
};

/// How much a group remembers of each kind of thing. What is older is not answered any more, so that the generator does not
/// grow with its events.
const REMEMBERED: usize = 32;

/// A group and what it remembers.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) subscription: Subscription,
    pub(super) members: Vec<Person>,
    pub(super) cards: Vec<Card>,
    pub(super) jobs: Vec<Job>,
    pub(super) sub_groups: Vec<SubGroup>,
}

/// What a subscription adds to each event that it delivers.
#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) context: &'static str,
}

/// A job that was assigned.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) assignees: Vec<Person>,
}

/// A group inside of a group.
#[derive(Clone)]
pub(super) struct SubGroup {
    pub(super) id: String,
    pub(super) name: &'static str,
}

impl Group {
    /// A new group, whose id has that form.
    pub(super) fn new(id: IdForm, dice: &mut Dice) -> Self {
        Self {
            id: id.id(dice),
            subscription: Subscription::new(dice),
            members: (0..dice.count(6, 20)).map(|_| Person::new(dice)).collect(),
            cards: Vec::new(),
            jobs: Vec::new(),
            sub_groups: Vec::new(),
        }
    }

    /// Any member.
    pub(super) fn member(&self, dice: &mut Dice) -> Person {
        self.members[dice.index(self.members.len())].clone()
    }

    /// Whether there is a card of that kind.
    pub(super) fn has_card(&self, kind: CardKind) -> bool {
        self.cards.iter().any(|card| card.kind == kind)
    }

    /// Any card of that kind, if there is one.
    pub(super) fn card(&self, kind: CardKind, dice: &mut Dice) -> Option<Card> {
        let cards: Vec<_> = self.cards.iter().filter(|card| card.kind == kind).collect();
        if cards.is_empty() { None } else { Some(dice.pick(&cards).clone()) }
    }
}

impl Subscription {
    /// A new subscription.
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self { id: dice.guid(), context: dice.pick(&words::CONTEXTS) }
    }
}

/// Adds something to what a group remembers, and forgets the oldest for it.
pub(super) fn remember<T>(things: &mut Vec<T>, thing: T) {
    if things.len() == REMEMBERED {
        things.remove(0);
    }
    things.push(thing);
}
