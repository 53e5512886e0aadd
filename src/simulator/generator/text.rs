//! What people write.

use super::{dice::Dice, words};
use crate::event::Timestamp;

/// How much somebody has to say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Usual,
    /// Some hundred KB.
    Large,
    /// One to three MB, hardly compressible.
    Huge,
}

/// A message: mostly a phrase or three, now and then a page.
pub(super) fn message(dice: &mut Dice) -> String {
    let phrases = if dice.one_in(60) { dice.count(20, 120) } else { dice.weighted(&[(6, 1), (3, 2), (1, 3)]) };
    join_phrases(phrases, dice)
}

/// The text of something large or huge; `None` for the usual size.
pub(super) fn oversized(size: Size, dice: &mut Dice) -> Option<String> {
    match size {
        Size::Usual => None,
        // Half of them are many words, which compress well, half something pasted, which does not: the first fit into an
        // item once they are gzipped, of the second not all do.
        Size::Large if dice.percent(50) => Some(join_phrases(dice.count(5_000, 20_000), dice)),
        Size::Large => Some(pasted(dice.count(200_000, 900_000), dice)),
        Size::Huge => Some(pasted(dice.count(1_000_000, 3_000_000), dice)),
    }
}

/// A long answer: up to some thousand characters.
pub(super) fn essay(dice: &mut Dice) -> String {
    join_phrases(dice.weighted(&[(5, 3), (3, 10), (1, 40), (1, 160)]), dice)
}

/// What a form's own logic stores in a text answer: JSON inside of JSON, with strings of JSON inside once more.
pub(super) fn json_text(dice: &mut Dice) -> String {
    let item = |at: u64| {
        let item = format!(r#"{{\"PN\":\"Buy {at}\",\"PQ\":\"{at}.0\",\"PPPU\":\"143.0\",\"PU\":\"E.g. Carton\"}}"#);
        format!("\"{item}\"")
    };
    let items: Vec<_> = (1..=dice.between(1, 6)).map(item).collect();
    format!("[{}]", items.join(","))
}

/// A time to the second in UTC: `2023-01-01T00:00:00Z`.
pub(super) fn utc(millis: u64) -> String {
    let time = i64::try_from(millis).ok().and_then(Timestamp::from_epoch_millis).unwrap_or(Timestamp::EPOCH);
    let mut text = time.to_string();
    text.truncate("2023-01-01T00:00:00".len());
    text.push('Z');
    text
}

fn join_phrases(count: usize, dice: &mut Dice) -> String {
    let mut text = String::new();
    for at in 0..count {
        if at > 0 {
            text.push_str(dice.weighted(&[(8, " "), (1, "\n"), (1, " \u{1f449} ")]));
        }
        text.push_str(dice.pick(&words::PHRASES));
    }
    text
}

fn pasted(length: usize, dice: &mut Dice) -> String {
    let mut text = String::from("Pasted from the scanner:\n");
    text.push_str(&dice.base64(length));
    text
}
