//! Archives: the samples and what a reader should give of them, files that tests make, and what is read.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use kaizala_webhook::archive::{Archive, ImportedEvent, Record, Row, Survey};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::tables::Rows;

/// The header of an attendance card's report without a photo.
pub const HEADER: &str = "\"Responder Name\",\"Group Name\",Responder Location Latitude,Responder Location Longitude,\
                          Responder Location Location,\"ResponseTime (UTC)\",\"NotesQuestionTitle\",\"Server Receipt Timestamp (UTC)\"";

/// The folder of the samples.
pub fn samples_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archives")
}

/// What a reader should give, by folder: rows in the order of their ids.
pub fn expected() -> BTreeMap<String, Rows> {
    let json = fs::read(samples_folder().join("expected.json")).expect("it is there");
    let all: BTreeMap<String, Value> = serde_json::from_slice(&json).expect("it is JSON");
    all.into_iter().filter_map(|(name, rows)| Some((name, by_id(rows.as_array()?.clone())))).collect()
}

/// The rows of an export in the form of the expected ones.
pub fn given(tables: &BTreeMap<&'static str, Rows>) -> Rows {
    let answer = |response: &Value, kind: &str, title: &str, column: &str| {
        let wanted = |row: &&Value| {
            row["event_key"] == response["event_key"] && row["question_type"] == kind && row["question_title"] == title
        };
        tables["answers"].iter().find(wanted).map_or(Value::Null, |row| row[column].clone())
    };
    let place = |response: &Value, column: &str| answer(response, "Location", "Responder Location", column);
    let rows = tables["responses"].iter().map(|row| {
        json!({
            "responder_name": row["responder_name"],
            "group": row["group_id"].as_str().and_then(|id| id.strip_prefix("name:")),
            "latitude": place(row, "latitude"),
            "longitude": place(row, "longitude"),
            "place": place(row, "place"),
            "responded_at": row["responded_at"],
            "received_at": row["received_at"],
            "media_file_name": answer(row, "Image", "PhotoQuestionTitle", "media_file_name"),
            "notes": answer(row, "Text", "NotesQuestionTitle", "answer_text"),
            "event_id": row["event_id"],
        })
    });
    by_id(rows.collect())
}

/// Rows in the order of their ids.
pub fn by_id(mut rows: Rows) -> Rows {
    rows.sort_by_key(|row| row["event_id"].to_string());
    rows
}

/// A row of a report with the header above.
pub fn report_row(name: &str, responded: &str, notes: &str, received: &str) -> String {
    format!("\"{name}\",\"A group\",\"1.5\",\"2.5\",\"\",=\"{responded}\",\"{notes}\",=\"{received}\"")
}

/// Writes a file of some lines.
pub fn write(path: &Path, lines: &[&str]) {
    fs::write(path, format!("{}\n", lines.join("\n"))).expect("there is room");
}

/// Writes a ZIP with these members.
pub fn write_zip(path: &Path, members: &[(&str, &[u8])]) {
    fs::write(path, zip(members)).expect("there is room");
}

/// A ZIP with these members.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("it can be begun");
        zip.write_all(bytes).expect("there is room");
    }
    zip.finish().expect("it can be finished").into_inner()
}

/// The rows of an archive in order, each with what it makes.
pub fn read(path: &Path) -> Vec<Result<(Record, ImportedEvent), String>> {
    let archive = Archive::open(path).expect("it is an archive");
    let take = |rows: &mut Vec<_>, row: Row| {
        let line = row.line;
        rows.push(
            row.cells
                .and_then(|cells| Ok((cells.clone(), row.layout.event(&cells)?)))
                .map_err(|problem| format!("line {line}: {problem}")),
        );
        Ok::<_, ()>(())
    };
    archive.each_row(1, &|_| {}, Vec::new, take).expect("nothing fails").remove(0)
}

/// An archive read once.
pub fn survey(path: &Path) -> Survey {
    let archive = Archive::open(path).expect("it is an archive");
    let scratch = tempfile::tempdir().expect("there is room");
    Survey::read(&archive, 2, scratch.path(), &|_| {}).expect("it can be read")
}

/// The data of an event that was read.
pub fn data(event: &ImportedEvent) -> Value {
    let body: Value = serde_json::from_str(&event.body("g")).expect("it is JSON");
    body["data"].clone()
}

/// Writes bytes again and again until there are so many.
pub fn fill(file: &mut File, bytes: &[u8], length: usize) {
    for _ in 0..length.div_ceil(bytes.len()) {
        file.write_all(bytes).expect("there is room");
    }
}
