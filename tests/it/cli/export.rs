//! `kaizala export` as a process: its formats, its folder, its filters.

use std::{collections::BTreeMap, fs, io::Write, path::Path, process::Command};

use kaizala_webhook::{store::StoredItem, tables::Table};
use serde_json::{Value, json};

use crate::support::{
    process::{run, tool},
    samples,
    tables::{Rows, export, exported, read_ndjson, sorted, stored, text, write_export},
};

/// What a receiver has stored of `events/`, each file of which arrived at a time of its own.
fn items() -> Vec<StoredItem> {
    let of_events = |name: &str| !name.starts_with("handshake-") && !name.starts_with("refused-");
    let duplicates = ["action-response-duplicate", "action-response-other-subscription"];
    let arrived = |sample: &crate::support::Sample| {
        let millis = sample.event["requestContext"]["timeEpoch"].as_i64().expect("it has a time");
        kaizala_webhook::event::Timestamp::from_epoch_millis(millis).expect("it is a time").to_string()
    };
    samples()
        .into_iter()
        .filter(|sample| of_events(&sample.name) && !duplicates.contains(&sample.name.as_str()))
        .flat_map(|sample| stored(sample.body(), &arrived(&sample), sample.name == "action-response-edit"))
        .collect()
}

#[test]
fn csv_parquet_and_ndjson_hold_the_same_rows() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let place = |name: &str| folder.path().join(name);
    write_export(&place("raw"), &items(), 3);
    for format in ["csv", "parquet", "ndjson"] {
        let (raw, out) = (place("raw"), place(format));
        let arguments = ["--from", text(&raw), "--out", text(&out), "--format", format];
        let (code, output, error) = export(&arguments, &[]);
        assert_eq!(code, 0, "{output}{error}");
    }

    let ndjson = read_ndjson(&place("ndjson"));
    for (format, rows) in [("parquet", read_parquet(&place("parquet"))), ("csv", read_csv(&place("csv")))] {
        for table in Table::ALL.map(Table::name) {
            assert_eq!(rows[table], ndjson[table], "{format} {table}");
        }
    }
    assert_eq!(ndjson["answers"].len(), 31 + 31 + 7 + 5 + 3 + 3 + 1 + 2);
}

#[test]
fn what_a_spreadsheet_would_compute_is_text_in_csv() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let formulas = ["=1+1", "+cmd", "-x", "@A1", "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠A1"];
    let harmless = ["+15550001234", "-12.5", "+4", "a=b", "'", "a,\"b\"\r\nc"];
    let texts = [&formulas[..], &harmless].concat();
    let items: Vec<_> = (0..)
        .zip(texts)
        .flat_map(|(id, text)| {
            let body = json!({"eventId": format!("{id:02}"), "eventType": "TextMessageCreated", "groupId": "g",
                "data": {"text": text}});
            stored(body.to_string(), "2023-03-06T10:00:00Z", false)
        })
        .collect();
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items, 1);
    assert_eq!(export(&["--from", text(&raw), "--out", text(&out), "--format", "csv"], &[]).0, 0);

    let mut reader = csv::Reader::from_path(out.join("messages.csv")).expect("it is there");
    let found: Vec<_> = reader.records().map(|row| row.expect("it is CSV")[4].to_owned()).collect();

    let expected = formulas.map(|text| format!("'{text}")).into_iter().chain(harmless.map(str::to_owned));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn an_export_replaces_an_older_one_and_nothing_else() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items(), 2);
    let run = |from: &Path| export(&["--from", text(from), "--out", text(&out), "--format", "csv"], &[]);
    assert_eq!(run(&raw).0, 0);
    let before = contents(&out);

    // A failed run.
    let broken = folder.path().join("broken");
    write_export(&broken, &items(), 2);
    fs::write(broken.join("AWSDynamoDB/01678096800000-00000001/data/file1.json.gz"), b"no gzip")
        .expect("it is written");
    let (code, _, error) = run(&broken);
    assert_eq!(code, 1);
    assert!(error.contains("file1.json.gz") && error.contains("fetch the export again"), "{error}");
    assert_eq!(contents(&out), before);

    // Another format.
    let arguments = ["--from", text(&raw), "--out", text(&out), "--format", "ndjson"];
    assert_eq!(export(&arguments, &[]).0, 0);
    assert!(!out.join("events.csv").exists() && out.join("events.ndjson").exists());

    // Somebody's own file.
    fs::write(out.join("notes.txt"), "mine").expect("it is written");
    let (code, _, error) = run(&raw);
    assert_eq!(code, 1);
    assert!(error.contains("notes.txt") && error.contains("not written by kaizala export"), "{error}");
    assert!(out.join("events.ndjson").exists());
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("it is there").map(|entry| entry.expect("it is").file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn filters_choose_by_group_type_and_time_and_the_newest_is_of_what_is_chosen() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    write_export(&raw, &items(), 2);
    let events = |more: &[&str]| exported(text(&raw), more).remove("events").expect("there is one");

    let all = events(&[]);
    let of_type = events(&["--type", "SurveyResponse", "--type", "MemberAdded"]);
    assert!(of_type.len() == 3 && of_type.iter().all(|row| row["event_type"] != "TextMessageCreated"));
    let group = "21b148ce-7b8f-411c-a1fe-aebaa868d992";
    let of_group = events(&["--group", group]);
    assert_eq!(of_group, all.iter().filter(|row| row["group_id"] == group).cloned().collect::<Rows>());
    let before = events(&["--until", "2023-03-06T11:00:00Z"]);
    let after = events(&["--since", "2023-03-06T11:00:00Z"]);
    assert_eq!(sorted([before, after].concat()), all);

    // The edit of action-response arrived at 09:12:29 (UTC).
    let latest = |more: &[&str]| {
        let responses = exported(text(&raw), more).remove("responses").expect("there is one");
        let versions = responses.into_iter().filter(|row| row["response_id"] == "c66e047c-8280-4a9f-91a1-10b7c4fef0a3");
        versions.map(|row| (row["is_update"] == true, row["is_latest"] == true)).collect::<Vec<_>>()
    };
    assert_eq!(latest(&[]), [(false, false), (true, true)]);
    assert_eq!(latest(&["--until", "2023-03-06T09:12:29Z"]), [(false, true)]);

    assert_eq!(export(&["--from", text(&raw), "--out", "x", "--since", "yesterday"], &[]).0, 2);
}

