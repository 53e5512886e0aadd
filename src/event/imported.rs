//! Events that were read from Kaizala's own downloads: rows of card reports and of the tenant's messages.
//!
//! Their `data` is the row by column name, with times in RFC 3339 and coordinates as numbers. They have types of their own,
//! since a row names no action, no response and no person by id: they claim nothing that they do not know.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

use super::{
    Timestamp, UNGROUPED,
    data::{Data, ImportedMessage, Response},
    json::{JsonObject, string, text},
    question::{Answer, Location, Media, Question},
};

/// The type of an event that was read from a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImportedType {
    /// A row of a card report.
    Response,
    /// A row of the tenant's messages.
    Message,
}

impl ImportedType {
    /// The name in `eventType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "ImportedResponse",
            Self::Message => "ImportedMessage",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Response, Self::Message].into_iter().find(|imported| imported.name() == name)
    }
}

/// Column of a card report: the name of who answered, often with a staff number.
pub const RESPONDER_NAME: &str = "Responder Name";
/// Column of both kinds: the name of the group.
pub const GROUP_NAME: &str = "Group Name";
/// Column of a card report: when it was answered by the phone's clock. Both spellings are read.
pub const RESPONSE_TIME: [&str; 2] = ["ResponseTime (UTC)", "Response Time (UTC)"];
/// Column of a card report: when the server received the answer.
pub const RECEIPT_TIME: &str = "Server Receipt Timestamp (UTC)";
/// Column of a message: when it was sent.
pub const TIMESTAMP: &str = "Timestamp";
/// Column of a message: its id.
pub const MESSAGE_ID: &str = "MessageID";
/// Column of a message: who sent it.
pub const SENDER: &str = "Sender";
/// Column of a message: what kind of message it is.
pub const MESSAGE_TYPE: &str = "Message Type";
/// Column of a message: where its files are. Spelt so.
pub const STORED_AT: &str = "Attachement stored at:";
/// Columns in which a message's text may be: no real file with one was seen.
const TEXT_COLUMNS: [&str; 6] = ["message", "message text", "text", "message content", "content", "body"];
/// What stands between several URLs in one value.
const BETWEEN_URLS: &str = " : ";
/// Files of answers lie on hosts of this domain.
const FILES_DOMAIN: &str = ".osi.office.net/";
/// The column of a photo in an attendance report.
const PHOTO: &str = "PhotoQuestionTitle";
const UTC: &str = " (UTC)";

/// The group of rows of which only the group's name is known.
pub fn group_of_name(name: &str) -> String {
    if name.trim().is_empty() { UNGROUPED.to_owned() } else { format!("name:{name}") }
}

/// What a column of a card report holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportColumn {
    /// The name of who answered.
    Responder,
    /// The name of the group.
    Group,
    /// When it was answered.
    ResponseTime,
    /// When the server received it.
    ReceiptTime,
    /// The first of the three columns of a place.
    Latitude,
    /// The second.
    Longitude,
    /// The third: the place in words.
    Place,
    /// The answer to a question for a time.
    Time,
    /// The answer to any other question.
    Answer,
}

impl ReportColumn {
    /// What the columns with these names hold. What is not one of the fixed ones is a question.
    pub fn all<S: AsRef<str>>(titles: &[S]) -> Vec<Self> {
        let mut columns: Vec<Self> = Vec::with_capacity(titles.len());
        for at in 0..titles.len() {
            let title = titles[at].as_ref();
            let fixed = match title {
                RESPONDER_NAME => Some(Self::Responder),
                GROUP_NAME => Some(Self::Group),
                RECEIPT_TIME => Some(Self::ReceiptTime),
                title if RESPONSE_TIME.contains(&title) => Some(Self::ResponseTime),
                _ => None,
            };
            let before = |back: usize| at.checked_sub(back).map(|at| columns[at]);
            columns.push(match fixed {
                // The first of that name: a card may ask a question under the same.
                Some(fixed) if !columns.contains(&fixed) => fixed,
                _ if before(1) == Some(Self::Latitude) => Self::Longitude,
                _ if before(2) == Some(Self::Latitude) => Self::Place,
                _ if place_title(&titles[at..]).is_some() => Self::Latitude,
                _ if title.ends_with(UTC) => Self::Time,
                _ => Self::Answer,
            });
        }
        columns
    }
}

