//! Kaizala's error messages, without what must not be shown.

/// A run of at least this many digits may be a phone number, however it is spaced.
const PHONE_NUMBER_DIGITS: usize = 7;
/// An unbroken run of at least this many letters and digits may be a token. Neither words nor GUIDs are as long.
const TOKEN_CHARACTERS: usize = 40;
const MAX_CHARACTERS: usize = 300;
const WITHHELD: &str = "(withheld)";

/// Removes from a message everything that may be a phone number or a token, and cuts it to a limited length on one line.
pub(super) fn scrubbed(message: &str) -> String {
    let message = message.replace(char::is_control, " ");
    let is_private = |word: &str| word.chars().count() >= TOKEN_CHARACTERS || is_url_with_more(word);
    let words = message.split(' ').map(|word| if is_private(word) { WITHHELD } else { word });
    let shown = without_phone_numbers(&words.collect::<Vec<_>>().join(" "));
    let shown = shown.trim();
    match shown.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.to_owned(),
    }
}

/// Whether a word is a URL with a query or a user, which may be secret.
fn is_url_with_more(word: &str) -> bool {
    word.contains("://") && word.contains(['?', '@'])
}

fn without_phone_numbers(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit() || character == '+') {
        let (before, from_start) = rest.split_at(start);
        let end = from_start.find(|character: char| !is_in_phone_number(character)).unwrap_or(from_start.len());
        let end = from_start[..end].trim_end_matches(|character: char| !character.is_ascii_digit()).len().max(1);
        let (run, after) = from_start.split_at(end);
        // The digits of a GUID are not a phone number, although they make such runs between its letters.
        let is_in_word = before.ends_with(char::is_alphabetic) || after.starts_with(char::is_alphabetic);
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let is_private = digits >= PHONE_NUMBER_DIGITS && !is_in_word;
        shown.push_str(before);
        shown.push_str(if is_private { WITHHELD } else { run });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn is_in_phone_number(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '+' | ' ' | '-' | '.' | '(' | ')')
}
