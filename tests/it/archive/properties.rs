//! Whatever is written in a download, in whatever way it is saved, is read back row for row.

use std::fs;

use kaizala_webhook::{
    event::Timestamp,
    simulator::generator::{Download, DownloadRow, Saved, download_rows, write_download},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value, json};

use crate::support::archives::{data, read};

const ALL: [Saved; 4] = [Saved::Original, Saved::Spreadsheet, Saved::Tabs, Saved::Semicolons];

fn file(download: Download, saved: Saved, rows: &[DownloadRow]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    let mut bytes = Vec::new();
    write_download(&mut bytes, download, saved, rows.iter().cloned()).expect("there is room");
    fs::write(&path, bytes).expect("there is room");
    (folder, path)
}

/// One kind of line break, which is what is kept of two.
fn kept(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn as_report(row: &DownloadRow) -> Value {
    let degrees =
        |at: usize| row.place.as_ref().map_or(json!(""), |place| json!(place[at].parse::<f64>().expect("a number")));
    json!({
        "Responder Name": kept(&row.who),
        "Group Name": kept(&row.group),
        "Responder Location Latitude": degrees(0),
        "Responder Location Longitude": degrees(1),
        "Responder Location Location": kept(&row.place_name),
        "ResponseTime (UTC)": row.responded_at.to_string(),
        "PhotoQuestionTitle": row.files.first().map_or("", String::as_str),
        "NotesQuestionTitle": kept(&row.text),
        "Server Receipt Timestamp (UTC)": row.received_at.to_string(),
    })
}

fn as_message(row: &DownloadRow) -> Value {
    let files: String = row.files.iter().flat_map(|file| [file.as_str(), " : "]).collect();
    json!({
        "Timestamp": row.received_at.to_string(),
        "MessageID": row.id,
        "Sender": kept(&row.who),
        "Group Name": kept(&row.group),
        "Message Type": if row.files.is_empty() { "Text" } else { "Album" },
        "Message": kept(&row.text),
        "Attachement stored at:": files,
    })
}

fn assert_read_back(rows: &[DownloadRow]) {
    let mut ids = Vec::new();
    for saved in ALL {
        let (_folder, path) = file(Download::Report, saved, rows);
        let (events, read): (Vec<_>, Vec<_>) = read(&path)
            .into_iter()
            .map(|row| row.unwrap_or_else(|problem| panic!("{saved:?}: {problem}")).1)
            .map(|event| (event.event_id.clone(), data(&event)))
            .unzip();
        assert_eq!(read, rows.iter().map(as_report).collect::<Vec<_>>(), "{saved:?}");
        ids.push(events);
        // A copy with a column for users of spreadsheets has none in messages.
        if saved != Saved::Spreadsheet {
            let (_folder, path) = file(Download::Messages, saved, rows);
            let read = self::read(&path);
            let read: Vec<_> = read
                .into_iter()
                .map(|row| data(&row.unwrap_or_else(|problem| panic!("{saved:?}: {problem}")).1))
                .collect();
            assert_eq!(read, rows.iter().map(as_message).collect::<Vec<_>>(), "{saved:?}");
        }
    }
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "copies have the same ids");
}

#[test]
fn what_the_generator_writes_is_read_back_in_every_form() {
    for seed in 0..5 {
        assert_read_back(&download_rows(seed, 200, 3).collect::<Vec<_>>());
    }
}

/// Text with what breaks careless readers. A carriage return alone ends no line, and is kept.
fn anything() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{0,5}".prop_map(|text| text),
        1 => prop_oneof![Just(","), Just("\""), Just("\n"), Just("\r\n"), Just("\t"), Just(";"), Just("="), Just("=\""), Just("\u{feff}"), Just("आ"), Just(" ")].prop_map(str::to_owned),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn rows() -> impl Strategy<Value = Vec<DownloadRow>> {
    let time =
        (0_i64..2_000_000_000).prop_map(|seconds| Timestamp::from_epoch_millis(seconds * 1000).expect("it is a time"));
    let place =
        option::of((-90_000_000_i64..90_000_000, -180_000_000_i64..180_000_000).prop_map(|(latitude, longitude)| {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            [latitude, longitude].map(|degrees| (degrees as f64 / 1e6).to_string())
        }));
    let row = (anything(), anything(), place, anything(), time.clone(), time, anything()).prop_map(
        |(who, group, place, place_name, responded_at, received_at, text)| DownloadRow {
            // A line must not begin with what a byte order mark is, nor be nothing but white space.
            who: format!("x{who}"),
            group,
            place,
            place_name,
            responded_at,
            received_at,
            files: Vec::new(),
            text,
            id: "id".to_owned(),
        },
    );
    vec(row, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_back_in_every_form(rows in rows()) {
        assert_read_back(&rows);
    }

    #[test]
    fn no_bytes_behind_a_header_make_the_reader_fail_or_lose_count(bytes in vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'='), any::<u8>()], 0..200)) {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("a.csv");
        let mut file = b"Responder Name,Group Name,Mood\n".to_vec();
        file.extend_from_slice(&bytes);
        fs::write(&path, &file).expect("there is room");
        let lines = bytes.split(|byte| *byte == b'\n').count();
        prop_assert!(read(&path).len() <= lines);
    }
}
