//! Tables: rows of one event, `kaizala export` as a process, and its files read back.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use bytes::Bytes;
use kaizala_webhook::{
    event::{Event, Timestamp},
    export_files::ExportFolderWriter,
    store::{Arrival, QuarantineReason, Record, StoredBody, StoredItem},
    tables::{Cell, Flattened, Row, Table, flatten},
};
use serde_json::{Map, Value, json};

use super::process::run;

/// The rows of a table, as JSON objects.
pub type Rows = Vec<Value>;

/// When everything arrives, unless a test says otherwise.
pub const ARRIVAL: &str = "2023-03-06T10:00:00.000Z";

/// What the receiver would have stored of a body that arrived then.
pub fn stored(body: impl Into<Bytes>, received_at: &str, is_edit: bool) -> Vec<StoredItem> {
    let body = body.into();
    let arrival =
        Arrival { received_at: Timestamp::from_rfc3339(received_at).expect("it is a time"), request_id: None };
    let record = match Event::parse(&body) {
        Ok(event) => Record::of_event(&event, arrival),
        Err(reason) => Record::of_quarantined(&body, QuarantineReason::Unreadable(reason), arrival),
    };
    record.stored_items(&body, is_edit)
}

/// All rows of a body, by table, without the columns that every row begins with.
pub fn rows_of(body: impl Into<Bytes>) -> BTreeMap<&'static str, Rows> {
    let items = stored(body, ARRIVAL, false);
    let item = items.last().expect("there is an item");
    let Ok(StoredBody::Whole(body)) = item.body() else { panic!("the body is whole") };
    let mut tables = BTreeMap::<_, Rows>::new();
    let flattened = flatten(item, &body, true, &mut |row| {
        tables.entry(row.table().name()).or_default().push(json_row(row, 4));
    });
    assert_eq!(flattened, Flattened::Rows);
    tables
}

/// A row as a JSON object, without its first columns.
pub fn json_row(row: &Row<'_>, skip: usize) -> Value {
    let mut object = Map::new();
    let mut at = 0;
    row.each_cell(|column, cell| {
        at += 1;
        if at > skip {
            object.insert(column.name.to_owned(), json_cell(cell));
        }
    });
    Value::Object(object)
}

fn json_cell(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Integer(number) => json!(number),
        Cell::Number(number) => json!(number),
        Cell::Boolean(flag) => json!(flag),
        Cell::Time(time) => json!(time.to_string()),
        Cell::LocalTime(_) | Cell::LocalDay(_) => unreachable!("no table has a local time"),
    }
}

/// Writes items as an export into a folder, in `files` data files.
pub fn write_export(folder: &Path, items: &[StoredItem], files: usize) {
    let export = ExportFolderWriter::new(folder, "01678096800000-00000001", "kaizala-events").expect("it can be made");
    let mut written = Vec::new();
    for number in 0..files {
        let mut file = export.data_file(&format!("file{number}")).expect("it can be made");
        for item in items.iter().skip(number).step_by(files) {
            file.write(item).expect("it can be written");
        }
        written.push(file.finish().expect("it can be written"));
    }
    export.finish(&written, Timestamp::from_rfc3339(ARRIVAL).expect("it is a time")).expect("it can be written");
}

/// Runs `kaizala export` and returns exit code, stdout and stderr.
pub fn export(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    command.arg("export").args(arguments);
    for variable in ["TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE", "AWS_REGION", "KAIZALA_REDACT_KEY"] {
        command.env_remove(variable);
    }
    let output = run(command.envs(variables.iter().copied()), b"");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
}

/// Exports from a source in NDJSON and returns all tables, rows in order.
pub fn exported(from: &str, more: &[&str]) -> BTreeMap<&'static str, Rows> {
    exported_with(from, more, &[])
}

/// As [`exported`], with variables in the environment.
pub fn exported_with(from: &str, more: &[&str], variables: &[(&str, &str)]) -> BTreeMap<&'static str, Rows> {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("tables");
    let common = ["--from", from, "--format", "ndjson", "--out", text(&out)];
    let (code, output, error) = export(&[&common, more].concat(), variables);
    assert_eq!(code, 0, "{output}{error}");
    read_ndjson(&out)
}

/// The tables of an export in NDJSON, rows in order.
pub fn read_ndjson(folder: &Path) -> BTreeMap<&'static str, Rows> {
    let read = |table: Table| {
        let file = folder.join(format!("{}.ndjson", table.name()));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        sorted(text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect())
    };
    Table::ALL.into_iter().map(|table| (table.name(), read(table))).collect()
}

/// Rows in an order of their own.
pub fn sorted(mut rows: Rows) -> Rows {
    rows.sort_by_cached_key(Value::to_string);
    rows
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("it is Unicode")
}
