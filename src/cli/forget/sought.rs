//! The person who is looked for: what is known of them, and how an event is compared with it.

use std::{borrow::Cow, collections::BTreeSet};

use clap::{Args, error::ErrorKind};

use crate::event::{Event, Person, searchable};

/// Shorter ids, names and numbers fit too much: the first two are looked for in texts as well.
const MIN_ID_CHARACTERS: usize = 3;
const MIN_NAME_CHARACTERS: usize = 2;
const MIN_PHONE_DIGITS: usize = 6;
/// So many digits of a number's end are looked for in texts, where the country code is often missing.
const NATIONAL_DIGITS: usize = 10;
/// From here on (Thai) there are scripts without spaces between words.
const SPACELESS: char = '\u{e00}';

/// What is known of a person.
#[derive(Args)]
pub(super) struct Known {
    /// Kaizala's id of the person; may be given several times.
    #[arg(long = "user-id", env = "KAIZALA_FORGET_USER_ID", value_name = "ID")]
    user_ids: Vec<String>,

    /// A phone number of the person, with the country code; may be given several times.
    #[arg(long = "phone", env = "KAIZALA_FORGET_PHONE", value_name = "NUMBER", allow_hyphen_values = true)]
    phones: Vec<String>,

    /// A name of the person, whole. Finds events that tell of a person by name alone, as rows of downloads do. Others may
    /// bear the same name. May be given several times.
    #[arg(long = "name", env = "KAIZALA_FORGET_NAME", value_name = "NAME")]
    names: Vec<String>,

    /// Read more ids, numbers and names from standard input, one a line: `user-id ID`, `phone NUMBER` or `name NAME`. Nobody
    /// can then be asked, so that --yes is needed. Other users of this machine can see arguments, but not this.
    #[arg(long, env = "KAIZALA_FORGET_STDIN")]
    stdin: bool,
}

/// By what a person was found, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    UserId,
    Phone,
    /// There is nothing else in the event by which to tell.
    NameAlone,
}

impl By {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::UserId => "user id",
            Self::Phone => "phone",
            Self::NameAlone => "name alone",
        }
    }
}

