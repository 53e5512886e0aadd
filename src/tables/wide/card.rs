//! Which card a response belongs to, and what the card's file is called.

use crate::event::Sha256Digest;

/// The longest id that is the name of a file as it is.
const MAX_STEM: usize = 80;
/// Names of devices on Windows, which no file can have there whatever its ending.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// What a response answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Card<'a> {
    /// An action.
    Action(&'a str),
    /// An action package: the event does not say of which action.
    Package(&'a str),
    /// The event says neither.
    Unnamed,
}

impl<'a> Card<'a> {
    pub(super) fn of(action_id: Option<&'a str>, package_id: Option<&'a str>) -> Self {
        match (action_id, package_id) {
            (Some(action), _) => Self::Action(action),
            (None, Some(package)) => Self::Package(package),
            (None, None) => Self::Unnamed,
        }
    }

    /// The id of the action or the package.
    pub(super) fn id(&self) -> Option<&'a str> {
        match *self {
            Self::Action(id) | Self::Package(id) => Some(id),
            Self::Unnamed => None,
        }
    }

    /// What tells it from all others.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (kind, id) = match *self {
            Self::Action(id) => (b'a', id),
            Self::Package(id) => (b'p', id),
            Self::Unnamed => (b'u', ""),
        };
        [&[kind], id.as_bytes()].concat()
    }

    /// The card that [`to_bytes`](Self::to_bytes) has made these bytes of.
    pub(super) fn of_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (kind, id) = bytes.split_first()?;
        let id = str::from_utf8(id).ok()?;
        match kind {
            b'a' => Some(Self::Action(id)),
            b'p' => Some(Self::Package(id)),
            b'u' => Some(Self::Unnamed),
            _ => None,
        }
    }

    /// The name of its file without the ending. An action's id as it is if any file system takes it and it has no `_`;
    /// otherwise as much of the id as is harmless, `_`, and a digest, so that no two cards have the same.
    pub(super) fn file_stem(&self) -> String {
        match *self {
            Self::Action(id) if is_harmless(id) => id.to_owned(),
            _ => {
                let name = self.id().unwrap_or("unnamed");
                let harmless = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
                let name: String = name.chars().take(MAX_STEM / 2).map(harmless).collect();
                let digest = Sha256Digest::of(&self.to_bytes()).to_string();
                format!("{}_{}", name.trim_matches('-'), &digest[..32])
            }
        }
    }

    /// What its table has a row for.
    pub(super) fn description(&self) -> String {
        let rows = "One row per response in its latest version";
        match self {
            Self::Action(id) => format!("{rows}, of the action {id}."),
            Self::Package(id) => format!("{rows}, of the action package {id} where the event names no action."),
            Self::Unnamed => format!("{rows}, where the event names neither action nor action package."),
        }
    }
}

fn is_harmless(id: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let stem = id.split('.').next().unwrap_or_default();
    let is_port = (stem.starts_with("com") || stem.starts_with("lpt")) && stem.len() == 4;
    (1..=MAX_STEM).contains(&id.len())
        && id.bytes().all(|byte| is_letter(byte) || matches!(byte, b'-' | b'.'))
        && id.bytes().next().is_some_and(is_letter)
        && id.bytes().last().is_some_and(is_letter)
        && !DEVICES.contains(&stem)
        && !is_port
}
