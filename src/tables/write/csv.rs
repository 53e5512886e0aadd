//! CSV after RFC 4180, safe to open in a spreadsheet.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use super::{Field, TableWriter};
use crate::tables::{
    batch::Batch,
    column::Cell,
    zone::{LocalDay, LocalTime},
};

/// Writes a table as CSV: UTF-8, lines end with CR LF, null and the empty text are both an empty field.
pub(super) struct CsvWriter {
    lines: csv::Writer<BufWriter<File>>,
    field: Vec<u8>,
}

impl CsvWriter {
    /// With a byte order mark, Excel takes the file for UTF-8.
    pub(super) fn new(fields: &[Field], byte_order_mark: bool, file: File) -> io::Result<Self> {
        let mut file = BufWriter::new(file);
        if byte_order_mark {
            file.write_all("\u{feff}".as_bytes())?;
        }
        let mut lines = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        lines.write_record(fields.iter().map(|field| &field.name))?;
        Ok(Self { lines, field: Vec::new() })
    }
}

impl TableWriter for CsvWriter {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        batch.each_row(|cells| {
            for cell in cells {
                self.field.clear();
                match cell {
                    Cell::Null => {}
                    Cell::Text(text) => {
                        if is_formula(text) {
                            self.field.push(b'\'');
                        }
                        self.field.extend_from_slice(text.as_bytes());
                    }
                    Cell::Integer(number) => write!(self.field, "{number}")?,
                    Cell::Number(number) => write!(self.field, "{number}")?,
                    Cell::Boolean(flag) => write!(self.field, "{flag}")?,
                    Cell::Time(time) => write!(self.field, "{time}")?,
                    Cell::LocalTime(time) => write!(self.field, "{}", LocalTime(*time))?,
                    Cell::LocalDay(day) => write!(self.field, "{}", LocalDay(*day))?,
                }
                self.lines.write_field(&self.field)?;
            }
            self.lines.write_record(None::<&[u8]>).map_err(io::Error::from)
        })
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.lines.flush()
    }
}

/// What a spreadsheet may take for the beginning of a formula: the ASCII signs, their full-width forms, which East Asian
/// versions treat the same, and the white space that some of them skip.
const FORMULA_STARTS: [char; 11] =
    ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\t', '\r', '\n'];

/// Whether a spreadsheet may take the text for a formula and compute it: then an apostrophe goes in front, which tells
/// spreadsheets to take it for text. Phone numbers and numbers begin in the same way, and stay as they are.
fn is_formula(text: &str) -> bool {
    let suspicious = text.starts_with(FORMULA_STARTS);
    let is_phone = || text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let is_number = || {
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
            && text.parse::<f64>().is_ok()
    };
    suspicious && !is_phone() && !is_number()
}
