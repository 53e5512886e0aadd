//! Rows with a cell for each column, put together where line breaks that nothing quotes have cut them.

use std::io::{self, Read};

use super::{
    cell,
    layout::Layout,
    problem::RowProblem,
    record::{LONGEST_ROW, Record, Records},
};
use crate::event::{ImportedType, imported::TIMESTAMP};

/// A row, or what is wrong with it, with its line.
pub(super) type Cells = Result<Record, (u64, RowProblem)>;

/// Reads the rows behind a header.
pub(super) struct Rows<'l, R> {
    records: Records<R>,
    layout: &'l Layout,
    /// What was read last; the next line may belong to it.
    held: Option<Record>,
    /// What is wrong with what comes behind it.
    problem: Option<(u64, RowProblem)>,
    /// Why nothing comes behind it.
    failure: Option<io::Error>,
}

impl<'l, R: Read> Rows<'l, R> {
    pub(super) fn new(from: R, layout: &'l Layout) -> io::Result<Self> {
        let mut records = Records::new(from, layout.separator);
        // The header, which was read before; behind empty lines.
        while let Some(record) = records.next()? {
            if record.is_ok_and(|record| !record.is_blank()) {
                break;
            }
        }
        Ok(Self { records, layout, held: None, problem: None, failure: None })
    }

    /// The line that is read next.
    pub(super) fn line(&self) -> u64 {
        self.records.line()
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Cells>> {
        if let Some(problem) = self.problem.take() {
            return Ok(Some(Err(problem)));
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        loop {
            let next = match self.records.next() {
                Ok(Some(Ok(next))) => next,
                Ok(Some(Err(problem))) => {
                    let Some(held) = self.held.take() else { return Ok(Some(Err(problem))) };
                    self.problem = Some(problem);
                    return Ok(Some(self.finished(held)));
                }
                Ok(None) => return Ok(self.held.take().map(|held| self.finished(held))),
                Err(failure) => {
                    let Some(held) = self.held.take() else { return Err(failure) };
                    self.failure = Some(failure);
                    return Ok(Some(self.finished(held)));
                }
            };
            let Some(mut held) = self.held.take() else {
                self.held = (!is_empty_line(&next)).then_some(next);
                continue;
            };
            let held_fits = self.layout.fits(&held);
            if held_fits && is_empty_line(&next) {
                self.held = Some(held);
                continue;
            }
            if self.begins_row(&next, held_fits) {
                self.held = Some(next);
                return Ok(Some(self.finished(held)));
            }
            let joined = held.len() + next.len() - 1;
            if joined > self.layout.width() || held.bytes() + next.bytes() > LONGEST_ROW {
                self.held = Some(next);
                return Ok(Some(self.finished(held)));
            }
            held.continue_with(&next);
            self.held = Some(held);
        }
    }

    /// Whether a line is the beginning of a row, and not the rest of a value of the one before it, which is complete or not.
    fn begins_row(&self, next: &Record, is_complete: bool) -> bool {
        match self.layout.imported {
            // What is last in a card report is a time, which no line break is in.
            ImportedType::Response => is_complete || self.layout.fits(next),
            ImportedType::Message => self.layout.cell(next, TIMESTAMP).and_then(cell::time).is_some(),
        }
    }

    fn finished(&self, row: Record) -> Cells {
        if self.layout.fits(&row) {
            return Ok(row);
        }
        Err((row.line, RowProblem::Cells { found: row.len(), wanted: self.layout.needed() }))
    }
}

fn is_empty_line(record: &Record) -> bool {
    record.len() == 1 && record.get(0).is_empty()
}
