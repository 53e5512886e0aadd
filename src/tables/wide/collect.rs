//! Picks out of the rows of an export what belongs to cards.

use std::{io, sync::PoisonError};

use super::{
    WideTables,
    card::Card,
    heaps::Filling,
    record::{RecordWriter, Value},
};
use crate::{
    event::Timestamp,
    tables::{
        column::Column,
        read::RowSink,
        schema::{AnswerRow, Row, Table},
    },
};

/// The column that a table of latest responses has no use for.
const IS_LATEST: &str = "is_latest";

/// The columns of `responses` with which a wide table begins.
pub(super) fn response_columns() -> impl Iterator<Item = &'static Column> {
    Table::Responses.columns().iter().filter(|column| column.name != IS_LATEST)
}

/// Takes rows, and puts what belongs to cards on disk.
pub(in crate::tables) struct Collector<'a> {
    tables: &'a WideTables,
    filling: Filling<'a>,
    /// What the rows of the current event have made so far.
    record: Option<RecordWriter>,
    /// The position of the last question.
    position: Option<i64>,
    failure: Option<io::Error>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(tables: &'a WideTables) -> Self {
        Self { tables, filling: tables.heaps.filling(), record: None, position: None, failure: None }
    }

    /// Fails if a row could not be put on disk.
    pub(in crate::tables) fn check(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Puts away what is left.
    pub(in crate::tables) fn finish(mut self) -> io::Result<()> {
        self.put_away();
        self.check()?;
        self.filling.finish()
    }

    fn put_away(&mut self) {
        self.position = None;
        if let Some(mut record) = self.record.take() {
            let card = std::mem::take(&mut record.card);
            if let Err(error) = self.filling.put(&card, &record.into_bytes()) {
                self.failure.get_or_insert(error);
            }
        }
    }

    /// Begins the record of an event, if its card is wanted.
    fn begin(&mut self, card: &Card<'_>, received_at: Timestamp, title: Option<&str>) {
        self.put_away();
        let wanted = &self.tables.wanted;
        if !wanted.is_empty() {
            let Some(id) = card.id().filter(|id| wanted.contains(*id)) else { return };
            let mut seen = self.tables.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if !seen.contains(id) {
                seen.insert(id.to_owned());
            }
        }
        self.record = Some(RecordWriter::of_card(card.to_bytes(), received_at, title));
    }
}

impl RowSink for Collector<'_> {
    fn row(&mut self, row: &Row<'_>) {
        match row {
            Row::Actions(action) => {
                let card = Card::of(action.action_id.as_deref(), action.package_id.as_deref());
                self.begin(&card, action.origin.received_at, action.title.as_deref());
            }
            Row::Questions(question) => {
                if let Some(record) = &mut self.record {
                    let position = question.position.unwrap_or_default();
                    record.question(position, question.title.as_deref(), question.r#type.as_deref());
                }
            }
            Row::Responses(response) if response.is_latest == Some(true) => {
                let card = Card::of(response.action_id.as_deref(), response.package_id.as_deref());
                self.begin(&card, response.origin.received_at, None);
                if let Some(record) = &mut self.record {
                    row.each_cell(|column, cell| {
                        if column.name != IS_LATEST {
                            record.response_cell(cell);
                        }
                    });
                }
            }
            Row::Events(_) | Row::Quarantine(_) | Row::Responses(_) => self.put_away(),
            Row::Answers(answer) => {
                let Some(record) = &mut self.record else { return };
                if self.position != answer.question_position {
                    self.position = answer.question_position;
                    let position = answer.question_position.unwrap_or_default();
                    record.question(position, answer.question_title.as_deref(), answer.question_type.as_deref());
                }
                if answer.answer_position.is_some() {
                    record.value(&value(answer));
                }
            }
            _ => {}
        }
    }
}

/// The cells of a row of `answers` that hold its value.
fn value<'a>(answer: &'a AnswerRow<'_>) -> Value<'a> {
    Value {
        text: answer.answer_text.as_deref(),
        json: answer.answer_json.as_deref(),
        number: answer.answer_number,
        time: answer.answer_time,
        latitude: answer.latitude,
        longitude: answer.longitude,
        place: answer.place.as_deref(),
        url: answer.media_url.as_deref(),
        file_name: answer.media_file_name.as_deref(),
    }
}
