//! Lists of numbers as text: most numbers of the page are small, and take one or two characters here.

use serde::Serialize;

/// The digits, five bits each. The second half says that more digits of the number follow.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BITS: u32 = 5;

/// A list of numbers, each with its lowest digit first. `cube.js` reads it.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Packed(String);

impl Packed {
    /// Appends a number.
    pub(super) fn push(&mut self, number: impl Into<u32>) {
        let mut number = number.into();
        loop {
            let (digit, rest) = (number & ((1 << BITS) - 1), number >> BITS);
            let more = u32::from(rest > 0) << BITS;
            self.0.push(char::from(DIGITS[(digit | more) as usize]));
            if rest == 0 {
                return;
            }
            number = rest;
        }
    }
}
