//! People, all of them made up.

use super::{dice::Dice, media, words};

/// Somebody.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) phone: String,
    pub(super) name: String,
    /// Empty if there is no picture.
    pub(super) picture: String,
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
