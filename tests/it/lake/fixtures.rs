//! Exports as AWS has written them, byte for byte: `lines.ndjson` has lines of a real export of another table, the others are
//! exports of our own table in the same form.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
};

use kaizala_webhook::{
    event::Timestamp,
    lake::{Config, Database, Lake},
    store::{Change, ExportLine, ExportRequest, ExportStatus, StoreError, StoredItem},
};
use object_store::{ObjectStoreExt, memory::InMemory};
use serde_json::{Value, json};

use super::{
    aws::TABLE_ARN,
    storage::{execute, finished, ready, rows},
};
use crate::support::tables::{export, text};

const FULL: &str = "01768384860000-1a2b3c4d";
const INCREMENTAL: &str = "01768388460000-5e6f7a8b";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lake")
}

#[test]
fn lines_of_every_kind_read_as_dynamodb_writes_them() {
    let lines = fs::read_to_string(folder().join("lines.ndjson")).expect("it is there");
    let read: Vec<_> = lines.lines().map(|line| ExportLine::parse(line).expect("it is a line")).collect();
    let item = |key: &str, test: &str| {
        let line = json!({"Item": {"pk": {"S": key}, "sk": {"S": key}, "test": {"S": test}}}).to_string();
        StoredItem::from_export_line(&line).expect("it is an item")
    };
    let change = |last_digits: u64, old: Option<StoredItem>, new: Option<StoredItem>| {
        ExportLine::Change(Change { written_at_micros: 1_768_386_111_571_800 + last_digits, old, new })
    };
    let expected = [
        ExportLine::Item(item("1", "test")),
        change(48, None, Some(item("2", "new"))),
        change(49, Some(item("3", "old")), Some(item("3", "new"))),
        change(50, Some(item("4", "old")), None),
        change(51, None, None),
    ];
    assert_eq!(read, expected);
    for line in ["", "{}", "[]", r#"{"Keys":{}}"#, r#"{"Metadata":{},"Keys":{}}"#] {
        assert!(ExportLine::parse(line).is_err(), "{line}");
    }
}

/// A DynamoDB that has made the two exports of the fixtures.
struct TwoExports(RefCell<Vec<ExportRequest>>);

impl Database for TwoExports {
    async fn earliest_restorable(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(Some(Timestamp::EPOCH))
    }

    async fn start_export(&self, wanted: &ExportRequest) -> Result<String, StoreError> {
        self.0.borrow_mut().push(wanted.clone());
        let id = if wanted.from.is_none() { FULL } else { INCREMENTAL };
        Ok(format!("{TABLE_ARN}/export/{id}"))
    }

    async fn export_status(&self, _: &str) -> Result<ExportStatus, StoreError> {
        Ok(ExportStatus::Completed)
    }

    async fn item(&self, _: &str, _: &str) -> Result<Option<StoredItem>, StoreError> {
        panic!("no body is in parts")
    }
}

#[test]
fn a_full_export_and_the_changes_after_it_make_the_rows_of_the_table_as_it_is() {
    let bucket = std::sync::Arc::new(InMemory::new());
    plant(&bucket, &folder());
    let config = Config { table_arn: TABLE_ARN.to_owned(), bucket: "a-bucket".to_owned() };
    let lake = Lake::new(TwoExports(RefCell::default()), bucket.clone(), config);
    let at = |time: &str| Timestamp::from_rfc3339(time).expect("it is a time");
    let texts = || {
        let mut rows = rows(&bucket);
        let rows: Vec<_> = rows.remove("messages").into_iter().flatten().collect();
        rows.into_iter().map(|row| json!([row["event_id"], row["text"], row["received_at"]])).collect::<Vec<_>>()
    };

    assert!(finished(execute(&lake, || at("2026-01-14T10:01:30Z"))).expect("it works"));
    let before: Vec<Value> = texts();
    assert!(finished(execute(&lake, || at("2026-01-14T11:01:30Z"))).expect("it works"));

    assert_eq!(
        before,
        [
            json!(["a", "stays", "2026-01-14T09:00:00.000Z"]),
            json!(["b", "before", "2026-01-14T09:10:00.000Z"]),
            json!(["c", "goes", "2026-01-14T09:20:00.000Z"]),
        ]
    );
    assert_eq!(
        texts(),
        [
            json!(["a", "stays", "2026-01-14T09:00:00.000Z"]),
            json!(["b", "after", "2026-01-14T09:10:00.000Z"]),
            json!(["d", "comes", "2026-01-14T10:21:51.571Z"]),
        ]
    );
}

#[test]
fn kaizala_export_says_of_an_incremental_export_what_it_is() {
    let place = folder().join("lake/exports/AWSDynamoDB").join(INCREMENTAL);
    let out = tempfile::tempdir().expect("there is a place for files");
    let (code, _, error) =
        export(&["--from", text(&place), "--out", text(&out.path().join("out")), "--format", "csv"], &[]);
    assert_eq!(code, 1);
    assert!(
        error.contains(
            "it is an incremental export, with the changes from 2026-01-14T10:00:00Z to 2026-01-14T11:00:00Z alone: tables \
             are made of a full export"
        ),
        "{error}"
    );
}

/// Puts every file of a folder into the bucket, under its path.
fn plant(bucket: &InMemory, root: &Path) {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it is there").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let key = path.strip_prefix(root).expect("it is below").to_str().expect("it is Unicode").to_owned();
            let content = fs::read(&path).expect("it is there");
            ready(bucket.put(&key.into(), content.into())).expect("memory takes it");
        }
    }
}
