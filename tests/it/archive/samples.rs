//! The samples give exactly what is expected of them.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    archives::{data, expected, given, read, samples_folder},
    tables::{export, exported, text},
};

#[test]
fn each_sample_gives_exactly_what_is_expected_of_it() {
    let expected = expected();
    assert_eq!(expected.len(), 2);
    for (folder, rows) in expected {
        let tables = exported(text(&samples_folder().join(&folder)), &[]);
        assert_eq!(given(&tables), rows, "{folder}");
        assert_eq!(tables["events"].len(), rows.len());
        assert!(tables["responses"].iter().all(|row| row["is_latest"] == true && row["action_id"].is_null()));
        assert!(tables["events"].iter().all(|row| row["event_type"] == "ImportedResponse"));
    }
}

#[test]
fn any_column_of_a_survey_beyond_the_fixed_ones_is_a_question_in_its_place() {
    let tables = exported(text(&samples_folder().join("5-survey-inferred")), &[]);
    let gita = tables["events"].iter().find(|row| row["from_user_name"] == "Gita Sample").expect("she has answered");
    let mut answers: Vec<_> = tables["answers"].iter().filter(|row| row["event_key"] == gita["event_key"]).collect();
    answers.sort_by_key(|row| row["question_position"].as_i64());
    let answers: Vec<_> = answers
        .iter()
        .map(|row| {
            json!([
                row["question_title"],
                row["question_type"],
                row["answer_text"],
                row["answer_time"],
                row["latitude"],
                row["place"]
            ])
        })
        .collect();
    assert_eq!(
        answers,
        [
            json!(["Which shelf was checked?", "Text", "Shelf \"A\"", null, null, null]),
            json!(["Items counted", "Text", "12", null, null, null]),
            json!(["Defects found", "Text", "torn box, wet label", null, null, null]),
            json!(["Next visit", "DateTime", null, "2020-05-11T00:00:00.000Z", null, null]),
            json!(["Shop Location", "Location", null, null, 12.5, "4 Example Street, Sampletown"]),
        ]
    );
    let unanswered = tables["answers"].iter().filter(|row| row["answer_position"].is_null()).count();
    assert_eq!(unanswered, 3);
    assert!(tables["responses"].iter().all(|row| row["responded_at"].is_null()));
    assert_eq!(tables["events"].len(), 2);
}

#[test]
fn a_folder_of_all_samples_is_read_in_one_go() {
    let tables = exported(text(&samples_folder()), &[]);
    let all: usize = expected().values().map(Vec::len).sum();
    assert_eq!(tables["responses"].len(), all + 2);
}

#[test]
fn filters_choose_among_the_rows_of_an_archive() {
    let from = samples_folder();
    let more = ["--group", "name:90001 - Dinas Contoh", "--since", "2020-04-02"];
    assert_eq!(exported(text(&from), &more)["responses"].len(), 2);
}

#[test]
fn the_wide_table_of_a_card_report_has_its_own_columns_and_values() {
    for sample in ["1-attendance-photo", "2-attendance-notes", "5-survey-inferred"] {
        let folder = tempfile::tempdir().expect("there is room");
        let out = folder.path().join("tables");
        let from = samples_folder().join(sample);
        let arguments = ["--from", text(&from), "--format", "ndjson", "--out", text(&out), "--wide"];
        let (code, output, error) = export(&arguments, &[]);
        assert_eq!(code, 0, "{output}{error}");
        let wide: Vec<_> = fs::read_dir(out.join("wide")).expect("it is there").flatten().collect();
        assert_eq!(wide.len(), 1, "a report is of one card");
        let wide = fs::read_to_string(wide[0].path()).expect("it is text");
        let wide: Vec<Value> = wide.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        let mut csv = from.clone();
        csv.push(if sample.starts_with('2') { "SurveyResponse (1).csv" } else { "" });
        let rows = read(&csv);
        assert_eq!(wide.len(), rows.len());
        for (_, event) in rows.into_iter().map(|row| row.expect("it can be read")) {
            let row = wide.iter().find(|row| row["event_id"] == event.event_id.as_str()).expect("it is there");
            let values: Vec<_> = row.as_object().expect("it is a row").values().collect();
            for (title, value) in data(&event).as_object().expect("it is a row") {
                // The group's name is its id here.
                let is_there = value == "" || title == "Group Name" || values.iter().any(|there| is_same(there, value));
                assert!(is_there, "{sample}: {title} {value} is not in {row}");
            }
        }
    }
}

/// Whether a table has a value of a row; of a text that is a number, the number.
fn is_same(there: &Value, value: &Value) -> bool {
    there == value || there.as_f64().is_some_and(|number| value.as_str() == Some(&number.to_string()))
}