/// The title of the question for a place whose three columns these names begin with.
fn place_title<S: AsRef<str>>(titles: &[S]) -> Option<&str> {
    let [latitude, longitude, place, ..] = titles else { return None };
    let title = latitude.as_ref().strip_suffix(" Latitude")?;
    let is_place = longitude.as_ref().strip_suffix(" Longitude") == Some(title)
        && place.as_ref().strip_suffix(" Location") == Some(title);
    is_place.then_some(title)
}

/// When it happened, by the row.
pub(super) fn occurred_at(imported: ImportedType, row: &JsonObject<'_>) -> Option<Timestamp> {
    let time = |name: &str| row.string(name).and_then(|time| Timestamp::from_rfc3339(&time));
    match imported {
        ImportedType::Response => RESPONSE_TIME.into_iter().find_map(time),
        ImportedType::Message => time(TIMESTAMP),
    }
}

/// The row as the data that it stands for.
pub(super) fn data<'a>(imported: ImportedType, row: &JsonObject<'a>) -> Data<'a> {
    match imported {
        ImportedType::Response => Data::Response(response(row)),
        ImportedType::Message => Data::ImportedMessage(message(row)),
    }
}

fn response<'a>(row: &JsonObject<'a>) -> Response<'a> {
    let (titles, values): (Vec<_>, Vec<_>) = row.members().unzip();
    let columns = ReportColumn::all(&titles);
    let mut questions = Vec::with_capacity(titles.len());
    for (at, column) in columns.iter().enumerate() {
        let (title, value) = (&titles[at], values[at]);
        questions.extend(match column {
            ReportColumn::Latitude => {
                let title = place_title(&titles[at..]).unwrap_or(title).to_owned();
                Some(Question::imported(title.into(), "Location", place(&values[at..])))
            }
            ReportColumn::Time => {
                let answer = filled(value).map(|text| match Timestamp::from_rfc3339(&text) {
                    Some(time) => Answer::Time(time),
                    None => Answer::Text(text),
                });
                let title = title.strip_suffix(UTC).unwrap_or(title).to_owned();
                Some(Question::imported(title.into(), "DateTime", answer))
            }
            ReportColumn::Answer => {
                let files = filled(value).and_then(|text| files(&text, title == PHOTO));
                let kind = if files.is_some() || title == PHOTO { "Image" } else { "Text" };
                let answer = files.map(Answer::Media).or_else(|| filled(value).map(Answer::Text));
                Some(Question::imported(title.clone(), kind, answer))
            }
            _ => None,
        });
    }
    Response {
        action_id: None,
        action_package_id: None,
        package_id: None,
        group_id: None,
        response_id: None,
        is_update: None,
        responder: None,
        responder_id: None,
        responder_name: first(row, RESPONDER_NAME),
        is_anonymous: None,
        questions,
    }
}

/// Whether a table has what a column says, of an event that is stored under `group`.
pub(super) fn is_held(imported: ImportedType, row: &JsonObject<'_>, name: &str, group: &str) -> bool {
    match (imported, name) {
        (_, GROUP_NAME) => first(row, GROUP_NAME).is_some_and(|name| group_of_name(&name) == group),
        (ImportedType::Response, _)
        | (ImportedType::Message, TIMESTAMP | MESSAGE_ID | SENDER | MESSAGE_TYPE | STORED_AT) => true,
        (ImportedType::Message, _) => text_column(row).is_some_and(|column| column == name),
    }
}

