//! Downloads as Kaizala made them, and as spreadsheets save them: card reports and a tenant's messages.
//!
//! The form is that of real files; people, groups and links are made up.

use std::io::{self, Write};

use super::{
    dice::{Dice, Purpose},
    text, words,
};
use crate::event::Timestamp;

/// 2020-04-01T00:00:00Z in epoch milliseconds.
const FIRST_DAY: u64 = 1_585_699_200_000;
/// Nobody answers within so many milliseconds of somebody else, so that no two rows are the same.
const PAUSE: u64 = 37_000;
const REPORT: [&str; 9] = [
    "Responder Name",
    "Group Name",
    "Responder Location Latitude",
    "Responder Location Longitude",
    "Responder Location Location",
    "ResponseTime (UTC)",
    "PhotoQuestionTitle",
    "NotesQuestionTitle",
    "Server Receipt Timestamp (UTC)",
];
const MESSAGES: [&str; 7] =
    ["Timestamp", "MessageID", "Sender", "Group Name", "Message Type", "Message", "Attachement stored at:"];

/// What a download holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Download {
    /// `SurveyResponse.csv`, of an attendance card.
    Report,
    /// `MicrosoftKaizala_TenantMessages.csv`.
    Messages,
}

/// How a file was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// As Kaizala wrote it: byte order mark, commas, everything quoted, times guarded from spreadsheets.
    Original,
    /// By a spreadsheet: no mark, no guards, quotes where they are needed, CRLF, two more columns without a heading.
    Spreadsheet,
    /// With tabs.
    Tabs,
    /// With semicolons, as where the comma is for decimals.
    Semicolons,
}

/// A row of a download.
#[derive(Clone, Debug, PartialEq)]
pub struct DownloadRow {
    /// Who answered or sent it.
    pub who: String,
    /// The group's name.
    pub group: String,
    /// Degrees north and east, as they are written.
    pub place: Option<[String; 2]>,
    /// The place in words.
    pub place_name: String,
    /// When it was answered or sent.
    pub responded_at: Timestamp,
    /// When the server received it.
    pub received_at: Timestamp,
    /// Where the photo or the files are.
    pub files: Vec<String>,
    /// What was written.
    pub text: String,
    /// The message's id.
    pub id: String,
}

/// Rows of a seed, one after the other.
pub fn download_rows(seed: u64, rows: u64, groups: u64) -> impl Iterator<Item = DownloadRow> {
    (0..rows).map(move |number| row(seed, number, groups.max(1)))
}

fn row(seed: u64, number: u64, groups: u64) -> DownloadRow {
    let mut dice = Dice::new(seed, Purpose::Archive, number);
    let person = dice.below(200);
    let first = words::FIRST_NAMES[usize::try_from(person % 24).unwrap_or_default()];
    let last = words::LAST_NAMES[usize::try_from(person / 24 % 12).unwrap_or_default()];
    let responded = FIRST_DAY + number * PAUSE + dice.below(30) * 1000;
    let received = responded + dice.below(7) * 1000;
    let day = &text::utc(responded)[2..10];
    let file = |dice: &mut Dice| {
        format!(
            "https://cdn.inc-000.kms.osi.office.net/att/{}.jpg?sv=2015-12-11&sr=b&sig={}%2B{}%3D&se=2294-01-16T00:01:49Z&sp=r\
             &rscd=attachment%3Bfilename*%3DUTF-8''IMG_{day}_{}_1.jpg&mdId={}",
            dice.hex(64),
            dice.base64(20),
            dice.base64(22),
            dice.between(100_000_000, 235_959_999),
            dice.base64(300)
        )
    };
    let time =
        |millis: u64| i64::try_from(millis).ok().and_then(Timestamp::from_epoch_millis).unwrap_or(Timestamp::EPOCH);
    let degrees = |whole: i64, dice: &mut Dice| format!("{whole}.{:07}", dice.between(1, 9_999_999));
    DownloadRow {
        who: format!("{first} {last} - {:08}", 90_000_000 + person),
        group: format!("{:05} - Example Office {}", 90_001 + number % groups, number % groups + 1),
        place: dice.percent(90).then(|| [degrees(-1, &mut dice), degrees(120, &mut dice)]),
        place_name: if dice.percent(80) { "4 Example Street, Sampletown 90001".to_owned() } else { String::new() },
        responded_at: time(responded),
        received_at: time(received),
        files: (0..dice.weighted(&[(1, 0), (8, 1)])).map(|_| file(&mut dice)).collect(),
        text: if dice.percent(40) { text::message(&mut dice) } else { String::new() },
        id: dice.guid(),
    }
}

