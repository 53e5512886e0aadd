//! Titles of questions become names of columns: safe in any format and any query language, and unique.

use std::collections::{HashMap, HashSet};

/// How many characters of a title are in the name: with what may come behind, any database takes it.
const MAX_CHARACTERS: usize = 40;

/// The names of a table's columns.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// For a name that several questions would have, the number of the next.
    next: HashMap<String, usize>,
}

impl Names {
    /// Takes a name as it is.
    pub(super) fn take(&mut self, name: String) {
        self.taken.insert(name);
    }

    /// Takes a name for a title, such that no column has it with any of the `endings` behind it. A title without a letter or digit
    /// becomes `question_` and its position.
    pub(super) fn of_title(&mut self, title: &str, position: i64, endings: &[&str]) -> String {
        let mut name = safe(title);
        if name.is_empty() {
            name = format!("question_{position}");
        }
        let number = self.next.entry(name.clone()).or_insert(1);
        loop {
            let unique = if *number == 1 { name.clone() } else { format!("{name}_{number}") };
            *number += 1;
            let all: Vec<_> = endings.iter().map(|ending| format!("{unique}{ending}")).collect();
            if all.iter().all(|name| !self.taken.contains(name)) {
                self.taken.extend(all);
                return unique;
            }
        }
    }
}

/// Small letters, digits and underscores, beginning with a letter; nothing if the title has neither letters nor digits.
fn safe(title: &str) -> String {
    let mut name = String::new();
    let mut left = MAX_CHARACTERS;
    for c in title.chars().flat_map(char::to_lowercase) {
        if left == 0 {
            break;
        }
        if is_part_of_a_word(c) {
            if name.is_empty() && c.is_numeric() {
                name.push('q');
            }
            name.push(c);
            left -= 1;
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
            left -= 1;
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    name
}

/// Signs of Indian scripts without which words are misspelt count as letters; the standard library does not tell them from
/// punctuation.
fn is_part_of_a_word(c: char) -> bool {
    const DANDAS: [char; 2] = ['\u{964}', '\u{965}'];
    c.is_alphanumeric() || (('\u{900}'..='\u{dff}').contains(&c) && !DANDAS.contains(&c))
}