/// The column that has a message's text.
fn text_column<'a>(row: &JsonObject<'a>) -> Option<Cow<'a, str>> {
    let is_text = |name: &str| TEXT_COLUMNS.iter().any(|known| name.eq_ignore_ascii_case(known));
    row.members().find(|(name, value)| is_text(name) && filled(value).is_some()).map(|(name, _)| name)
}

fn message<'a>(row: &JsonObject<'a>) -> ImportedMessage<'a> {
    ImportedMessage {
        text: text_column(row).and_then(|column| row.text(&column)),
        message_type: row.label(MESSAGE_TYPE),
        media: row.label(STORED_AT).map(|urls| split_urls(&urls).map(file).collect()).unwrap_or_default(),
    }
}

/// The first value of that name: a card may ask a question under the name of a fixed column.
fn first<'a>(row: &JsonObject<'a>, name: &str) -> Option<Cow<'a, str>> {
    row.members().find(|(known, _)| known == name).and_then(|(_, value)| filled(value))
}

/// A value that is not empty.
fn filled(value: &RawValue) -> Option<Cow<'_, str>> {
    text(value).filter(|text| !text.is_empty())
}

/// What the three columns of a place hold. Without coordinates, or with what are not any, it is their text.
fn place<'a>(values: &[&'a RawValue]) -> Option<Answer<'a>> {
    let [latitude, longitude, place, ..] = *values else { return None };
    let place = string(place).filter(|place| !place.is_empty());
    let degrees = |value: &RawValue| {
        if value.get().starts_with('"') {
            None
        } else {
            value.get().parse().ok().filter(|degrees: &f64| degrees.is_finite())
        }
    };
    match (degrees(latitude), degrees(longitude)) {
        (Some(latitude), Some(longitude)) => {
            Some(Answer::Location(Location { latitude, longitude, name: place, address: None, accuracy_m: None }))
        }
        _ => {
            let texts: Vec<_> = [filled(latitude), filled(longitude), place].into_iter().flatten().collect();
            (!texts.is_empty()).then(|| Answer::Text(texts.join(", ").into()))
        }
    }
}

/// The files that a value leads to: `None` if it is anything but URLs. In a column for photos they may be anywhere, in others
/// they are where Kaizala keeps files.
fn files<'a>(text: &str, anywhere: bool) -> Option<Vec<Media<'a>>> {
    let is_file = |url: &str| is_url(url) && (anywhere || url.contains(FILES_DOMAIN));
    let mut urls = split_urls(text).peekable();
    urls.peek()?;
    urls.map(|url| is_file(url).then(|| file(url))).collect()
}

fn is_url(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace)
}

fn split_urls(text: &str) -> impl Iterator<Item = &str> {
    // At either end there may be an empty piece, without one of the spaces.
    let inner = text.trim().trim_start_matches(": ").trim_end_matches(" :");
    inner.split(BETWEEN_URLS).map(str::trim).filter(|url| !url.is_empty() && *url != ":")
}

fn file<'a>(url: &str) -> Media<'a> {
    Media { url: Some(url.to_owned().into()), file_name: file_name(url).map(Into::into) }
}

/// The name under which a link gives out its file: its parameter `rscd` is the header Content-Disposition of the answer.
fn file_name(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let disposition = query.split('&').find_map(|parameter| parameter.strip_prefix("rscd="))?;
    let disposition = percent_decode_str(disposition).decode_utf8().ok()?;
    let name = disposition.split(';').map(str::trim).find_map(|part| part.strip_prefix("filename"))?;
    let name = match name.strip_prefix("*=") {
        Some(extended) => percent_decode_str(extended.rsplit('\'').next()?).decode_utf8().ok()?.into_owned(),
        None => name.strip_prefix('=')?.trim_matches('"').to_owned(),
    };
    (!name.is_empty()).then_some(name)
}
