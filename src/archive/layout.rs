//! Of which format a file is, told by its header, and where in a row what stands.

use super::record::Record;
use crate::event::{
    ImportedType,
    imported::{GROUP_NAME, MESSAGE_ID, MESSAGE_TYPE, RESPONDER_NAME, ReportColumn, SENDER, STORED_AT, TIMESTAMP},
};

/// What separates values, the usual first.
pub(super) const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];

/// The columns of a file of a known format.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What its rows are.
    pub(super) imported: ImportedType,
    pub(super) separator: u8,
    /// The names of the columns that have one, in order.
    pub(super) titles: Vec<String>,
    /// Where in a row the cell of each of these is.
    pub(super) places: Vec<usize>,
    /// What each of these holds, in a card report.
    pub(super) columns: Vec<ReportColumn>,
    /// How many columns the header has, those without a name included.
    width: usize,
}

impl Layout {
    /// The layout that a header stands for: `None` if it is that of another format.
    pub(super) fn of_header(header: &Record, separator: u8) -> Option<Self> {
        let fixed = [RESPONDER_NAME, GROUP_NAME, TIMESTAMP, MESSAGE_ID, SENDER, MESSAGE_TYPE, STORED_AT];
        // What is not a fixed name is a question, and part of what identifies a row, as it is.
        let title = |at: usize| match header.get(at).trim() {
            trimmed if fixed.contains(&trimmed) || trimmed.ends_with("(UTC)") => trimmed,
            _ => header.get(at),
        };
        let has = |name: &str| (0..header.len()).any(|at| title(at) == name);
        let imported = if title(0) == RESPONDER_NAME && title(1) == GROUP_NAME {
            ImportedType::Response
        } else if has(TIMESTAMP) && has(MESSAGE_ID) && (has(GROUP_NAME) || has(SENDER)) {
            ImportedType::Message
        } else {
            return None;
        };
        let places: Vec<_> = (0..header.len()).filter(|at| !title(*at).trim().is_empty()).collect();
        let titles: Vec<_> = places.iter().map(|at| title(*at).to_owned()).collect();
        let columns = match imported {
            ImportedType::Response => ReportColumn::all(&titles),
            ImportedType::Message => Vec::new(),
        };
        Some(Self { imported, separator, titles, places, columns, width: header.len() })
    }

    /// What its rows are.
    pub fn imported(&self) -> ImportedType {
        self.imported
    }

    /// How many cells a row has to have: columns without a name may be left out at the end.
    pub(super) fn needed(&self) -> usize {
        self.places.last().map_or(0, |last| last + 1)
    }

    /// Whether a row has a cell for each column, and what it has besides is empty.
    pub(super) fn fits(&self, row: &Record) -> bool {
        row.len() >= self.needed() && (self.width..row.len()).all(|at| row.get(at).is_empty())
    }

    /// How many cells a row may have.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The first cell of that name.
    pub(super) fn cell<'r>(&self, row: &'r Record, name: &str) -> Option<&'r str> {
        let at = self.titles.iter().position(|title| title == name)?;
        Some(row.get(self.places[at]))
    }
}
