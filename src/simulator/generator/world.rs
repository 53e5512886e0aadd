//! All groups and the time that passes in them: the story that the events tell.

use super::{
    dice::{Dice, IdForm, Purpose},
    generated::Generated,
    group::{Group, Subscription},
    kind::Kind,
    rhythm,
    scene::Scene,
    templates::{ACTIONS, SURVEYS},
    text::Size,
};

/// When made-up events begin to happen, 2023-01-01T00:00:00Z in epoch milliseconds.
pub const BEGINNING: u64 = 1_672_531_200_000;

/// The groups, by what their ids look like.
const GROUPS: [IdForm; 6] =
    [IdForm::Guid, IdForm::Suffixed, IdForm::Short, IdForm::Guid, IdForm::Guid, IdForm::Suffixed];

/// Everything that later events depend on.
#[derive(Clone)]
pub(super) struct World {
    now: u64,
    /// How many events have happened.
    happened: u64,
    groups: Vec<Group>,
    /// The subscription of each action package.
    packages: Vec<(&'static str, Subscription)>,
}

impl World {
    /// The world of that seed at its beginning.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::World, 0);
        let packages = ACTIONS.iter().chain(&SURVEYS).filter_map(|template| template.package);
        Self {
            now: BEGINNING,
            happened: 0,
            packages: packages.map(|package| (package, Subscription::new(&mut dice))).collect(),
            groups: GROUPS.map(|form| Group::new(form, &mut dice)).into(),
        }
    }

    /// What happens next.
    pub(super) fn next_event(&mut self, size: Size, mut dice: Dice) -> Generated {
        self.happened += 1;
        self.now = rhythm::next(self.now, self.happened, &mut dice);
        // The first groups are busier than the last.
        let group = &mut self.groups[dice.index(GROUPS.len()).min(dice.index(GROUPS.len()))];
        let kind = Kind::throw(group, size, &mut dice);
        let mut scene = Scene { group, now: self.now, size, dice };
        let happening = scene.play(kind);
        let package = happening.package.and_then(|package| self.packages.iter().find(|(name, _)| *name == package));
        let Scene { group, dice, .. } = scene;
        Generated::new(happening, self.now, group, package, dice)
    }
}
