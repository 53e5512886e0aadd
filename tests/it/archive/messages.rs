//! A tenant's messages: ids, files, and rows that line breaks have cut.

use serde_json::json;

use crate::support::{
    archives::{data, read, survey, write},
    tables::{exported, text},
};

const MESSAGES: &str = "Timestamp,MessageID,Sender,Group Name,Message Type,Message,Attachement stored at:";

#[test]
fn a_message_has_a_row_for_its_text_and_one_for_each_file() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("MicrosoftKaizala_TenantMessages.csv");
    let files = "https://x.example.com/1.jpg?rscd=attachment%3Bfilename*%3DUTF-8''one%20.jpg :  : https://x.example.com/a : b.jpg : ";
    write(
        &path,
        &[
            MESSAGES,
            "2023-02-16T07:31:59Z,m-1,Ada,Team,Text,Hello,",
            &format!("2023-02-16T07:32:59Z,m-2,+15550001,Team,Album,,{files}"),
            "2023-02-16T07:33:59Z,,Ada,Team,Video,,https://x.example.com/v.mp4",
        ],
    );

    let tables = exported(text(&path), &[]);

    assert_eq!(tables["messages"].len(), 1);
    assert_eq!(tables["messages"][0]["text"], "Hello");
    assert_eq!(tables["messages"][0]["event_id"], "m-1");
    let mut album: Vec<_> = tables["attachments"]
        .iter()
        .filter(|row| row["event_id"] == "m-2")
        .map(|row| json!([row["position"], row["action_type"], row["source_type"], row["media_file_name"]]))
        .collect();
    album.sort_by_key(ToString::to_string);
    assert_eq!(album[0], json!([1, "Album", "ImportedMessage", "one .jpg"]));
    assert_eq!(tables["attachments"].len(), album.len() + 1);
    assert!(
        tables["events"].iter().all(|row| row["group_id"] == "name:Team" && row["event_type"] == "ImportedMessage")
    );
    assert!(tables["events"].iter().all(|row| row["occurred_at"] == row["received_at"]));
    let senders: Vec<_> = tables["events"].iter().map(|row| row["from_user_name"].as_str()).collect();
    assert!(senders.contains(&Some("Ada")) && senders.contains(&None), "a number is not a name");
    let ids: Vec<_> = tables["events"].iter().filter_map(|row| row["event_id"].as_str()).collect();
    assert!(ids.iter().any(|id| id.len() == 64), "without an id, all cells identify a message: {ids:?}");
}

#[test]
fn a_row_that_line_breaks_have_cut_is_put_together() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("m.csv");
    write(
        &path,
        &[
            MESSAGES,
            "2023-02-16T07:31:59Z,m-1,Ada,Team,Text,Hello",
            "",
            "and welcome,",
            "2023-02-16T07:32:59Z,m-2,Ada,Team,Text,whole,",
            "2023-02-16T07:33:59Z,m-3,Ada,Team,Text,lost",
            "2023-02-16T07:34:59Z,m-4,Ada,Team,Text,\"quoted",
            "break\",",
        ],
    );
    let rows = read(&path);
    let texts: Vec<_> = rows.iter().map(|row| row.as_ref().map(|(_, event)| data(event)["Message"].clone())).collect();
    assert_eq!(texts[0], Ok(json!("Hello\n\nand welcome")));
    assert_eq!(texts[1], Ok(json!("whole")));
    assert_eq!(texts[2], Err(&"line 6: it has 6 cells for 7 columns".to_owned()));
    assert_eq!(texts[3], Ok(json!("quoted\nbreak")));
}

#[test]
fn a_text_in_the_last_column_goes_on_in_the_lines_below() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("m.csv");
    write(
        &path,
        &[
            "Timestamp,MessageID,Sender,Group Name,Message",
            "2023-02-16T07:31:59Z,m-1,Ada,Team,one",
            "two",
            "2023-02-16T07:32:59Z,m-2,Ada,Team,three",
        ],
    );
    let texts: Vec<_> =
        read(&path).into_iter().map(|row| data(&row.expect("it can be read").1)["Message"].clone()).collect();
    assert_eq!(texts, [json!("one\ntwo"), json!("three")]);
}

#[test]
fn the_same_id_in_two_groups_is_two_messages_and_the_same_message_twice_is_one() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("m.csv");
    let row = |group: &str| format!("2023-02-16T07:31:59Z,m-1,Ada,{group},Text,Hello,");
    write(&path, &[MESSAGES, &row("one"), &row("two"), &row("one")]);
    let survey = survey(&path);
    assert_eq!((survey.rows(), survey.counts[0].repeated, survey.groups.len()), (3, 1, 2));
}