#[test]
fn filters_that_match_nothing_leave_the_old_export_and_name_what_is_nearest() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items(), 2);
    let run = |more: &[&str]| {
        let common = ["--from", text(&raw), "--out", text(&out), "--format", "csv"];
        export(&[&common, more].concat(), &[])
    };
    assert_eq!(run(&[]).0, 0);
    let before = contents(&out);

    let group = "21b148ce-7b8f-411c-a1fe-aebaa868d99";
    for (filters, said) in [
        (&["--type", "SurveyRespons"][..], "there is no type SurveyRespons, the nearest is SurveyResponse."),
        (&["--type", "textmessagecreate"], "the nearest is TextMessageCreated."),
        (&["--group", group], "the nearest is 21b148ce-7b8f-411c-a1fe-aebaa868d992."),
        (&["--since", "2030-01-01"], "there is none with received from 2030-01-01T00:00:00.000Z."),
    ] {
        let (code, output, error) = run(filters);
        assert_eq!((code, output.as_str()), (1, ""), "{error}");
        assert!(error.contains(said) && error.contains("--allow-empty"), "{error}");
        assert_eq!(contents(&out), before);
    }

    assert_eq!(run(&["--type", "SurveyRespons", "--allow-empty"]).0, 0);
    assert_eq!(fs::read_to_string(out.join("events.csv")).expect("it is there").lines().count(), 1);
    // An export of everything may be empty.
    write_export(&folder.path().join("empty"), &[], 1);
    assert_eq!(exported(text(&folder.path().join("empty")), &[])["events"], Rows::new());
}

#[test]
fn two_runs_into_one_folder_end_with_the_whole_export_of_one_and_an_error_of_the_other() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items(), 1);
    // A pipe in place of the data file holds the first run until the test writes into it.
    let file = raw.join("AWSDynamoDB/01678096800000-00000001/data/file0.json.gz");
    let data = fs::read(&file).expect("it is there");
    let whole = folder.path().join("whole");
    fs::rename(&file, &whole).expect("it is there");
    assert!(Command::new("mkfifo").arg(&file).status().expect("it is there").success());
    let arguments = ["--from", text(&raw), "--out", text(&out), "--format", "ndjson", "--json"];
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| export(&arguments, &[]));
        // Opens when the first run has opened it to read.
        let mut pipe = fs::File::options().write(true).open(&file).expect("it is read");

        let second = export(&arguments, &[]);

        // The second reading finds the file.
        fs::rename(&whole, &file).expect("it is there");
        pipe.write_all(&data).expect("it is read");
        drop(pipe);
        (first.join().expect("it does not panic"), second)
    });

    assert_eq!(second.0, 1, "{second:?}");
    assert!(second.2.contains("another run is writing"), "{second:?}");
    assert_eq!(first.0, 0, "{first:?}");
    let summary: Value = serde_json::from_str(&first.1).expect("it is JSON");
    let events = read_ndjson(&out)["events"].len();
    assert_eq!(summary["tables"]["events"]["rows"], events);
    assert_eq!(summary["items"].as_u64(), u64::try_from(events + read_ndjson(&out)["quarantine"].len()).ok());
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2);
}

#[cfg(unix)]
#[test]
fn a_lock_file_that_is_a_link_is_locked_where_it_leads() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items(), 1);
    std::os::unix::fs::symlink("elsewhere", folder.path().join(".out.lock")).expect("a link can be made");

    let (code, _, error) = export(&["--from", text(&raw), "--out", text(&out), "--format", "ndjson"], &[]);

    assert_eq!(code, 0, "{error}");
}