/// Writes a file with the rows.
///
/// # Errors
/// When it cannot be written.
pub fn write_download(
    out: &mut impl Write,
    download: Download,
    saved: Saved,
    rows: impl IntoIterator<Item = DownloadRow>,
) -> io::Result<()> {
    let mut line = Line::new(saved);
    if saved == Saved::Original {
        out.write_all(b"\xef\xbb\xbf")?;
    }
    match download {
        Download::Report => REPORT.iter().enumerate().for_each(|(at, title)| line.cell(title, !(2..5).contains(&at))),
        Download::Messages => MESSAGES.iter().for_each(|title| line.cell(title, true)),
    }
    line.end(out, "")?;
    for row in rows {
        match download {
            Download::Report => line.report(&row),
            Download::Messages => line.message(&row),
        }
        // What somebody has put into the columns beside.
        line.end(out, "6:30 AM")?;
    }
    Ok(())
}

/// A line that is being written.
struct Line {
    saved: Saved,
    text: String,
}

impl Line {
    fn new(saved: Saved) -> Self {
        Self { saved, text: String::new() }
    }

    fn report(&mut self, row: &DownloadRow) {
        self.cell(&row.who, true);
        self.cell(&row.group, true);
        for at in 0..2 {
            let degrees = row.place.as_ref().map_or("", |place| &place[at]);
            let degrees = if self.saved == Saved::Semicolons { degrees.replace('.', ",") } else { degrees.to_owned() };
            self.cell(&degrees, true);
        }
        self.cell(&row.place_name, true);
        self.time(row.responded_at);
        self.cell(row.files.first().map_or("", String::as_str), true);
        self.cell(&row.text, true);
        self.time(row.received_at);
    }

    fn message(&mut self, row: &DownloadRow) {
        let sent = row.received_at.to_string().replace(".000Z", "Z");
        let kind = if row.files.is_empty() { "Text" } else { "Album" };
        // Behind the last file there is an empty piece.
        let files: String = row.files.iter().flat_map(|file| [file.as_str(), " : "]).collect();
        for text in [&sent, &row.id, &row.who, &row.group, kind, &row.text, &files] {
            self.cell(text, true);
        }
    }

    /// A time on the 24-hour clock with its redundant half of the day.
    fn time(&mut self, time: Timestamp) {
        let text = time.to_string();
        let half = if text[11..13] < *"12" { "AM" } else { "PM" };
        let text = format!("{} {} {half}", &text[..10], &text[11..19]);
        match self.saved {
            Saved::Original | Saved::Tabs => {
                self.separate();
                self.text.push_str("=\"");
                self.text.push_str(&text);
                self.text.push('"');
            }
            Saved::Spreadsheet | Saved::Semicolons => self.cell(&text, true),
        }
    }

    fn cell(&mut self, text: &str, is_quoted: bool) {
        self.separate();
        let separator = self.separator();
        let needs_quotes = text.contains(['"', '\n', '\r', separator]) || text.starts_with("=\"");
        if needs_quotes || (is_quoted && self.saved == Saved::Original) {
            self.text.push('"');
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
    }

    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push(self.separator());
        }
    }

    fn separator(&self) -> char {
        match self.saved {
            Saved::Original | Saved::Spreadsheet => ',',
            Saved::Tabs => '\t',
            Saved::Semicolons => ';',
        }
    }

    fn end(&mut self, out: &mut impl Write, beside: &str) -> io::Result<()> {
        if self.saved == Saved::Spreadsheet {
            self.text.push_str(",,");
            self.text.push_str(beside);
        }
        let is_windows = matches!(self.saved, Saved::Spreadsheet | Saved::Semicolons);
        self.text.push_str(if is_windows { "\r\n" } else { "\n" });
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}
