//! Rows of a CSV as they stand in the file, a few at a time.
//!
//! Not with a library: `="…"`, by which Kaizala kept spreadsheets from touching its times, is a quoted value to no CSV reader;
//! and none says in which line a quote went wrong, or goes on behind it.

use std::io::{self, Read};

use super::problem::RowProblem;

/// The longest row that is read.
pub(super) const LONGEST_ROW: usize = 1024 * 1024;
const CHUNK: usize = 256 * 1024;

/// The cells of a row, unquoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// In which line it begins; the first is 1.
    pub line: u64,
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl Record {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell; one that is not there is empty.
    pub fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or(self.text.len()) };
        self.ends.get(at).map_or("", |end| &self.text[start..*end])
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Whether nothing is written in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Adds what follows a line break within the last cell.
    pub(super) fn continue_with(&mut self, next: &Self) {
        self.ends.pop();
        self.text.push('\n');
        let offset = self.text.len();
        self.text.push_str(&next.text);
        self.ends.extend(next.ends.iter().map(|end| end + offset));
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// Reads rows.
pub(super) struct Records<R> {
    from: R,
    separator: u8,
    buffer: Vec<u8>,
    at: usize,
    is_end: bool,
    line: u64,
}

/// What the bytes of a row are.
enum Parsed {
    /// A row of that many bytes.
    Row(usize),
    /// It goes on behind them.
    More,
    Wrong,
}

impl<R: Read> Records<R> {
    pub(super) fn new(from: R, separator: u8) -> Self {
        Self { from, separator, buffer: Vec::new(), at: 0, is_end: false, line: 1 }
    }

    /// The next row, or what is wrong with it, with its line; `None` at the end. An empty line is a row of one empty cell.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<Record, (u64, RowProblem)>>> {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        if self.line == 1 && self.at == 0 && self.buffer.is_empty() {
            while self.buffer.len() < 3 && !self.is_end {
                self.fill()?;
            }
            self.at = if self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        }
        loop {
            let rest = &self.buffer[self.at..];
            if rest.is_empty() && self.is_end {
                return Ok(None);
            }
            text.clear();
            ends.clear();
            match parse(rest, self.separator, self.is_end, &mut text, &mut ends) {
                Parsed::Row(length) if length <= LONGEST_ROW => {
                    let line = self.line;
                    self.pass(length);
                    // Halves of a character in two cells are not one.
                    let text =
                        String::from_utf8(text).ok().filter(|text| ends.iter().all(|end| text.is_char_boundary(*end)));
                    let record = text.map(|text| Record { line, text, ends });
                    return Ok(Some(record.ok_or((line, RowProblem::NotUtf8))));
                }
                Parsed::More if rest.len() <= LONGEST_ROW => self.fill()?,
                parsed => {
                    let problem = if matches!(parsed, Parsed::Wrong) { RowProblem::Quote } else { RowProblem::TooLong };
                    let line = self.line;
                    self.skip_line()?;
                    return Ok(Some(Err((line, problem))));
                }
            }
        }
    }

    /// The line that is read next.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Goes on behind the next line break: what is wrong in a row may have swallowed rows that are not.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(offset) = memchr::memchr(b'\n', &self.buffer[self.at..]) {
                self.pass(offset + 1);
                return Ok(());
            }
            self.at = self.buffer.len();
            if self.is_end {
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn pass(&mut self, length: usize) {
        let passed = &self.buffer[self.at..self.at + length];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at += length;
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let read = (&mut self.from).take(CHUNK as u64).read_to_end(&mut self.buffer)?;
        self.is_end = read < CHUNK;
        Ok(())
    }
}

/// Reads the row that `bytes` begin with.
fn parse(bytes: &[u8], separator: u8, is_end: bool, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> Parsed {
    let mut at = 0;
    loop {
        let opening = match &bytes[at..] {
            [b'"', ..] => 1,
            [b'=', b'"', ..] => 2,
            [] | [b'='] if !is_end => return Parsed::More,
            _ => 0,
        };
        let start = text.len();
        if opening == 0 {
            let length = match memchr::memchr2(separator, b'\n', &bytes[at..]) {
                Some(length) => length,
                None if is_end => bytes.len() - at,
                None => return Parsed::More,
            };
            let cell = &bytes[at..at + length];
            let is_last = bytes.get(at + length) != Some(&separator);
            text.extend_from_slice(cell.strip_suffix(b"\r").filter(|_| is_last).unwrap_or(cell));
            at += length;
        } else {
            at += opening;
            loop {
                let Some(length) = memchr::memchr(b'"', &bytes[at..]) else {
                    return if is_end { Parsed::Wrong } else { Parsed::More };
                };
                text.extend_from_slice(&bytes[at..at + length]);
                at += length + 1;
                match bytes.get(at) {
                    Some(b'"') => {
                        text.push(b'"');
                        at += 1;
                    }
                    None if !is_end => return Parsed::More,
                    _ => break,
                }
            }
            one_line_break(text, start);
            match &bytes[at..] {
                [b'\r', b'\n', ..] => at += 1,
                [b'\r'] if is_end => at += 1,
                [b'\r'] => return Parsed::More,
                _ => {}
            }
        }
        ends.push(text.len());
        match bytes.get(at) {
            None => return Parsed::Row(at),
            Some(b'\n') => return Parsed::Row(at + 1),
            Some(next) if *next == separator => at += 1,
            Some(_) => return Parsed::Wrong,
        }
        if at == bytes.len() && is_end {
            // A separator was the last byte: an empty cell follows.
            ends.push(text.len());
            return Parsed::Row(at);
        }
    }
}

/// Makes one kind of line break of two in the cell that begins at `start`: programs that save a file choose theirs.
fn one_line_break(text: &mut Vec<u8>, start: usize) {
    if memchr::memchr(b'\r', &text[start..]).is_none() {
        return;
    }
    let cell = text.split_off(start);
    let mut bytes = cell.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\r' || bytes.peek() != Some(&b'\n') {
            text.push(byte);
        }
    }
}
