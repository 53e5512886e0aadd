//! `kaizala export --wide`: what is in the table of a card.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use crate::support::{
    process::run,
    tables::{Rows, read_ndjson, sorted, text, write_export},
    wide::{Wide, created, exported, names, question, response, wide, wide_of},
};

fn simulated(raw: &Path, events: &str) {
    let mut kaizala = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    let output = run(kaizala.args(["simulate", "export", "--events", events, "--seed", "5", "--out", text(raw)]), b"");
    assert!(output.status.success());
}

/// Values as (event, title, what it is, value), out of the rows of `answers`.
fn latest_answers(answers: &Rows) -> Vec<String> {
    let mut values = BTreeMap::<_, Vec<&Value>>::new();
    for row in answers.iter().filter(|row| row["is_latest"] == true && !row["answer_position"].is_null()) {
        let position = row["question_position"].as_i64().expect("it has one");
        values.entry((row["event_key"].to_string(), position)).or_default().push(row);
    }
    let mut all = Vec::new();
    for ((event, _), mut rows) in values {
        rows.sort_by_key(|row| row["answer_position"].as_i64());
        let (first, title) = (rows[0], &rows[0]["question_title"]);
        let mut add = |what: &str, value: &Value| {
            if !value.is_null() {
                all.push(format!("{event} {title} {what} {value}"));
            }
        };
        let question_type = first["question_type"].as_str().unwrap_or_default();
        if !first["latitude"].is_null() {
            for column in ["latitude", "longitude", "place"] {
                add(column, &first[column]);
            }
        } else if ["Numeric", "Rating"].contains(&question_type) && !first["answer_number"].is_null() {
            add("number", &first["answer_number"]);
        } else if !first["answer_time"].is_null() {
            add("datetime", &first["answer_time"]);
        } else {
            let columns = ["answer_text", "media_url", "media_file_name", "answer_json"];
            let as_text =
                |row: &&Value| columns.iter().find_map(|column| row[*column].as_str()).unwrap_or("").to_owned();
            add("string", &json!(rows.iter().map(as_text).collect::<Vec<_>>().join("; ")));
        }
    }
    all.sort();
    all
}

