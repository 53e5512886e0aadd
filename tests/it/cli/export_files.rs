//! `kaizala export` from DynamoDB's export files: found, checked, and read whole.

use std::{collections::HashMap, fs, io::Write, path::Path, process::Command};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Router,
    extract::{Query, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kaizala_webhook::store::StoredItem;
use serde::Deserialize;
use serde_json::json;

use crate::support::{
    events::noise,
    process::run,
    tables::{export, exported, exported_with, read_ndjson, stored, text, write_export},
};

const EXPORT: &str = "AWSDynamoDB/01678096800000-00000001";

fn message(id: &str, text: &str) -> Vec<StoredItem> {
    let body = json!({"eventId": id, "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}});
    stored(body.to_string(), "2023-03-06T10:00:00Z", false)
}

fn response(event_id: &str, response_id: Option<&str>, minute: u8, is_edit: bool) -> Vec<StoredItem> {
    let mut data = json!({"note": minute, "responseDetails": {"responseWithQuestions": [
        {"title": "Q", "type": "Text", "answer": "a"}]}});
    if let Some(id) = response_id {
        data["responseId"] = json!(id);
    }
    if is_edit {
        data["isUpdateResponse"] = json!(true);
    }
    let body = json!({"eventId": event_id, "eventType": "SurveyResponse", "groupId": "g", "data": data});
    stored(body.to_string(), &format!("2023-03-06T10:{minute:02}:00Z"), is_edit)
}

fn fails(from: &Path, advice: &str) {
    let out = from.with_file_name("out");
    let (code, _, error) = export(&["--from", text(from), "--out", text(&out), "--format", "csv"], &[]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains(advice), "{error}");
    assert!(!out.exists());
}

#[test]
fn the_rows_are_those_that_the_athena_views_return() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export");

    let tables = exported(text(&fixture.join("2023-03-08")), &[]);

    assert_eq!(tables, read_ndjson(&fixture.join("expected")));
}

#[test]
fn an_item_comes_back_from_a_line_of_an_export_as_it_was() {
    for item in [message("1", "\"quoted\" \u{1f600}\n"), message("2", &noise("a", 1024 * 1024))].concat() {
        let mut line = Vec::new();
        item.write_export_line(&mut line);
        let line = String::from_utf8(line).expect("it is text");
        assert!(StoredItem::from_export_line(&line).expect("it is an item") == item);
    }
    let line =
        r#"{ "Item" : { "pulled" : { "BOOL" : true }, "x" : { "L" : [ { "S" : "a" } ] }, "n" : { "N" : "1" } } }"#;
    let item = StoredItem::from_export_line(line).expect("it is an item");
    let expected = [("pulled", AttributeValue::Bool(true)), ("n", AttributeValue::N("1".to_owned()))];
    assert!(
        item == StoredItem::from(
            expected.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<HashMap<_, _>>()
        )
    );
}

#[test]
fn exactly_one_version_of_a_response_is_the_latest_whatever_its_event_id_and_place() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let items: Vec<_> = [
        // Edited under its own event id; the edit has arrived first, and stays the latest.
        response("a", Some("a"), 5, false),
        response("a", Some("a"), 3, true),
        // Edited under another event id.
        response("b1", Some("b"), 1, false),
        response("b2", Some("b"), 2, false),
        // At the same time: the greater key.
        response("c1", Some("c"), 1, false),
        response("c2", Some("c"), 1, false),
        // Without a response id.
        response("d", None, 1, false),
        response("d", None, 9, true),
        response("e", None, 1, false),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut seen = Vec::new();
    for files in [1, 4] {
        let raw = folder.path().join(files.to_string());
        write_export(&raw, &items, files);

        let tables = exported(text(&raw), &[]);

        for table in ["responses", "answers"] {
            let mut latest: Vec<_> = tables[table]
                .iter()
                .filter(|row| row["is_latest"] == true)
                .map(|row| {
                    format!("{} {}", row["event_id"].as_str().unwrap(), &row["received_at"].as_str().unwrap()[14..16])
                })
                .collect();
            latest.sort();
            assert_eq!(latest, ["a 03", "b2 02", "c2 01", "d 09", "e 01"], "{table}");
        }
        seen.push(tables);
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn large_bodies_come_back_whole_wherever_their_parts_are() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let texts = [noise("a", 1024 * 1024), noise("b", 2 * 1024 * 1024), "again and again ".repeat(60_000)];
    let mut items: Vec<_> = texts.iter().enumerate().flat_map(|(id, text)| message(&id.to_string(), text)).collect();
    assert!(items.iter().filter(|item| item.is_part()).count() > 6);
    for files in [1, 5] {
        // Once the items before their parts, once behind.
        items.reverse();
        let raw = folder.path().join(files.to_string());
        write_export(&raw, &items, files);

        let messages = exported(text(&raw), &[]).remove("messages").expect("there is one");

        assert_eq!(messages.len(), texts.len());
        assert!(messages.iter().all(|row| texts.iter().any(|text| row["text"] == text.as_str())));
    }
}

#[test]
fn a_damaged_item_is_named_and_left_out_only_when_asked() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    let mut items = message("large", &noise("a", 1024 * 1024));
    items.remove(1);
    items.extend(message("small", "whole"));
    write_export(&raw, &items, 2);

    let advice = "an item is damaged: leave such items out with --skip-damaged: item g / TextMessageCreated#large: a part is missing";
    fails(&raw, advice);

    let tables = exported(text(&raw), &["--skip-damaged"]);
    assert_eq!(tables["events"].len(), 1);
    assert_eq!(tables["messages"][0]["text"], "whole");
}

#[test]
fn files_that_are_not_those_that_were_exported_are_refused() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let fresh = |name: &str| {
        let raw = folder.path().join(name);
        write_export(&raw, &[message("1", "one"), message("2", "two")].concat(), 2);
        let export = raw.join(EXPORT);
        (raw, export)
    };
    let gzip = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).and_then(|()| gzip.finish()).expect("a Vec takes every write")
    };

    let (raw, export) = fresh("cut");
    let file = export.join("data/file0.json.gz");
    let whole = fs::read(&file).expect("it is there");
    fs::write(&file, &whole[..whole.len() / 2]).expect("it is written");
    fails(&raw, "file0.json.gz: it does not unpack");

    let (raw, export) = fresh("exchanged");
    fs::write(export.join("data/file1.json.gz"), gzip(b"")).expect("it is written");
    fails(&raw, "file1.json.gz: its MD5 checksum is not that of the manifest");

    let (raw, export) = fresh("gone");
    fs::remove_file(export.join("data/file1.json.gz")).expect("it is there");
    fails(&raw, "file1.json.gz");

    let (raw, export) = fresh("manifest");
    let manifest = export.join("manifest-files.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    fs::write(&manifest, text.replace("\"itemCount\":1", "\"itemCount\":2")).expect("it is written");
    fails(&raw, "manifest-files.json: its MD5 checksum");
    fs::remove_file(export.join("manifest-files.md5")).expect("it is there");
    fails(&raw, "manifest-files.json: it counts 4 items, and manifest-summary.json 2");

    let (raw, export) = fresh("incremental");
    let summary = export.join("manifest-summary.json");
    let text = fs::read_to_string(&summary).expect("it is there");
    fs::write(&summary, text.replace("FULL_EXPORT", "INCREMENTAL_EXPORT")).expect("it is written");
    fails(&raw, "incremental export");

    fails(&folder.path().join("gone/AWSDynamoDB/01678096800000-00000001/data"), "no finished DynamoDB export");
    fails(&folder.path().join("nowhere"), "nowhere");
}