/// What is looked for, in the form in which it is compared.
pub(super) struct Sought {
    user_ids: BTreeSet<String>,
    /// Digits with the country code.
    phones: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Known {
    /// Takes all values together. Ends the process with a usage error, which quotes no value, if one is unfit or there is none.
    pub(super) fn sought(self) -> anyhow::Result<Sought> {
        let mut sought = Sought { user_ids: BTreeSet::new(), phones: BTreeSet::new(), names: BTreeSet::new() };
        let values = [("user-id", self.user_ids), ("phone", self.phones), ("name", self.names)];
        for (kind, values) in values {
            for value in values {
                sought.add(kind, &value).unwrap_or_else(|wrong| usage(&format!("--{kind}: {wrong}")));
            }
        }
        if self.stdin {
            for (number, line) in (1..).zip(std::io::stdin().lines()) {
                let line = line?;
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let (kind, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                sought
                    .add(kind, value)
                    .unwrap_or_else(|wrong| usage(&format!("standard input, line {number}: {wrong}")));
            }
        }
        if sought.counts() == [0; 3] {
            usage("whom? Give --user-id, --phone or --name, or --stdin");
        }
        Ok(sought)
    }
}

fn usage(what: &str) -> ! {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{what}\n")).exit()
}

impl Sought {
    fn add(&mut self, kind: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        match kind {
            "user-id" if value.chars().count() < MIN_ID_CHARACTERS => {
                Err(format!("an id has at least {MIN_ID_CHARACTERS} characters"))
            }
            "user-id" => {
                self.user_ids.insert(value.to_owned());
                Ok(())
            }
            "phone" => match digits(value) {
                Some(digits) if digits.len() >= MIN_PHONE_DIGITS => {
                    self.phones.insert(digits);
                    Ok(())
                }
                _ => Err(format!("a phone number has at least {MIN_PHONE_DIGITS} digits, and no letters")),
            },
            "name" => {
                let name = folded(value);
                let is_name = name.chars().count() >= MIN_NAME_CHARACTERS && name.contains(char::is_alphabetic);
                if !is_name {
                    return Err(format!("a name has at least {MIN_NAME_CHARACTERS} characters, and letters"));
                }
                self.names.insert(name);
                Ok(())
            }
            _ => Err("begin the line with user-id, phone or name".to_owned()),
        }
    }

    /// How many ids, numbers and names there are.
    pub(super) fn counts(&self) -> [usize; 3] {
        [self.user_ids.len(), self.phones.len(), self.names.len()]
    }

    /// What is looked for, none of it in full.
    pub(super) fn masked(&self) -> String {
        let kinds = [("user id", &self.user_ids), ("phone", &self.phones), ("name", &self.names)];
        let values = kinds
            .into_iter()
            .flat_map(|(kind, values)| values.iter().map(move |value| format!("{kind} {}", masked(value))));
        values.collect::<Vec<_>>().join(", ")
    }

    /// By what the person acts in an event or is its subject; `None` if they do and are not.
    pub(super) fn is_concerned_by(&self, event: &Event<'_>) -> Option<By> {
        let people = event.concerned();
        let is_only_named = people.iter().all(|person| person.user_id.is_none() && person.phone.is_none());
        people.iter().filter_map(|person| self.is(person, is_only_named)).min()
    }

    /// Whether the person with that id is the one, where a damaged event tells no more.
    pub(super) fn has_user_id(&self, id: &str) -> bool {
        self.user_ids.contains(id)
    }

    fn is(&self, person: &Person<'_>, is_only_named: bool) -> Option<By> {
        let Person { user_id, phone, name } = person;
        if user_id.as_deref().is_some_and(|id| self.user_ids.contains(id)) {
            return Some(By::UserId);
        }
        if phone.as_deref().and_then(digits).is_some_and(|digits| self.phones.contains(&digits)) {
            return Some(By::Phone);
        }
        let is_named = is_only_named && name.as_deref().is_some_and(|name| self.names.contains(&folded(name)));
        is_named.then_some(By::NameAlone)
    }

    /// Whether a body holds anything of what is looked for, anywhere.
    pub(super) fn is_in(&self, body: &[u8]) -> bool {
        let text = searchable(body);
        self.user_ids.iter().any(|id| text.contains(id.as_str())) || self.has_phone_in(&text) || self.has_name_in(&text)
    }

    fn has_phone_in(&self, text: &str) -> bool {
        if self.phones.is_empty() {
            return false;
        }
        let runs = runs_of_digits(text);
        self.phones.iter().any(|digits| runs.contains(&digits[digits.len().saturating_sub(NATIONAL_DIGITS)..]))
    }

    fn has_name_in(&self, text: &str) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let text = folded(text);
        self.names.iter().any(|name| text.match_indices(name.as_str()).any(|(at, _)| is_whole(&text, at, name)))
    }
}

/// Whether a name at some place of a text does not go on there as another one.
fn is_whole(text: &str, at: usize, name: &str) -> bool {
    let ends = |inside: Option<char>, outside: Option<char>| {
        let goes_on = |character: char| character.is_alphanumeric() && character < SPACELESS;
        !(inside.is_some_and(goes_on) && outside.is_some_and(goes_on))
    };
    ends(name.chars().next(), text[..at].chars().next_back())
        && ends(name.chars().next_back(), text[at + name.len()..].chars().next())
}

/// Lower case, with single spaces.
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The digits of a phone number without the prefix of international calls; `None` if it is not a number.
fn digits(phone: &str) -> Option<String> {
    if phone.contains(char::is_alphabetic) {
        return None;
    }
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").map_or(digits.clone(), str::to_owned);
    (!digits.is_empty()).then_some(digits)
}

/// All digits of a text, with what people put between those of a number left out, and everything else as a space.
fn runs_of_digits(text: &str) -> String {
    let mut runs = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' => runs.push(character),
            ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{2011}' => {}
            _ if runs.ends_with(' ') => {}
            _ => runs.push(' '),
        }
    }
    runs
}

/// The first and the last two characters of a long value, the first of a shorter one.
fn masked(value: &str) -> Cow<'_, str> {
    let characters: Vec<_> = value.chars().collect();
    let end = if characters.len() >= 8 { characters.len() - 2 } else { characters.len() };
    let start = if characters.len() >= 8 { 2 } else { 1 };
    let shown = |part: &[char]| part.iter().collect::<String>();
    format!("{}…{}", shown(&characters[..start]), shown(&characters[end..])).into()
}
