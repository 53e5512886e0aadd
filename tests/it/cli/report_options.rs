//! `kaizala report --redact`, `--time-zone` and `--open`; names of groups; periods that are short.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use kaizala_webhook::{
    event::Timestamp,
    store::{GroupSource, NamedGroup, StoredItem},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    page::{Page, kaizala, report},
    process::run,
    tables::{exported_with, stored, text, write_export},
};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn message(id: &str, group: &str, at: &str) -> Vec<StoredItem> {
    let event = json!({"eventId": id, "eventType": "TextMessageCreated", "fromUserId": "user-1", "fromUser": "+15550001234",
        "fromUserName": "Ada Byron", "data": {"groupId": group, "text": "Hello"}});
    stored(event.to_string(), at, false)
}

fn answered(id: &str, at: &str, answer: &str) -> Vec<StoredItem> {
    let event = json!({"eventId": id, "eventType": "SurveyResponse", "fromUser": "+15550001234", "fromUserName": "Ada Byron",
        "data": {"actionId": "visit", "groupId": "north", "responseId": id, "responder": "+15550001234",
        "responderName": "Ada Byron", "responseDetails": {"responseWithQuestions": [
            {"title": "What else?", "type": "Text", "answer": answer}]}}});
    stored(event.to_string(), at, false)
}

fn made(items: &[StoredItem], more: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is a place for files");
    write_export(&folder.path().join("raw"), items, 1);
    let out = folder.path().join("report.html");
    report(&folder.path().join("raw"), &out, more);
    (folder, out)
}

#[test]
fn a_redacted_report_names_nobody_and_has_the_hashes_of_a_redacted_export() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, key) = (folder.path().join("raw"), folder.path().join("key"));
    let out = folder.path().join("report.html");
    let items = [
        message("m", "north", "2023-03-06T10:00:00Z"),
        answered("a", "2023-03-07T10:00:00Z", "Ask Ada Byron, +1 (555) 000-1234"),
    ];
    write_export(&raw, &items.concat(), 1);
    fs::write(&key, KEY).expect("it can be written");

    report(&raw, &out, &["--redact", "--redact-key-file", text(&key)]);
    let page = fs::read_to_string(&out).expect("it is text");
    for secret in ["5550001234", "555) 000", "Ada Byron"] {
        assert!(!page.contains(secret), "{secret} is in the page");
    }
    let tables = exported_with(text(&raw), &["--redact"], &[("KAIZALA_REDACT_KEY", KEY)]);
    let mut page = Page::open(&out, 1300);
    assert_eq!(page.table("people")[0][0], tables["people"][0]["name"]);
    let remarks = page.0.evaluate("document.getElementById('remarks').textContent");
    assert_eq!(remarks, "Phone numbers and names are replaced by hashes.");
    assert_eq!(page.0.complaints(), Vec::<Value>::new());

    fs::write(&key, "short").expect("it can be written");
    let arguments = ["report", "--from", text(&raw), "--out", text(&out), "--redact", "--redact-key-file", text(&key)];
    let (code, _, error) = kaizala(&arguments);
    assert!(code == 1 && error.contains("16 bytes"), "{error}");
}

#[test]
fn days_and_due_times_are_those_of_the_time_zone() {
    let job = json!({"eventId": "j", "eventType": "JobCreated", "data": {"actionId": "job", "groupId": "north",
        "title": "Clean", "dueDate": "2023-03-07T20:00:00Z", "assignedTo": ["+15550001234"]}});
    let items = [
        message("a", "north", "2023-03-06T18:00:00Z"),
        message("b", "north", "2023-03-06T19:00:00Z"),
        stored(job.to_string(), "2023-03-06T20:00:00Z", false),
        message("c", "north", "2023-03-12T20:00:00Z"),
    ]
    .concat();
    let (folder, out) = made(&items, &["--time-zone", "Asia/Kolkata"]);
    let mut page = Page::open(&out, 1300);

    // It is five hours and a half later there.
    let days = page.table("events-by-group");
    assert_eq!(days[0], json!(["2023-03-06", "1"]));
    assert_eq!(days[1], json!(["2023-03-07", "2"]));
    assert_eq!(days[7], json!(["2023-03-13", "1"]));
    assert_eq!(page.table("open-jobs")[0][3], "8 Mar 2023");
    assert_eq!(page.table("people")[0], json!(["Ada Byron", "3", "6 Mar 2023", "13 Mar 2023"]));
    assert_eq!(page.0.evaluate("document.getElementById('to').value"), "2023-03-13");
    let [header, footer] = ["header", "footer"].map(|part| {
        let text = page.0.evaluate(&format!("document.querySelector('{part}').textContent"));
        text.as_str().expect("it is text").to_owned()
    });
    assert!(
        header.contains("Received 2023-03-06 23:30:00 Asia/Kolkata to 2023-03-13 01:30:00 Asia/Kolkata"),
        "{header}"
    );
    assert!(footer.contains("Times are those of Asia/Kolkata."), "{footer}");

    let raw = folder.path().join("raw");
    let (code, _, error) =
        kaizala(&["report", "--from", text(&raw), "--out", text(&out), "--time-zone", "Asia/Kalkutta"]);
    assert!(code == 2 && error.contains("Asia/Kolkata"), "{error}");
}