#[test]
fn a_period_that_ends_before_it_begins_is_wrong_usage_in_every_command() {
    let period = ["--since", "2023-03-08", "--until", "2023-03-07"];
    let nothing_is_read = ["--endpoint-url", "http://127.0.0.1:1"];
    for command in [
        &["export", "--from", "nowhere", "--out", "x"][..],
        &["report", "--from", "nowhere", "--out", "x"],
        &["events", "list", "--group", "g"],
        &["quarantine", "list"],
    ] {
        let mut kaizala = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        let output = run(kaizala.args(command).args(period).args(nothing_is_read), b"");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {error}");
        assert!(error.contains("the period ends before it begins"), "{command:?}: {error}");
    }
}

#[test]
fn the_package_describes_every_file_and_column() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items(), 1);
    let (code, output, _) = export(&["--from", text(&raw), "--out", text(&out), "--format", "csv", "--json"], &[]);
    assert_eq!(code, 0);
    let summary: Value = serde_json::from_str(&output).expect("it is JSON");

    let package = fs::read(out.join("datapackage.json")).expect("it is there");
    let package: Value = serde_json::from_slice(&package).expect("it is JSON");

    let resources = package["resources"].as_array().expect("it is a list");
    assert_eq!(resources.len(), Table::ALL.len());
    for (table, resource) in Table::ALL.into_iter().zip(resources) {
        let path = resource["path"].as_str().expect("it is a string");
        let mut reader = csv::Reader::from_path(out.join(path)).expect("it is there");
        let fields = resource["schema"]["fields"].as_array().expect("it is a list");
        let names: Vec<_> = fields.iter().map(|field| field["name"].as_str().expect("it is a string")).collect();
        assert_eq!(reader.headers().expect("there are some").iter().collect::<Vec<_>>(), names);
        assert_eq!(json!(reader.records().count()), resource["rowCount"]);
        assert_eq!(resource["rowCount"], summary["tables"][table.name()]["rows"]);
    }
}

#[test]
fn duckdb_reads_the_parquet_files() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items(), 1);
    assert_eq!(export(&["--from", text(&raw), "--out", text(&out), "--format", "parquet"], &[]).0, 0);
    let query = "import duckdb, sys; duckdb.sql(\"SET TimeZone = 'UTC'\"); print(duckdb.sql(f\"\"\"\
        SELECT answer_number, epoch_ms(received_at), typeof(received_at) FROM '{sys.argv[1]}/answers.parquet' \
        WHERE question_title = 'Seats' AND is_latest\"\"\").fetchall())";

    let output = run(Command::new(tool("bin/python")).args(["-c", query, text(&out)]), b"");

    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), "[(14.0, 1678095149898, 'TIMESTAMP WITH TIME ZONE')]", "{error}");
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is").path());
    let read = |path: std::path::PathBuf| (text(&path).to_owned(), fs::read(&path).expect("it can be read"));
    files.map(read).collect()
}

/// The tables of an export in Parquet, as NDJSON would have them.
fn read_parquet(folder: &Path) -> BTreeMap<&'static str, Rows> {
    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::Field,
    };

    let value = |field: &Field| match field {
        Field::Null => Value::Null,
        Field::Str(text) => json!(text),
        Field::Long(number) => json!(number),
        Field::Double(number) => json!(number),
        Field::Bool(flag) => json!(flag),
        Field::TimestampMillis(millis) => {
            json!(kaizala_webhook::event::Timestamp::from_epoch_millis(*millis).expect("it is a time").to_string())
        }
        other => panic!("a column of another type: {other:?}"),
    };
    let read = |table: Table| {
        let file = fs::File::open(folder.join(format!("{}.parquet", table.name()))).expect("it is there");
        let reader = SerializedFileReader::new(file).expect("it is Parquet");
        let rows = reader.get_row_iter(None).expect("it has rows").map(|row| {
            let row = row.expect("it can be read");
            Value::Object(row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect())
        });
        (table.name(), sorted(rows.collect()))
    };
    Table::ALL.into_iter().map(read).collect()
}

/// The tables of an export in CSV, as NDJSON would have them.
fn read_csv(folder: &Path) -> BTreeMap<&'static str, Rows> {
    use kaizala_webhook::tables::{Column, ColumnType};

    let value = |column: &Column, field: &str| match column.column_type {
        // In `events/`, no text is empty, and none looks like a formula.
        _ if field.is_empty() => Value::Null,
        ColumnType::Text | ColumnType::Time | ColumnType::LocalTime | ColumnType::LocalDay => json!(field),
        ColumnType::Integer => json!(field.parse::<i64>().expect("it is a number")),
        ColumnType::Number => json!(field.parse::<f64>().expect("it is a number")),
        ColumnType::Boolean => json!(field.parse::<bool>().expect("it is a Boolean")),
    };
    let read = |table: Table| {
        let mut reader = csv::Reader::from_path(folder.join(format!("{}.csv", table.name()))).expect("it is there");
        let rows = reader.records().map(|row| {
            let row = row.expect("it is CSV");
            let cells = table.columns().iter().zip(&row);
            Value::Object(cells.map(|(column, field)| (column.name.to_owned(), value(column, field))).collect())
        });
        (table.name(), sorted(rows.collect()))
    };
    Table::ALL.into_iter().map(read).collect()
}
