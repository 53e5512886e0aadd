//! What waits on disk of an event that belongs to a card.
//!
//! A record is its card, the time of the event, the card's title, the cells of the response if it is one, and its questions, each
//! followed by the values of its answer. It is written cell by cell while the rows of the event come.

use std::io;

use crate::{event::Timestamp, tables::column::Cell};

/// A record that is being written.
#[derive(Default)]
pub(super) struct RecordWriter {
    /// The card's bytes.
    pub(super) card: Vec<u8>,
    bytes: Vec<u8>,
    /// How many columns the response has; none if it is a card that was sent.
    cells: u32,
    head: Vec<u8>,
}

/// A record.
pub(super) struct Record<'a> {
    /// When the event arrived.
    pub(super) received_at: Timestamp,
    /// The card's title, if the event says it.
    pub(super) title: Option<&'a str>,
    /// The cells of the response.
    pub(super) response: Option<Vec<Cell<'a>>>,
    /// Its questions, in their order.
    pub(super) questions: Vec<Asked<'a>>,
}

/// A question, with the values of its answer.
pub(super) struct Asked<'a> {
    pub(super) position: i64,
    pub(super) title: Option<&'a str>,
    pub(super) question_type: Option<&'a str>,
    pub(super) values: Vec<Value<'a>>,
}

/// A value of an answer, as a row of `answers` has it.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: Option<&'a str>,
    pub(super) json: Option<&'a str>,
    pub(super) number: Option<f64>,
    pub(super) time: Option<Timestamp>,
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
    pub(super) place: Option<&'a str>,
    pub(super) url: Option<&'a str>,
    pub(super) file_name: Option<&'a str>,
}

const QUESTION: u8 = b'q';
const VALUE: u8 = b'v';

/// What was put on disk is not what is there now.
pub(super) fn damaged() -> io::Error {
    io::Error::other("what was put on disk is not what is there now")
}

impl RecordWriter {
    /// A record of a card that was sent.
    pub(super) fn of_card(card: Vec<u8>, received_at: Timestamp, title: Option<&str>) -> Self {
        let mut writer = Self { card, ..Self::default() };
        put(&mut writer.head, Cell::Time(received_at));
        put(&mut writer.head, title.map_or(Cell::Null, Cell::Text));
        writer
    }

    /// Adds a column of the response.
    pub(super) fn response_cell(&mut self, cell: Cell<'_>) {
        self.cells += 1;
        put(&mut self.bytes, cell);
    }

    /// Adds a question.
    pub(super) fn question(&mut self, position: i64, title: Option<&str>, question_type: Option<&str>) {
        self.bytes.push(QUESTION);
        for cell in [Cell::Integer(position), text(title), text(question_type)] {
            put(&mut self.bytes, cell);
        }
    }

    /// Adds a value of the answer to the last question.
    pub(super) fn value(&mut self, value: &Value<'_>) {
        self.bytes.push(VALUE);
        for cell in [
            text(value.text),
            text(value.json),
            number(value.number),
            value.time.map_or(Cell::Null, Cell::Time),
            number(value.latitude),
            number(value.longitude),
            text(value.place),
            text(value.url),
            text(value.file_name),
        ] {
            put(&mut self.bytes, cell);
        }
    }

    /// The record as bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        [&self.head[..], &self.cells.to_le_bytes(), &self.bytes].concat()
    }
}

fn text(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, Cell::Text)
}

fn number<'a>(number: Option<f64>) -> Cell<'a> {
    number.map_or(Cell::Null, Cell::Number)
}

impl<'a> Record<'a> {
    /// The record that these bytes were made of.
    pub(super) fn of_bytes(bytes: &'a [u8]) -> Option<Self> {
        let mut cells = Cells(bytes);
        let (Cell::Time(received_at), title) = (cells.next()?, cells.text()?) else { return None };
        let count = u32::from_le_bytes(*cells.take()?);
        let response = (0..count).map(|_| cells.next()).collect::<Option<Vec<_>>>()?;
        let mut questions = Vec::<Asked<'_>>::new();
        while let Some((tag, rest)) = cells.0.split_first() {
            cells.0 = rest;
            if *tag == QUESTION {
                let Cell::Integer(position) = cells.next()? else { return None };
                let (title, question_type) = (cells.text()?, cells.text()?);
                questions.push(Asked { position, title, question_type, values: Vec::new() });
            } else {
                let value = Value {
                    text: cells.text()?,
                    json: cells.text()?,
                    number: cells.number()?,
                    time: match cells.next()? {
                        Cell::Time(time) => Some(time),
                        _ => None,
                    },
                    latitude: cells.number()?,
                    longitude: cells.number()?,
                    place: cells.text()?,
                    url: cells.text()?,
                    file_name: cells.text()?,
                };
                questions.last_mut()?.values.push(value);
            }
        }
        let response = (count > 0).then_some(response);
        Some(Self { received_at, title, response, questions })
    }
}

fn put(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Null => out.push(0),
        Cell::Text(text) => {
            out.push(1);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Cell::Integer(number) => put_number(out, 2, number.to_le_bytes()),
        Cell::Number(number) => put_number(out, 3, number.to_le_bytes()),
        Cell::Time(time) => put_number(out, 4, time.epoch_millis().to_le_bytes()),
        Cell::Boolean(false) => out.push(5),
        Cell::Boolean(true) => out.push(6),
        Cell::LocalTime(time) => put_number(out, 7, time.to_le_bytes()),
        Cell::LocalDay(day) => put_number(out, 8, day.to_le_bytes()),
    }
}

fn put_number(out: &mut Vec<u8>, tag: u8, number: [u8; 8]) {
    out.push(tag);
    out.extend_from_slice(&number);
}

/// The value of a cell, which may be null.
type Maybe<T> = Option<T>;

/// Cells that were not read yet.
struct Cells<'a>(&'a [u8]);

impl<'a> Cells<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn next(&mut self) -> Option<Cell<'a>> {
        let [tag] = *self.take()?;
        Some(match tag {
            0 => Cell::Null,
            1 => {
                let length = usize::try_from(u64::from_le_bytes(*self.take()?)).ok()?;
                let (text, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Cell::Text(str::from_utf8(text).ok()?)
            }
            2 => Cell::Integer(i64::from_le_bytes(*self.take()?)),
            3 => Cell::Number(f64::from_le_bytes(*self.take()?)),
            4 => Cell::Time(Timestamp::from_epoch_millis(i64::from_le_bytes(*self.take()?))?),
            5 => Cell::Boolean(false),
            6 => Cell::Boolean(true),
            7 => Cell::LocalTime(i64::from_le_bytes(*self.take()?)),
            8 => Cell::LocalDay(i64::from_le_bytes(*self.take()?)),
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Maybe<f64>> {
        match self.next()? {
            Cell::Number(number) => Some(Some(number)),
            Cell::Null => Some(None),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<Maybe<&'a str>> {
        match self.next()? {
            Cell::Text(text) => Some(Some(text)),
            Cell::Null => Some(None),
            _ => None,
        }
    }
}
