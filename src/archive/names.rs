//! Which id a group has, from a list: made by hand (`name,id`), or an activity report of the portal.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{
    archive_file::header,
    layout::SEPARATORS,
    record::{Record, Records},
};

/// What the column of names is called, and that of ids.
const NAME: [&str; 3] = ["name", "Group Name", "groupName"];
const ID: [&str; 3] = ["id", "Group id", "groupId"];

/// Ids of groups by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupIds(BTreeMap<String, String>);

/// Why a list of groups cannot be used.
#[derive(Debug)]
pub enum GroupIdsError {
    /// The file cannot be read.
    File(PathBuf, io::Error),
    /// Its header has no columns for name and id.
    Header(PathBuf),
    /// A line has no name or no id, or is not a row.
    Line(PathBuf, u64, String),
    /// A name has two ids: archives know groups by name alone.
    TwoIds(PathBuf, u64),
}

impl fmt::Display for GroupIdsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, _) => write!(f, "{} cannot be read", path.display()),
            Self::Header(path) => {
                write!(
                    f,
                    "{}: the first line has no columns `name` and `id`, nor `Group Name` and `Group id`",
                    path.display()
                )
            }
            Self::Line(path, line, what) => write!(f, "{} line {line}: {what}", path.display()),
            Self::TwoIds(path, line) => write!(
                f,
                "{} line {line}: the group of this name has another id further up; an archive does not tell which is meant: \
                 leave one of them",
                path.display()
            ),
        }
    }
}

impl std::error::Error for GroupIdsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, source) => Some(source),
            _ => None,
        }
    }
}

impl GroupIds {
    /// Reads a list.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not one of the list.
    pub fn read(path: &Path) -> Result<Self, GroupIdsError> {
        let failed = |error| GroupIdsError::File(path.to_owned(), error);
        let bytes = std::fs::read(path).map_err(failed)?;
        let found = SEPARATORS.into_iter().find_map(|separator| {
            let header = header(&bytes, separator)?;
            let column = |names: [&str; 3]| {
                (0..header.len()).find(|at| names.iter().any(|name| header.get(*at).trim().eq_ignore_ascii_case(name)))
            };
            Some((separator, column(NAME)?, column(ID)?))
        });
        let (separator, name, id) = found.ok_or_else(|| GroupIdsError::Header(path.to_owned()))?;
        let mut records = Records::new(File::open(path).map_err(failed)?, separator);
        let mut ids = BTreeMap::new();
        let mut is_header = true;
        while let Some(record) = records.next().map_err(failed)? {
            let wrong = |line, what: &str| GroupIdsError::Line(path.to_owned(), line, what.to_owned());
            let record: Record = record.map_err(|(line, problem)| wrong(line, &problem.to_string()))?;
            if record.is_blank() || std::mem::take(&mut is_header) {
                continue;
            }
            let (name, id) = (record.get(name), record.get(id).trim());
            if name.trim().is_empty() || id.is_empty() {
                return Err(wrong(record.line, "it has no name or no id"));
            }
            if ids.insert(name.to_owned(), id.to_owned()).is_some_and(|known| known != id) {
                return Err(GroupIdsError::TwoIds(path.to_owned(), record.line));
            }
        }
        Ok(Self(ids))
    }

    /// The id of a group.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
