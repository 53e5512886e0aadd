//! Chance that is the same on every machine and in every version.
//!
//! ChaCha is a published cipher, so its numbers cannot change; what `rand` makes of such numbers (ranges, shuffles, seeds
//! out of a `u64`) may, and has. So those few lines are written out here.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use uuid::Builder;

/// The alphabet of URL-safe base64.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What dice are used for. Dice of different purposes draw independent numbers.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// The groups and members at the beginning.
    World,
    /// One event.
    Event,
    /// Which event is large.
    Large,
    /// Which event is huge.
    Huge,
    /// A row of a download.
    Archive,
}

/// What an id looks like. They are opaque, and readers that expect GUIDs are wrong.
#[derive(Clone, Copy)]
pub(super) enum IdForm {
    Guid,
    /// A GUID with `@1`, `@2` or `@3` behind it.
    Suffixed,
    /// A GUID whose first block lacks a digit.
    Short,
}

/// A source of reproducible chance.
#[derive(Clone)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice for the thing of that index. Each thing has dice of its own, so that what one event draws does not
    /// change the next event.
    pub(super) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = match purpose {
            Purpose::World => 0,
            Purpose::Event => 1,
            Purpose::Large => 2,
            Purpose::Huge => 3,
            Purpose::Archive => 4,
        };
        let mut chacha = ChaCha8Rng::from_seed(key);
        chacha.set_stream(index);
        Self(chacha)
    }

    /// A number below `end`, which is not 0. The bias of the multiplication is below 2⁻⁴⁰ for all ends in use.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // The upper half of the product, which is below `end`.
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// A number from one bound to the other, both included.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// A number of things from one bound to the other, both included.
    pub(super) fn count(&mut self, first: usize, last: usize) -> usize {
        first + self.index(last - first + 1)
    }

    /// An index into something of that length, which is not 0.
    pub(super) fn index(&mut self, length: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "it is below a usize")]
        let index = self.below(length as u64) as usize;
        index
    }

    /// True that many times out of a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of the items, of which there is at least one.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.index(items.len())]
    }

    /// One of the items, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, items: &[(u64, T)]) -> T {
        let mut throw = self.below(items.iter().map(|(weight, _)| weight).sum());
        for &(weight, item) in items {
            if throw < weight {
                return item;
            }
            throw -= weight;
        }
        unreachable!("the throw is below the sum of the weights")
    }

    /// Some of the items, at least one, in their order.
    pub(super) fn some_of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> Vec<&'a T> {
        let sure = self.index(items.len());
        items.iter().enumerate().filter(|(at, _)| *at == sure || self.percent(40)).map(|(_, item)| *item).collect()
    }

    /// A GUID.
    pub(super) fn guid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string()
    }

    /// An id as Kaizala makes them, mostly a GUID.
    pub(super) fn id(&mut self) -> String {
        self.weighted(&[(17, IdForm::Guid), (2, IdForm::Suffixed), (1, IdForm::Short)]).id(self)
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(HEX[self.index(HEX.len())])).collect()
    }

    /// So many characters of URL-safe base64: text that compresses by a quarter and no more.
    pub(super) fn base64(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 10);
        while text.len() < length {
            let mut bits = self.0.next_u64();
            for _ in 0..10 {
                text.push(char::from(BASE64[usize::from(bits.to_le_bytes()[0] & 63)]));
                bits >>= 6;
            }
        }
        text.truncate(length);
        text
    }
}

impl IdForm {
    /// An id of that form.
    pub(super) fn id(self, dice: &mut Dice) -> String {
        let mut id = dice.guid();
        match self {
            Self::Guid => {}
            Self::Suffixed => id.push_str(dice.pick(&["@1", "@2", "@3"])),
            Self::Short => {
                id.remove(0);
            }
        }
        id
    }
}
