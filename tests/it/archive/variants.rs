//! The same rows in other forms are the same events: copies that a spreadsheet has saved, overlapping downloads.

use std::fs;

use crate::support::{
    archives::{HEADER, data, expected, given, read, report_row, samples_folder, survey, write, write_zip},
    tables::{exported, text},
};

const NOTES: &str = "2-attendance-notes/SurveyResponse (1).csv";

/// The sample without a photo, as a spreadsheet saves it, with a column of the user's own.
fn saved_by_a_spreadsheet(separator: char) -> String {
    let sample = fs::read_to_string(samples_folder().join(NOTES)).expect("it is there");
    let mut lines = vec![HEADER.replace(',', &separator.to_string()) + &format!("{separator}{separator}")];
    let rows = read(&samples_folder().join(NOTES));
    for row in rows {
        let (cells, _) = row.expect("it can be read");
        let cells = cells.cells().map(|cell| {
            let number = cell.parse::<f64>().map(|number| number.to_string());
            let cell = number.unwrap_or_else(|_| cell.to_owned());
            let quotes = cell.contains([',', '"', '\n', separator]);
            if quotes { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        });
        let cells: Vec<_> = cells.collect();
        lines.push(cells.join(&separator.to_string()) + &format!("{separator}{separator}6:30 AM"));
    }
    assert!(sample.starts_with('\u{feff}') && !lines.concat().contains("=\""));
    lines.join("\r\n") + "\r\n"
}

#[test]
fn a_copy_that_a_spreadsheet_has_saved_is_the_same_events_and_is_read_once() {
    let folder = tempfile::tempdir().expect("there is room");
    for (name, separator) in [("saved.csv", ','), ("tabs.txt", '\t'), ("semicolons.csv", ';')] {
        let path = folder.path().join(name);
        fs::write(&path, saved_by_a_spreadsheet(separator)).expect("there is room");
        let tables = exported(text(&path), &[]);
        assert_eq!(given(&tables), expected()["2-attendance-notes"], "{name}");
    }
    fs::copy(samples_folder().join(NOTES), folder.path().join("original.csv")).expect("there is room");
    let tables = exported(text(folder.path()), &[]);
    assert_eq!(given(&tables), expected()["2-attendance-notes"]);
    assert_eq!(survey(folder.path()).counts.iter().map(|count| count.repeated).sum::<u64>(), 12);
}

#[test]
fn of_overlapping_downloads_each_row_is_one_event_and_a_changed_note_is_a_revision() {
    let folder = tempfile::tempdir().expect("there is room");
    let row = |name: &str, notes: &str| report_row(name, "2020-04-01 23:00:41 PM", notes, "2020-04-01 23:00:44 PM");
    let first = [HEADER, &row("A", "here"), &row("B", "here")].join("\n");
    let second = [HEADER, &row("B", "gone"), &row("C", "here"), &row("B", "gone")].join("\n");
    write_zip(&folder.path().join("1.zip"), &[("SurveyResponse.csv", first.as_bytes())]);
    write_zip(&folder.path().join("2.zip"), &[("SurveyResponse.csv", second.as_bytes())]);

    let tables = exported(text(folder.path()), &[]);

    let mut responses: Vec<_> = tables["responses"]
        .iter()
        .map(|row| {
            (row["responder_name"].as_str().expect("there is one"), row["is_latest"].as_bool().expect("it is known"))
        })
        .collect();
    responses.sort_unstable();
    assert_eq!(responses, [("A", true), ("B", false), ("B", true), ("C", true)]);
    let latest = tables["answers"].iter().find(|row| row["answer_text"] == "gone").expect("it is there");
    assert_eq!(latest["is_latest"], true);
    assert_eq!(tables["events"].iter().filter(|row| row["revision_of"].is_string()).count(), 1);
}

#[test]
fn members_are_read_whatever_they_are_called_and_others_are_left_out_and_told() {
    let folder = tempfile::tempdir().expect("there is room");
    let report = [HEADER, &report_row("A", "2020-04-01 23:00:41 PM", "", "2020-04-01 23:00:44 PM")].join("\r\n");
    let zip = folder.path().join("4F (1).ZIP");
    write_zip(
        &zip,
        &[
            ("deep/surveyRESPONSE.CSV", report.as_bytes()),
            ("Telemetry.csv", b"Event,Count\nx,1\n"),
            ("a.jpg", b"\xff\xd8\xff\0"),
        ],
    );

    let survey = survey(&zip);
    assert_eq!(survey.counts.iter().map(|count| count.rows).collect::<Vec<_>>(), [1, 0, 0]);
    assert_eq!(survey.damaged, 0);
    let (code, output, error) =
        crate::support::page::kaizala(&["report", "--from", text(&zip), "--out", text(&folder.path().join("r.html"))]);
    assert_eq!(code, 0, "{output}{error}");
    assert!(error.contains("not read: ") && error.contains("Telemetry.csv") && error.contains("a.jpg"), "{error}");
}

#[test]
fn a_response_time_with_a_space_and_one_without_location_are_understood() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    write(&path, &["Responder Name,Group Name,Response Time (UTC),Mood", "A,G,2020-04-01 08:00:00 AM,good"]);
    let tables = exported(text(&path), &[]);
    assert_eq!(tables["responses"][0]["responded_at"], "2020-04-01T08:00:00.000Z");
    assert_eq!(tables["answers"][0]["answer_text"], "good");
    assert_eq!(tables["answers"][0]["question_position"], 1);
}

#[test]
fn text_that_looks_like_a_formula_or_a_guard_passes_unchanged() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    for note in ["=1+1", "=\"\"really\"\"", "  spaces  ", "+15550001", "a\r\nb"] {
        write(&path, &[HEADER, &report_row("A", "2020-04-01 23:00:41", note, "2020-04-01 23:00:44")]);
        let (_, event) = read(&path).remove(0).expect("it can be read");
        let expected = note.replace("\"\"", "\"").replace("\r\n", "\n");
        assert_eq!(data(&event)["NotesQuestionTitle"], expected);
    }
}

#[test]
fn two_questions_of_one_title_are_two_answers() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    write(
        &path,
        &[
            "Responder Name,Group Name,Why?,Why?,Group Name,Server Receipt Timestamp (UTC)",
            "A,G,one,two,three,2020-04-01 08:00:00",
        ],
    );
    let tables = exported(text(&path), &[]);
    let mut answers: Vec<_> =
        tables["answers"].iter().map(|row| (row["question_position"].as_i64(), row["answer_text"].as_str())).collect();
    answers.sort_unstable();
    assert_eq!(answers, [(Some(1), Some("one")), (Some(2), Some("two")), (Some(3), Some("three"))]);
    assert_eq!(tables["events"][0]["group_id"], "name:G");
}

#[test]
fn a_row_without_times_is_identified_by_all_its_cells() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    write(&path, &["Responder Name,Group Name,Mood", "A,G,good", "A,G,bad", "A,G,good"]);
    let survey = survey(&path);
    assert_eq!((survey.rows(), survey.counts[0].repeated), (3, 1));
    assert_eq!(exported(text(&path), &[])["responses"].len(), 2);
}
