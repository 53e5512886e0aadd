//! A row becomes an event: what identifies it, and its body.

use super::{cell, layout::Layout, problem::RowProblem, record::Record};
use crate::event::{
    Event, ImportedType, Sha256Digest, Timestamp,
    imported::{GROUP_NAME, MESSAGE_ID, RESPONDER_NAME, ReportColumn, SENDER, TIMESTAMP, group_of_name},
};

/// Longer ids and names are tried on a real key.
const SURELY_FITS: usize = 256;

/// An event that a row stands for.
#[derive(Clone, Debug)]
pub struct ImportedEvent {
    /// What it is.
    pub imported: ImportedType,
    /// Identifies it: a message's own id, else a digest, the same in every copy of the row.
    pub event_id: String,
    /// The name of the group; may be empty. No row tells its id.
    pub group_name: String,
    /// When Kaizala's server received it; `None` if the row does not say.
    pub received_at: Option<Timestamp>,
    /// Who answered or sent it, by name or number. Personal data.
    who: String,
    /// The row as JSON by column name.
    data: String,
}

impl ImportedEvent {
    /// The body of the event in a group.
    pub fn body(&self, group_id: &str) -> String {
        let mut body = String::with_capacity(self.data.len() + 512);
        body.push_str("{\"eventId\":");
        push_string(&mut body, &self.event_id);
        body.push_str(",\"eventType\":\"");
        body.push_str(self.imported.name());
        body.push_str("\",\"groupId\":");
        push_string(&mut body, group_id);
        if !self.who.is_empty() {
            body.push_str(if is_phone_number(&self.who) { ",\"fromUser\":" } else { ",\"fromUserName\":" });
            push_string(&mut body, &self.who);
        }
        body.push_str(",\"data\":");
        body.push_str(&self.data);
        body.push('}');
        body
    }

    /// Tells apart the versions of an event.
    pub(super) fn content(&self) -> Sha256Digest {
        Sha256Digest::of(self.data.as_bytes())
    }
}

/// Senders may be known by a number alone.
fn is_phone_number(who: &str) -> bool {
    let digits = who.strip_prefix('+').unwrap_or(who);
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Layout {
    /// The event that a row stands for.
    ///
    /// # Errors
    /// When a time is not one, or a key would be too long.
    pub fn event(&self, row: &Record) -> Result<ImportedEvent, RowProblem> {
        let event = match self.imported {
            ImportedType::Response => self.response(row)?,
            ImportedType::Message => self.message(row)?,
        };
        if event.event_id.len() > SURELY_FITS || event.group_name.len() > SURELY_FITS {
            let body = event.body(&group_of_name(&event.group_name));
            Event::parse(body.as_bytes()).map_err(RowProblem::Event)?;
        }
        Ok(event)
    }

    fn response(&self, row: &Record) -> Result<ImportedEvent, RowProblem> {
        let (mut response, mut receipt) = (None, None);
        let data = self.data(|at, out| {
            let text = row.get(self.places[at]);
            match self.columns[at] {
                ReportColumn::ResponseTime => response = self.time(at, text, out)?,
                ReportColumn::ReceiptTime => receipt = self.time(at, text, out)?,
                ReportColumn::Time => {
                    let text = unguarded(text);
                    match cell::time(text) {
                        Some(time) => push_string(out, &time.to_string()),
                        None => push_string(out, text),
                    }
                }
                ReportColumn::Latitude | ReportColumn::Longitude => {
                    match cell::degrees(text, self.separator).and_then(serde_json::Number::from_f64) {
                        Some(degrees) => out.push_str(&degrees.to_string()),
                        None => push_string(out, text),
                    }
                }
                _ => push_string(out, text),
            }
            Ok(())
        })?;
        let text = |name| self.cell(row, name).unwrap_or_default().to_owned();
        let (who, group_name) = (text(RESPONDER_NAME), text(GROUP_NAME));
        let event_id = if response.is_none() && receipt.is_none() {
            self.digest_of_cells(row)
        } else {
            let mut identity = "{\"columns\":".to_owned();
            push_list(&mut identity, self.titles.iter().map(String::as_str));
            identity.push_str(",\"group\":");
            push_string(&mut identity, &group_name);
            identity.push_str(",\"name\":");
            push_string(&mut identity, &who);
            for (name, time) in [(",\"receipt\":", receipt), (",\"response\":", response)] {
                identity.push_str(name);
                match time {
                    Some(time) => push_string(&mut identity, &time.to_string()),
                    None => identity.push_str("null"),
                }
            }
            identity.push('}');
            Sha256Digest::of(identity.as_bytes()).to_string()
        };
        Ok(ImportedEvent { imported: self.imported, event_id, group_name, received_at: receipt, who, data })
    }

    fn message(&self, row: &Record) -> Result<ImportedEvent, RowProblem> {
        let mut sent = None;
        let timestamp = self.titles.iter().position(|title| title == TIMESTAMP);
        let data = self.data(|at, out| {
            let text = row.get(self.places[at]);
            if Some(at) == timestamp {
                sent = self.time(at, text, out)?;
            } else {
                push_string(out, text);
            }
            Ok(())
        })?;
        let text = |name| self.cell(row, name).unwrap_or_default();
        let event_id = match text(MESSAGE_ID) {
            id if id.trim().is_empty() => self.digest_of_cells(row),
            id => id.to_owned(),
        };
        let (who, group_name) = (text(SENDER).to_owned(), text(GROUP_NAME).to_owned());
        // The service's own time of the message, and the only one there is.
        Ok(ImportedEvent { imported: self.imported, event_id, group_name, received_at: sent, who, data })
    }

    /// The row as JSON, with each value written by `value`.
    fn data(&self, mut value: impl FnMut(usize, &mut String) -> Result<(), RowProblem>) -> Result<String, RowProblem> {
        let mut data = String::with_capacity(1024);
        for (at, title) in self.titles.iter().enumerate() {
            data.push(if at == 0 { '{' } else { ',' });
            push_string(&mut data, title);
            data.push(':');
            value(at, &mut data)?;
        }
        data.push('}');
        Ok(data)
    }

    /// A time that has to be one unless it is empty.
    fn time(&self, at: usize, text: &str, out: &mut String) -> Result<Option<Timestamp>, RowProblem> {
        let text = unguarded(text).trim();
        if text.is_empty() {
            out.push_str("\"\"");
            return Ok(None);
        }
        let time = cell::time(text).ok_or_else(|| RowProblem::Time { column: self.titles[at].clone() })?;
        push_string(out, &time.to_string());
        Ok(Some(time))
    }

    /// Identifies a row that says nothing else by which it could be told.
    fn digest_of_cells(&self, row: &Record) -> String {
        let mut identity = "{\"cells\":".to_owned();
        push_list(&mut identity, self.places.iter().map(|at| row.get(*at)));
        identity.push_str(",\"columns\":");
        push_list(&mut identity, self.titles.iter().map(String::as_str));
        identity.push('}');
        Sha256Digest::of(identity.as_bytes()).to_string()
    }
}

/// A time without its guard, in a copy whose program took the guard for a part of the value.
fn unguarded(text: &str) -> &str {
    text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn push_list<'a>(out: &mut String, texts: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (at, text) in texts.enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(out, text);
    }
    out.push(']');
}

/// Adds a JSON string, as unescaped as can be.
fn push_string(out: &mut String, text: &str) {
    let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
    if text.as_bytes().iter().all(plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else if let Ok(json) = serde_json::to_string(text) {
        out.push_str(&json);
    }
}