/// Runs an export of a folder in little memory, and returns what it says when it fails.
fn fails_in_little_memory(raw: &Path) -> String {
    let out = raw.with_file_name("out");
    let script = r#"ulimit -v 1500000; exec "$0" export --from "$1" --out "$2" --format csv"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_kaizala"), text(raw), text(&out)]);
    let output = run(&mut shell, b"");
    let error = String::from_utf8(output.stderr).expect("it prints text");
    assert_eq!(output.status.code(), Some(1), "{}", error.chars().take(2000).collect::<String>());
    error
}

#[test]
fn a_line_that_is_longer_than_any_item_takes_no_memory_and_is_not_printed() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    write_export(&raw, &message("1", "one"), 1);
    let gzip = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).and_then(|()| gzip.finish()).expect("a Vec takes every write")
    };
    // Two gigabytes, in megabytes that are packed once.
    let letters = gzip(&vec![b'a'; 16 * 1024 * 1024]).repeat(128);
    let file = [gzip(br#"{"Item":{"groupId":{"S":""#), letters, gzip(b"\"}}}\n")].concat();
    fs::write(raw.join(EXPORT).join("data/file0.json.gz"), file).expect("it is written");

    let error = fails_in_little_memory(&raw);

    assert!(error.contains("file0.json.gz: line 1 is longer than any item; fetch the export again"), "{error}");
    assert!(error.len() < 500, "{error}");
}

#[test]
fn what_an_error_quotes_of_a_file_is_short_and_harmless() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let hostile = format!("\u{1b}[2J\u{9b}31m{}", "k".repeat(300_000));
    let item = StoredItem::from(HashMap::from(
        [("groupId", &hostile), ("eventKey", &hostile), ("eventType", &"X".to_owned())]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone()))),
    ));
    let raw = folder.path().join("raw");
    write_export(&raw, &[item], 1);
    let no_body = fails_in_little_memory(&raw);
    assert!(no_body.contains("kkk…") && no_body.contains("it has no body"), "{no_body}");

    let manifest = raw.join(EXPORT).join("manifest-files.json");
    fs::remove_file(manifest.with_extension("md5")).expect("it is there");
    fs::write(&manifest, json!({ "itemCount": hostile }).to_string()).expect("it is written");
    let no_number = fails_in_little_memory(&raw);
    assert!(no_number.contains("manifest-files.json: invalid type"), "{no_number}");

    for error in [no_body, no_number] {
        assert!(error.len() < 1000 && !error.trim_end().contains(char::is_control), "{error:?}");
    }
}

