//! The groups, who is in them, and what is going on there.

use super::{
    Size,
    card::{Card, CardKind},
    dice::{Dice, IdForm, Purpose},
    generated::Generated,
    happening::Kind,
    media,
    scene::Scene,
    templates::{ACTIONS, SURVEYS},
    words,
};

/// When made-up events begin to happen, 2023-01-01T00:00:00Z in epoch milliseconds.
pub const BEGINNING: u64 = 1_672_531_200_000;

/// The groups, by what their ids look like.
const GROUPS: [IdForm; 6] =
    [IdForm::Guid, IdForm::Suffixed, IdForm::Short, IdForm::Guid, IdForm::Guid, IdForm::Suffixed];

/// How much a group remembers of each. What is older is answered no more; the generator must not grow with its events.
const REMEMBERED: usize = 32;

/// Everything that later events depend on.
#[derive(Clone)]
pub(super) struct World {
    now: u64,
    groups: Vec<Group>,
    /// The subscription of each action package.
    packages: Vec<(&'static str, Subscription)>,
}

/// What a subscription adds to each event that it delivers.
#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) context: &'static str,
}

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

/// Somebody.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) phone: String,
    pub(super) name: String,
    /// "" when there is none.
    pub(super) picture: String,
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

impl World {
    /// The world of that seed at its beginning.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::World, 0);
        let packages = ACTIONS.iter().chain(&SURVEYS).filter_map(|template| template.package);
        Self {
            now: BEGINNING,
            packages: packages.map(|package| (package, Subscription::new(&mut dice))).collect(),
            groups: GROUPS.map(|form| Group::new(form, &mut dice)).into(),
        }
    }

    /// What happens next.
    pub(super) fn next_event(&mut self, size: Size, mut dice: Dice) -> Generated {
        self.now += dice.between(500, 9_000);
        // The first groups are busier than the last.
        let group = dice.index(GROUPS.len()).min(dice.index(GROUPS.len()));
        let mut scene = Scene { group: &mut self.groups[group], now: self.now, size, dice };
        let kind = Kind::throw(&mut scene);
        let happening = kind.happen(&mut scene);
        let package = happening.package.and_then(|package| self.packages.iter().find(|(name, _)| *name == package));
        let Scene { group, dice, .. } = scene;
        Generated::new(happening, group, package, dice)
    }
}

impl Subscription {
    fn new(dice: &mut Dice) -> Self {
        Self { id: dice.guid(), context: dice.pick(&words::CONTEXTS) }
    }
}

impl Group {
    fn new(id: IdForm, dice: &mut Dice) -> Self {
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

impl Person {
    /// Somebody new.
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            id: dice.guid(),
            phone: format!("+1555{:07}", dice.below(10_000_000)),
            name: format!("{} {}", dice.pick(&words::FIRST_NAMES), dice.pick(&words::LAST_NAMES)),
            picture: if dice.percent(60) { media::profile_picture(dice) } else { String::new() },
        }
    }
}

/// Adds something to what a group remembers, and forgets the oldest for it.
pub(super) fn remember<T>(things: &mut Vec<T>, thing: T) {
    if things.len() == REMEMBERED {
        things.remove(0);
    }
    things.push(thing);
}
