//! JSON for people to read.

use serde::de::IgnoredAny;

const STEP: &str = "  ";

/// Indents JSON and changes nothing else of it: parsing could change a number, drop a repeated member or unescape a text.
/// `None` if the text is not JSON.
pub(super) fn indented(json: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut is_text, mut is_escaped, mut is_opened) = (0, false, false, false);
    for character in json.chars() {
        if is_text {
            out.push(character);
            is_text = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
            continue;
        }
        let closes = matches!(character, '}' | ']');
        match character {
            ' ' | '\t' | '\n' | '\r' => continue,
            _ if closes => {
                depth -= 1;
                // What is empty stays on one line.
                if !is_opened {
                    new_line(&mut out, depth);
                }
            }
            _ if is_opened => new_line(&mut out, depth),
            _ => {}
        }
        is_opened = matches!(character, '{' | '[');
        is_text = character == '"';
        out.push(character);
        match character {
            '{' | '[' => depth += 1,
            ',' => new_line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    Some(out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    (0..depth).for_each(|_| out.push_str(STEP));
}