#[test]
fn the_newest_finished_export_is_found_from_any_folder_above() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    for (date, id, hour) in
        [("dt=2023-03-07", "old", 7), ("dt=2023-03-08", "new", 8), ("dt=2023-03-09", "unfinished", 9)]
    {
        let place = folder.path().join("exports").join(date);
        write_export(&place, &message(id, id), 1);
        let summary = place.join(EXPORT).join("manifest-summary.json");
        let text = fs::read_to_string(&summary).expect("it is there");
        fs::write(&summary, text.replace("T10:00", &format!("T{hour:02}:00"))).expect("it is written");
        fs::remove_file(summary.with_extension("md5")).expect("it is there");
        if id == "unfinished" {
            fs::remove_file(summary).expect("it is there");
        }
    }
    let found = |place: &str| exported(text(&folder.path().join(place)), &[])["messages"][0]["text"].clone();

    assert_eq!(found("exports"), "new");
    assert_eq!(found("exports/dt=2023-03-07"), "old");
    assert_eq!(found("exports/dt=2023-03-07/AWSDynamoDB"), "old");
    assert_eq!(found(&format!("exports/dt=2023-03-07/{EXPORT}")), "old");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_in_s3_is_fetched_and_read_the_same() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let bucket = folder.path().join("exports-bucket");
    for date in ["2023-03-07", "2023-03-08"] {
        let items = [message(date, date), message("large", &noise("a", 1024 * 1024))].concat();
        write_export(&bucket.join("exports").join(format!("dt={date}T02:00:00Z")), &items, 3);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let app = Router::new().fallback(s3).with_state(folder.path().to_owned());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let from_s3 = tokio::task::spawn_blocking(move || {
        let variables = [
            ("AWS_ENDPOINT_URL_S3", url.as_str()),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", "eu-west-1"),
        ];
        exported_with("s3://exports-bucket/exports", &[], &variables)
    });
    let from_s3 = from_s3.await.expect("it does not panic");

    let newest = bucket.join("exports/dt=2023-03-08T02:00:00Z");
    assert_eq!(from_s3, exported(text(&newest), &[]));
}

#[derive(Deserialize)]
struct S3Query {
    prefix: Option<String>,
}

/// As much of S3 as it takes to read: objects by their path, and the folders below a prefix. Refuses what is not signed.
async fn s3(State(root): State<std::path::PathBuf>, Query(query): Query<S3Query>, request: Request) -> Response {
    if !request.headers().contains_key("authorization") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    let place = root.join(path.trim_start_matches('/'));
    if request.uri().query().is_some_and(|query| query.contains("list-type=2")) {
        let prefix = query.prefix.unwrap_or_default();
        let entries = fs::read_dir(place.join(&prefix)).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.path().is_dir()).map(|entry| {
            let name = entry.file_name().into_string().expect("it is Unicode");
            format!("<CommonPrefixes><Prefix>{}/{name}/</Prefix></CommonPrefixes>", prefix.trim_end_matches('/'))
        });
        let list: String = folders.collect();
        return format!("<ListBucketResult><IsTruncated>false</IsTruncated>{list}</ListBucketResult>").into_response();
    }
    match fs::read(&place) {
        Ok(bytes) => ([("last-modified", "Mon, 06 Mar 2023 10:00:00 GMT"), ("etag", "\"1\"")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