#[test]
fn groups_have_the_most_trusted_of_their_names_and_their_ids_in_tooltips() {
    let added = json!({"eventId": "g", "eventType": "GroupAdded", "groupId": "parent",
        "data": {"groupId": "north", "groupName": "North as an event says"}});
    let name = |id: &str, name: &str, source| {
        let group = NamedGroup { id: id.to_owned(), name: name.to_owned(), group_type: None };
        StoredItem::of_group(&group, source, Timestamp::from_rfc3339("2023-03-01T00:00:00Z").expect("it is a time"))
    };
    let items = [
        message("a", "north", "2023-03-06T10:00:00Z"),
        message("b", "south", "2023-03-06T10:00:00Z"),
        stored(added.to_string(), "2023-03-11T10:00:00Z", false),
        vec![name("north", "North", GroupSource::File), name("south", "South", GroupSource::Api)],
    ];
    let (_folder, out) = made(&items.concat(), &[]);
    let mut page = Page::open(&out, 1300);

    let options = page.ask("options('group')");
    let options = options.as_array().expect("it is a list");
    assert!(
        options.contains(&json!(["north", "North"])) && options.contains(&json!(["south", "South"])),
        "{options:?}"
    );
    let legend = "[...document.querySelector('#events-by-group').closest('article').querySelectorAll('.legend button')]\
                  .map((each) => `${each.textContent}: ${each.title}`)";
    let legend = page.0.evaluate(legend);
    assert!(legend.as_array().is_some_and(|all| all.contains(&json!("South: south · Show or hide"))), "{legend}");
    page.table("events-by-group");
    let heads =
        page.0.evaluate("[...document.querySelectorAll('#events-by-group-table th[title]')].map((each) => each.title)");
    assert!(heads.as_array().is_some_and(|all| all.contains(&json!("north"))), "{heads}");
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn a_short_period_is_shown_in_hours_minutes_or_seconds_and_filters_by_them() {
    let from_to = |to: &str| made(&[message("a", "g", "2023-03-06T10:00:05Z"), message("b", "g", to)].concat(), &[]);
    for (to, bars, first, last) in [
        ("2023-03-06T10:01:30Z", 86, "2023-03-06T10:00:05", "2023-03-06T10:01:30"),
        ("2023-03-06T10:40:00Z", 41, "2023-03-06T10:00", "2023-03-06T10:40"),
        ("2023-03-09T09:59:59Z", 72, "2023-03-06T10:00", "2023-03-09T09:00"),
        ("2023-03-09T10:00:05Z", 4, "2023-03-06", "2023-03-09"),
    ] {
        let (_folder, out) = from_to(to);
        let mut page = Page::open(&out, 360);
        let all = page.table("events-by-type");
        assert_eq!(all.as_array().map(Vec::len), Some(bars), "{to}");
        assert_eq!((&all[0], &all[bars - 1]), (&json!([first, "1"]), &json!([last, "1"])));
        assert_eq!(page.0.evaluate("location.hash"), "");

        // Enter on the last bar selects it alone.
        page.0.evaluate("document.getElementById('events-by-type').focus()");
        page.0.press("End");
        page.0.press("Enter");
        assert_eq!(page.table("events-by-type"), json!([[last, "1"]]));
        let hash = page.0.evaluate("decodeURIComponent(location.hash)");
        assert_eq!(hash, format!("#from={last}"));
        let again = format!(
            "new Promise((done) => {{ addEventListener('hashchange', () => done(0)); location.hash = 'to={first}'; }})"
        );
        page.0.evaluate(&again);
        assert_eq!(page.table("events-by-type"), json!([[first, "1"]]));
        assert_eq!(page.0.complaints(), Vec::<Value>::new());
    }
}

#[test]
fn open_has_the_system_open_the_page_and_says_where_it_is_if_nothing_can() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out, bin) = (folder.path().join("raw"), folder.path().join("report.html"), folder.path().join("bin"));
    write_export(&raw, &message("a", "g", "2023-03-06T10:00:00Z"), 1);
    fs::create_dir(&bin).expect("it can be made");
    let open = |bin: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        command.args(["report", "--from", text(&raw), "--out", text(&out), "--open"]).env("PATH", bin);
        let output = run(&mut command, b"");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("it is text")
    };

    let error = open(&bin);
    assert!(error.contains("nothing here opens a browser") && error.contains(text(&out)), "{error}");

    let opener = bin.join("xdg-open");
    fs::write(&opener, "#!/bin/sh\nprintf %s \"$1\" > \"$0.called\"\n").expect("it can be written");
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("they can be set");
    assert_eq!(open(&bin), "");
    assert_eq!(fs::read_to_string(bin.join("xdg-open.called")).expect("it was called"), text(&out));
}
