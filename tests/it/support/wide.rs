//! Wide tables: events with questions, and the tables of an export read back.

use std::{collections::BTreeMap, fs, path::Path};

use kaizala_webhook::store::StoredItem;
use serde_json::{Value, json};

use super::tables::{ARRIVAL, Rows, export, stored, text, write_export};

/// A key for redaction.
pub const KEY: (&str, &str) = ("KAIZALA_REDACT_KEY", "0123456789abcdef0123456789abcdef");

/// A wide table as its description and its file say it.
pub struct Wide {
    pub fields: Vec<Value>,
    pub rows: Rows,
    pub resource: Value,
}

fn package(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("datapackage.json")).expect("it is there")).expect("it is JSON")
}

/// The wide tables of an export in NDJSON, by path, found through its description.
pub fn wide(out: &Path) -> BTreeMap<String, Wide> {
    let package = package(out);
    let resources = package["resources"].as_array().expect("it is a list");
    let of_cards = resources.iter().filter(|one| one["path"].as_str().is_some_and(|path| path.starts_with("wide/")));
    let read = |resource: &Value| {
        let path = resource["path"].as_str().expect("it is text").to_owned();
        let text = fs::read_to_string(out.join(&path)).expect("it is there");
        let rows: Rows = text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        let fields = resource["schema"]["fields"].as_array().expect("it is a list").clone();
        assert_eq!(resource["rowCount"], rows.len());
        (path, Wide { fields, rows, resource: resource.clone() })
    };
    let tables: BTreeMap<_, _> = of_cards.map(read).collect();
    let files = fs::read_dir(out.join("wide")).expect("it is there").count();
    assert_eq!(tables.len(), files, "each file is described once");
    tables
}

pub fn exported(raw: &Path, out: &Path, more: &[&str]) {
    let common = ["--from", text(raw), "--out", text(out), "--wide"];
    let (code, output, error) = export(&[&common, more].concat(), &[KEY]);
    assert_eq!(code, 0, "{output}{error}");
}

/// The wide tables of those items.
pub fn wide_of(items: &[StoredItem]) -> BTreeMap<String, Wide> {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, items, 3);
    exported(&raw, &out, &["--format", "ndjson"]);
    wide(&out)
}

pub fn event(id: &str, event_type: &str, data: &Value) -> Vec<StoredItem> {
    let body = json!({"eventId": id, "eventType": event_type, "groupId": "g", "data": data});
    stored(body.to_string(), ARRIVAL, false)
}

pub fn response(id: &str, card: &Value, questions: &Value) -> Vec<StoredItem> {
    let mut data = card.clone();
    data["responseId"] = json!(id);
    data["responseDetails"] = json!({ "responseWithQuestions": questions });
    event(id, "SurveyResponse", &data)
}

pub fn created(id: &str, card: &Value, questions: &Value) -> Vec<StoredItem> {
    let mut data = card.clone();
    data["questions"] = questions.clone();
    event(id, "SurveyCreated", &data)
}

pub fn question(title: &str, question_type: &str, answer: &Value) -> Value {
    json!({"title": title, "type": question_type, "answer": answer})
}

/// The names of a table's columns for questions, with the titles of these.
pub fn names(table: &Wide) -> Vec<(String, Value)> {
    let skip = table.fields.iter().position(|field| field.get("title").is_some()).unwrap_or(table.fields.len());
    table.fields[skip..]
        .iter()
        .map(|field| (field["name"].as_str().expect("it is text").to_owned(), field["title"].clone()))
        .collect()
}
