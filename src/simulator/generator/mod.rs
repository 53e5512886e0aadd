//! Realistic events, seeded and reproducible.
//!
//! The same seed gives the same bytes, on every machine and in every version: whoever reports a failure needs to say
//! only the seed and the index. Therefore nothing here asks a clock, nothing iterates over a hash map, no number passes
//! through a float, and `dice` relies on nothing of `rand` that `rand` is free to change.
//!
//! The events tell a story that hangs together (`world`): members of a few groups create action cards, surveys and
//! jobs and answer them, in office hours more than at night (`rhythm`). All names, numbers and addresses in it are fictitious.

mod answers;
mod archive;
mod card;
mod content;
mod dice;
mod generated;
mod group;
mod happening;
mod json;
mod kind;
mod media;
mod person;
mod rhythm;
mod scene;
mod templates;
mod text;
mod words;
mod world;

pub use self::{
    archive::{Download, DownloadRow, Saved, download_rows, write_download},
    generated::Generated,
    world::BEGINNING,
};
use self::{
    dice::{Dice, Purpose},
    text::Size,
    world::World,
};

/// How many events have one large event among them.
const LARGE_ONE_IN: u64 = 2_000;

/// How many events have one huge event among them.
const HUGE_ONE_IN: u64 = 10_000;

/// A source of events.
#[derive(Clone)]
pub struct Generator {
    seed: u64,
    index: u64,
    world: World,
}

impl Generator {
    /// The events of that seed, from the first on. Two seeds have no group in common: their ids are
    /// 122 bits of chance, drawn from the seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, index: 0, world: World::new(seed) }
    }

    /// The size of the event that comes next. Exactly one event in each run of events is large, so that short simulations
    /// do not depend on luck.
    fn size(&self) -> Size {
        let is_chosen = |one_in: u64, purpose| {
            Dice::new(self.seed, purpose, self.index / one_in).below(one_in) == self.index % one_in
        };
        if is_chosen(HUGE_ONE_IN, Purpose::Huge) {
            Size::Huge
        } else if is_chosen(LARGE_ONE_IN, Purpose::Large) {
            Size::Large
        } else {
            Size::Usual
        }
    }
}

impl Iterator for Generator {
    type Item = Generated;

    /// The next event. There is always one.
    fn next(&mut self) -> Option<Generated> {
        let dice = Dice::new(self.seed, Purpose::Event, self.index);
        let size = self.size();
        self.index += 1;
        Some(self.world.next_event(size, dice))
    }
}