/// The same out of wide tables.
fn wide_answers(tables: &BTreeMap<String, Wide>) -> Vec<String> {
    let mut all = Vec::new();
    for table in tables.values() {
        for field in table.fields.iter().filter(|field| field.get("title").is_some()) {
            let name = field["name"].as_str().expect("it is text");
            let place = ["latitude", "longitude", "place"].into_iter().find(|ending| {
                name.ends_with(&format!("_{ending}"))
                    && field["description"].as_str().unwrap_or("").contains("`Location`")
            });
            let what = place.unwrap_or(field["type"].as_str().expect("it is text"));
            for row in table.rows.iter().filter(|row| !row[name].is_null()) {
                all.push(format!("{} {} {what} {}", row["event_key"], field["title"], row[name]));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn the_wide_tables_hold_what_the_latest_responses_and_answers_hold_redacted_or_not() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    simulated(&raw, "3000");
    for more in [&["--format", "ndjson"][..], &["--format", "ndjson", "--redact"]] {
        let out = folder.path().join("out");
        exported(&raw, &out, more);
        let (long, wide) = (read_ndjson(&out), wide(&out));

        let answers = wide_answers(&wide);
        assert_eq!(answers, latest_answers(&long["answers"]));
        assert!(answers.len() > 3_000 && wide.len() > 50, "{} answers, {} cards", answers.len(), wide.len());
        let mut responses = Rows::new();
        for row in long["responses"].iter().filter(|row| row["is_latest"] == true) {
            let mut row = row.clone();
            row.as_object_mut().expect("it is an object").remove("is_latest");
            responses.push(row);
        }
        let columns: Vec<_> = responses[0].as_object().expect("it is an object").keys().cloned().collect();
        let of_responses =
            |row: &Value| Value::Object(columns.iter().map(|name| (name.clone(), row[name].clone())).collect());
        let rows = wide.values().flat_map(|table| &table.rows).map(of_responses).collect();
        assert_eq!(sorted(rows), sorted(responses));
        let cards: BTreeSet<_> = long["actions"].iter().map(|row| row["action_id"].to_string()).collect();
        assert_eq!(wide.len(), cards.len());
    }
}

#[test]
fn csv_parquet_and_ndjson_have_the_same_wide_tables() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    simulated(&raw, "400");
    let place = |format: &str| folder.path().join(format);
    for format in ["csv", "parquet", "ndjson"] {
        exported(&raw, &place(format), &["--format", format]);
    }

    for (path, table) in wide(&place("ndjson")) {
        let stem = path.trim_end_matches("ndjson");
        let names: Vec<_> = table.fields.iter().map(|field| field["name"].as_str().expect("it is text")).collect();
        let mut csv = csv::Reader::from_path(place("csv").join(format!("{stem}csv"))).expect("it is there");
        assert_eq!(csv.headers().expect("there are some").iter().collect::<Vec<_>>(), names);
        let in_csv: Rows = csv.records().map(|row| json!(row.expect("it is CSV")[2])).collect();
        let keys: Rows = table.rows.iter().map(|row| row["event_key"].clone()).collect();
        assert_eq!(sorted(in_csv), sorted(keys.clone()));
        let file = fs::File::open(place("parquet").join(format!("{stem}parquet"))).expect("it is there");
        let reader = SerializedFileReader::new(file).expect("it is Parquet");
        let schema = reader.metadata().file_metadata().schema_descr();
        assert_eq!(schema.columns().iter().map(|column| column.name()).collect::<Vec<_>>(), names);
        let in_parquet = reader.get_row_iter(None).expect("it has rows").map(|row| {
            let row = row.expect("it can be read");
            let key = row.get_column_iter().find(|(name, _)| *name == "event_key").expect("it has one").1.to_string();
            json!(key.trim_matches('"'))
        });
        assert_eq!(sorted(in_parquet.collect()), sorted(keys));
    }
}

#[test]
fn titles_become_names_that_are_safe_and_unique_and_the_description_has_the_titles() {
    let long = "Very long ".repeat(400);
    let titles = [
        "Seats",
        "Seats",
        "seats?",
        "SEATS",
        "",
        "",
        "…",
        &long,
        &long,
        "=1+1",
        "+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "-2",
        "group_id",
        "Received at",
        "received_at_local",
        "1. Your name",
        "बैठक का विषय",
        "Прог\tноз\r\n",
        "a\"b,c;d",
        "Seats 2",
        "DROP TABLE",
        "\u{202e}evil",
        "＝1",
    ];
    let questions: Vec<_> = titles.iter().map(|title| question(title, "Text", &json!(format!("to {title}")))).collect();
    let items = response("r", &json!({"actionId": "card"}), &json!(questions));

    let tables = wide_of(&items);
    let table = &tables["wide/card.ndjson"];

    let names = names(table);
    assert_eq!(names.iter().map(|(_, title)| title.as_str().expect("it is text")).collect::<Vec<_>>(), titles);
    for (name, title) in &names {
        assert!(name.starts_with(char::is_alphabetic) && name.chars().count() <= 50, "{name}");
        assert!(!name.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_'), "{name}");
        assert_eq!(name.to_lowercase(), *name);
        assert_eq!(table.rows[0][name], format!("to {}", title.as_str().expect("it is text")));
    }
    let all: BTreeSet<_> = table.fields.iter().map(|field| field["name"].as_str()).collect();
    assert_eq!(all.len(), table.fields.len());
    let name = |at: usize| names[at].0.as_str();
    assert_eq!(
        [name(0), name(1), name(4), name(16), name(17)],
        ["seats", "seats_2", "question_5", "q1_your_name", "बैठक_का_विषय"]
    );
}

#[test]
fn every_kind_of_answer_has_its_columns_and_what_does_not_fit_is_kept_as_text() {
    let place = json!({"lt": 12.5, "lg": 77.25, "n": "Depot", "acc": 5});
    let media = json!([{"mediaUrl": "https://m/1.jpg", "mediaFileName": "1.jpg"}, {"mediaUrl": "https://m/2.jpg"}]);
    let card = json!({"actionId": "card"});
    let items = [
        response(
            "1",
            &card,
            &json!([
                question("Seats", "Numeric", &json!("12.5")),
                question("When", "DateTime", &json!(1_678_096_800_000_i64)),
                question("Where", "Location", &place),
                question("Colours", "MultiOption", &json!(["Red", "Blue"])),
                question("Photos", "AttachmentList", &media),
                question("Phone", "PhoneNumber", &json!({"cc": "1", "pn": "5550001234"})),
            ]),
        ),
        response(
            "2",
            &card,
            &json!([
                question("Seats", "Numeric", &json!("a dozen")),
                question("When", "DateTime", &json!(null)),
                question("Where", "Location", &json!("here")),
            ]),
        ),
    ]
    .concat();

    let tables = wide_of(&items);
    let table = &tables["wide/card.ndjson"];

    let columns: Vec<_> = names(table).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        columns,
        [
            "seats",
            "seats_text",
            "when",
            "where_latitude",
            "where_longitude",
            "where_place",
            "where_text",
            "colours",
            "photos",
            "phone"
        ]
    );
    let row = |id: &str| {
        let row = table.rows.iter().find(|row| row["response_id"] == id).expect("it is there");
        columns.iter().map(|name| row[name].clone()).collect::<Value>()
    };
    assert_eq!(
        row("1"),
        json!([
            12.5,
            null,
            "2023-03-06T10:00:00.000Z",
            12.5,
            77.25,
            "Depot",
            null,
            "Red; Blue",
            "https://m/1.jpg; https://m/2.jpg",
            "+15550001234"
        ])
    );
    assert_eq!(row("2"), json!([null, "a dozen", null, null, null, null, "here", null, null, null]));
}

#[test]
fn a_card_has_the_questions_of_all_its_versions_in_its_order() {
    let card = json!({"actionId": "card", "title": "A survey"});
    let asked =
        |titles: &[&str]| json!(titles.iter().map(|title| question(title, "Text", &json!("x"))).collect::<Vec<_>>());
    let items = [
        created("1", &card, &asked(&["First", "Third", "Last"])),
        response("2", &card, &asked(&["First", "Second", "Third", "Last"])),
        response("3", &card, &asked(&["First", "Last"])),
    ]
    .concat();

    let tables = wide_of(&items);
    let table = &tables["wide/card.ndjson"];

    let columns: Vec<_> = names(table).into_iter().map(|(name, _)| name).collect();
    assert_eq!(columns, ["first", "second", "third", "last"]);
    let third = table.rows.iter().find(|row| row["response_id"] == "3").expect("it is there");
    assert_eq!((&third["second"], &third["last"]), (&Value::Null, &json!("x")));
    assert_eq!(table.resource["title"], "A survey");
}

#[test]
fn a_card_without_responses_has_a_file_with_its_header() {
    let items = created("1", &json!({"actionId": "card"}), &json!([question("Seats", "Numeric", &Value::Null)]));
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items, 1);

    exported(&raw, &out, &["--format", "csv"]);
    let csv = fs::read_to_string(out.join("wide/card.csv")).expect("it is there");
    assert!(csv.starts_with("group_id,") && csv.ends_with(",seats\r\n") && csv.lines().count() == 1, "{csv}");
    exported(&raw, &out, &["--format", "parquet"]);
    let file = fs::File::open(out.join("wide/card.parquet")).expect("it is there");
    let metadata = SerializedFileReader::new(file).expect("it is Parquet").metadata().file_metadata().clone();
    assert_eq!(metadata.num_rows(), 0);
    assert!(metadata.schema_descr().columns().iter().any(|column| column.name() == "seats"));
}
