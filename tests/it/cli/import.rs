//! `kaizala import` as a process: downloads into the table, once whatever is imported again.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use crate::support::{
    Operator,
    archives::{HEADER, by_id, expected, given, report_row, samples_folder, write},
    tables::{exported, text},
    world::TABLE,
};

async fn import(operator: &Operator, from: &Path, more: &[&str]) -> Value {
    operator.run(&[&["import", text(from), "--json"], more].concat()).await.json()
}

fn counts(summary: &Value) -> [u64; 4] {
    ["stored", "revised", "alreadyThere", "repeated"].map(|name| summary[name].as_u64().expect("it is counted"))
}

/// An archive of these rows; each is a name and a note.
fn archive(operator: &Operator, name: &str, rows: &[(&str, &str)]) -> std::path::PathBuf {
    let path = operator.file(name);
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, note)| report_row(name, "2020-04-01 23:00:41 PM", note, "2020-04-01 23:00:44 PM"))
        .collect();
    let lines: Vec<_> = [HEADER].into_iter().chain(rows.iter().map(String::as_str)).collect();
    write(&path, &lines);
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn the_samples_are_in_the_table_as_expected_and_a_second_import_changes_nothing() {
    let operator = Operator::new().await;
    let before = exported(text(&samples_folder()), &[]);

    let summary = import(&operator, &samples_folder(), &[]).await;
    assert_eq!(counts(&summary), [10, 0, 0, 0]);
    assert_eq!(summary["rows"], 10);
    let once = operator.world.all_items().await;
    let again = import(&operator, &samples_folder(), &[]).await;
    assert_eq!(counts(&again), [0, 0, 10, 0]);
    let names = |items: &std::collections::HashMap<(String, String), _>| items.keys().cloned().collect::<BTreeSet<_>>();
    let twice = operator.world.all_items().await;
    assert_eq!(names(&twice), names(&once));
    for (key, item) in &once {
        assert!(key.0 == "groups" || twice[key] == *item, "{key:?}");
    }

    for (folder, rows) in expected() {
        for row in rows {
            let group = format!("name:{}", row["group"].as_str().expect("there is one"));
            let key = format!("ImportedResponse#{}", row["event_id"].as_str().expect("there is one"));
            let shown = operator.run(&["events", "show", &key, "--group", &group, "--json"]).await.json();
            let data = &shown["payload"]["data"];
            assert_eq!(shown["imported"], true, "{folder}");
            assert_eq!(shown["receivedAt"], row["received_at"]);
            assert_eq!(shown["occurredAt"], row["responded_at"]);
            assert_eq!(data["Responder Name"], row["responder_name"]);
            assert_eq!(data["Responder Location Latitude"], row["latitude"]);
            assert_eq!(data["Responder Location Longitude"], row["longitude"]);
            assert_eq!(data["Responder Location Location"], row["place"].as_str().unwrap_or_default());
            assert_eq!(data["NotesQuestionTitle"], row["notes"].as_str().unwrap_or_default());
        }
    }
    let arguments = ["--table", TABLE, "--endpoint-url", operator.world.proxy.url()];
    let after = tokio::task::block_in_place(|| exported("table", &arguments));
    assert_eq!(after["answers"], before["answers"]);
    assert_eq!(after["responses"], before["responses"]);
    let all: Vec<_> = expected().into_values().flatten().collect();
    let mut given = given(&after);
    given.retain(|row| row["group"] != "Shop round");
    assert_eq!(given, by_id(all));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_note_is_a_revision_that_came_with_the_import_and_is_the_latest() {
    let operator = Operator::new().await;
    import(&operator, &archive(&operator, "1.csv", &[("A", "here"), ("B", "here")]), &[]).await;
    let changed = archive(&operator, "2.csv", &[("B", "gone"), ("C", "here")]);
    assert_eq!(counts(&import(&operator, &changed, &["--dry-run"]).await), [1, 1, 0, 0]);
    assert_eq!(operator.world.items().await.len(), 2 + 1, "a dry run changes nothing");
    assert_eq!(counts(&import(&operator, &changed, &[]).await), [1, 1, 0, 0]);
    // The older download again does not make its rows the latest.
    assert_eq!(counts(&import(&operator, &operator.file("1.csv"), &[]).await), [0, 0, 2, 0]);
    assert_eq!(counts(&import(&operator, &changed, &[]).await), [0, 0, 2, 0]);

    let items = operator.world.items().await;
    let (_, revision) = items.iter().find(|(_, item)| item.text("revisionOf").is_some()).expect("there is one");
    assert!(revision.text("receivedAt") > Some("2023"), "it came with the import");
    let arguments = ["--table", TABLE, "--endpoint-url", operator.world.proxy.url()];
    let tables = tokio::task::block_in_place(|| exported("table", &arguments));
    let notes: Vec<_> = tables["answers"]
        .iter()
        .filter(|row| row["question_title"] == "NotesQuestionTitle" && row["is_latest"] == true)
        .map(|row| row["answer_text"].as_str().expect("there is one"))
        .collect();
    assert_eq!(notes.iter().filter(|note| **note == "gone").count(), 1);
    assert_eq!(notes.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_within_one_archive_are_kept_in_their_order() {
    let operator = Operator::new().await;
    let path = archive(&operator, "1.csv", &[("A", "one"), ("A", "two"), ("A", "one"), ("A", "three")]);
    assert_eq!(counts(&import(&operator, &path, &["--dry-run"]).await), [1, 2, 0, 1]);
    assert_eq!(counts(&import(&operator, &path, &[]).await), [1, 2, 0, 1]);
    assert_eq!(counts(&import(&operator, &path, &[]).await), [0, 0, 3, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_until_items_expire_count_from_the_import() {
    let operator = Operator::new().await;
    let path = archive(&operator, "1.csv", &[("A", "here")]);
    import(&operator, &path, &["--retention-days", "30"]).await;
    let items = operator.world.items().await;
    let item = items.values().find(|item| item.is_imported()).expect("it is there");
    let now = kaizala_webhook::clock::now().epoch_seconds();
    let left = item.expires_at().expect("it expires") - now;
    assert!((29 * 86_400..=30 * 86_400).contains(&left), "{left}");
    assert_eq!(item.text("receivedAt"), Some("2020-04-01T23:00:44.000Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_to_the_group_that_is_named_and_never_to_two() {
    let operator = Operator::new().await;
    let path = archive(&operator, "1.csv", &[("A", "here")]);
    let summary = import(&operator, &path, &["--group", "g-1"]).await;
    assert_eq!(summary["groups"], json!([{"name": "A group", "group": "g-1", "rows": 1}]));
    assert!(operator.world.items().await.keys().any(|(group, _)| group == "g-1"));

    for more in [&[][..], &["--group", "g-2"]] {
        let ran = operator.run(&[&["import", text(&path)], more].concat()).await;
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.error.contains("g-1") && ran.error.contains("--group g-1"), "{ran:?}");
    }
    assert_eq!(counts(&import(&operator, &path, &["--group", "g-1"]).await), [0, 0, 1, 0]);

    // The other way round.
    let other = Operator::new().await;
    let path = archive(&other, "1.csv", &[("A", "here")]);
    import(&other, &path, &[]).await;
    let ran = other.run(&["import", text(&path), "--group", "g-1", "--dry-run"]).await;
    assert!(ran.code == 1 && ran.error.contains("without --group"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_tells_ids_by_name_and_names_are_kept() {
    let operator = Operator::new().await;
    let path = operator.file("two.csv");
    write(&path, &["Responder Name,Group Name,Mood", "A,One,good", "B,\"Two, or so\",bad", "C,Three,bad"]);
    let ran = operator.run(&["import", text(&path), "--group", "g-1"]).await;
    assert!(ran.code == 1 && ran.error.contains("3 groups") && ran.error.contains("--groups"), "{ran:?}");
    // An activity report of the portal.
    let list =
        operator.write("groups.csv", "Group Name,Group id,Number of messages sent\nOne,g-1,5\n\"Two, or so\",g-2,0\n");
    import(&operator, &path, &["--groups", text(&list)]).await;
    let groups: BTreeSet<_> = operator.world.items().await.into_keys().map(|(group, _)| group).collect();
    assert_eq!(groups, ["g-1", "g-2", "groups", "name:Three"].map(str::to_owned).into());
    let named = operator.world.item("groups", "g-2").await;
    assert_eq!((named.text("groupName"), named.text("source")), (Some("Two, or so"), Some("archive")));

    for (list, expected) in [
        ("title,key\na,b\n", "no columns `name` and `id`"),
        ("name,id\nOne,\n", "line 2: it has no name or no id"),
        ("name,id\nOne,g-1\n\nOne,g-2\n", "line 4: the group of this name has another id"),
        ("name,id\nOne,quarantine\n", "not a group"),
    ] {
        let list = operator.write("wrong.csv", list);
        let ran = operator.run(&["import", text(&path), "--groups", text(&list)]).await;
        assert!(ran.code == 1 && ran.error.contains(expected), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_with_responses_that_came_by_webhook_is_warned_of() {
    let operator = Operator::new().await;
    let body = r#"{"eventId":"1","eventType":"ActionResponse","data":{"groupId":"g-1","responseId":"1"}}"#;
    operator.world.deliver_body(body).await;
    let path = archive(&operator, "1.csv", &[("A", "here")]);
    let ran = operator.run(&["import", text(&path), "--group", "g-1"]).await.ok();
    assert!(ran.error.contains("warning: group g-1 has ActionResponse events"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_stops_the_import_before_it_writes_unless_it_may_be_left_out() {
    let operator = Operator::new().await;
    let path = operator.file("1.csv");
    write(&path, &[HEADER, "\"B\",\"G\"", &report_row("A", "2020-04-01 23:00:41 PM", "", "2020-04-01 23:00:44 PM")]);
    let ran = operator.run(&["import", text(&path)]).await;
    assert!(ran.code == 1 && ran.error.contains("line 2") && ran.error.contains("--skip-damaged"), "{ran:?}");
    assert!(operator.world.items().await.is_empty());
    let ran = operator.run(&["import", text(&path), "--skip-damaged", "--json"]).await;
    assert!(ran.error.contains("left out: ") && ran.error.contains("line 2"), "{ran:?}");
    assert_eq!((counts(&ran.json()), &ran.json()["unreadable"]), ([1, 0, 0, 0], &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_tells_the_form_of_a_file_and_not_one_value() {
    let operator = Operator::new().await;
    let path = operator.file("chatmesg2018-05-06_f0.csv");
    fs::write(
        &path,
        "Zeit,Absender,Text\n2018-05-06 10:00:01,Ada Byron,\"Ring +15550001234, now\"\n2018-05-07 11:00:01,Bob,\n",
    )
    .expect("there is room");
    let ran = operator.run(&["import", "--describe", text(&path)]).await.ok();
    for expected in ["Zeit", "Absender", "Text", "2 rows", "9{4}-9{2}-9{2} 9{2}:9{2}:9{2}", "Aa{2} Aa{4}", "1 empty"] {
        assert!(ran.output.contains(expected), "{expected}: {}", ran.output);
    }
    for secret in ["Ada", "Byron", "Bob", "1555", "Ring", "2018-05-07"] {
        assert!(!ran.output.contains(secret), "{secret}: {}", ran.output);
    }
    let described = operator.run(&["import", "--describe", text(&path), "--json"]).await.json();
    assert_eq!(described[0]["rows"], 2);
    // Without a header, the first line is data too.
    fs::write(&path, "+15550001234,https://x.example.com/a,2018-05-06\n").expect("there is room");
    let ran = operator.run(&["import", "--describe", text(&path)]).await.ok();
    assert!(!ran.output.contains("1555") && !ran.output.contains("example"), "{}", ran.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_archives_are_imported_row_for_row() {
    let operator = Operator::new().await;
    let zip = operator.file("SurveyResponse.zip");
    operator.run(&["simulate", "archive", "--rows", "200", "--groups", "3", "--out", text(&zip)]).await.ok();
    let messages = operator.file("messages.csv");
    operator
        .run(&["simulate", "archive", "--rows", "50", "--download", "messages", "--out", text(&messages)])
        .await
        .ok();
    let summary = import(&operator, operator.home(), &[]).await;
    assert_eq!(counts(&summary), [250, 0, 0, 0]);
    assert_eq!(summary["groups"].as_array().map(Vec::len), Some(3));
}
