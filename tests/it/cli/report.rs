//! `kaizala report`: what its page says of events whose numbers are known, and the command as a process.

use std::{
    fs,
    path::{Path, PathBuf},
};

use kaizala_webhook::store::StoredItem;
use serde_json::{Value, json};

use crate::support::{
    page::{Page, kaizala, report},
    tables::{stored, text, write_export},
};

const HOSTILE: &str = r#"</script><img src=x onerror="window.hurt=1"><!--<script>"#;

fn response(id: &str, by: &str, questions: &Value) -> Value {
    json!({"eventId": id, "eventType": "SurveyResponse", "data": {"actionId": "survey-1", "groupId": HOSTILE,
        "responseId": id, "responder": by, "responderName": "=HYPERLINK(\"http://example.com\")",
        "responseDetails": {"responseWithQuestions": questions}}})
}

/// Few events, whose numbers are known, with texts that want to be more than text.
fn few() -> Vec<StoredItem> {
    let choice = |answer: Value| json!({"title": HOSTILE, "type": "SingleOption", "options": [{"title": "Yes"}, {"title": "No"}], "answer": answer});
    let number = |answer: Value| json!({"title": "=1+1", "type": "Numeric", "options": [], "answer": answer});
    let place =
        json!({"title": "\u{202e}مكان 🏪", "type": "Location", "answer": {"lt": 12.5, "lg": 77.25, "n": HOSTILE}});
    let day = json!({"title": "When", "type": "Date", "answer": 1_678_000_000});
    let words = json!({"title": "{{data}}", "type": "Text", "answer": "🏪 \u{2028}<b>"});
    let events = [
        (
            "2023-03-06T10:00:00Z",
            json!({"eventId": "c", "eventType": "SurveyCreated", "data": {"actionId": "survey-1",
            "groupId": HOSTILE, "title": HOSTILE, "questions": [choice(Value::Null)]}}),
        ),
        (
            "2023-03-06T10:01:00Z",
            response("r1", "+15550001", &json!([choice(json!(["Yes"])), number(json!(3)), place, day, words])),
        ),
        (
            "2023-03-07T10:02:00Z",
            response("r2", "+15550002", &json!([choice(json!(["Yes"])), number(json!(7)), place, day, words])),
        ),
        ("2023-03-07T10:03:00Z", response("r3", "+15550002", &json!([choice(json!([])), number(Value::Null)]))),
        (
            "2023-03-06T11:00:00Z",
            json!({"eventId": "j", "eventType": "JobCreated", "data": {"actionId": "job-1", "groupId": HOSTILE,
            "title": "Clean", "dueDate": "2023-03-06T12:00:00Z", "assignedTo": ["+15550001", "+15550002", "+15550003"]}}),
        ),
        (
            "2023-03-06T11:30:00Z",
            json!({"eventId": "jr", "eventType": "JobResponse", "data": {"actionId": "job-1", "groupId": HOSTILE,
            "responseId": "jr", "isUpdateResponse": true, "responseDetails": {"response": {"assignee": "+15550001",
            "isCompleted": "true"}}}}),
        ),
        (
            "2023-03-08T09:00:00Z",
            json!({"eventId": "m", "eventType": "MemberAdded", "data": {"groupId": HOSTILE, "member": "+15550004"}}),
        ),
        (
            "2023-03-09T11:10:00Z",
            json!({"eventId": "t", "eventType": "TextMessageCreated", "data": {"groupId": "other", "text": "Hello"}}),
        ),
    ];
    let mut items: Vec<_> = events.iter().flat_map(|(at, event)| stored(event.to_string(), at, false)).collect();
    // The original of an answer to a job comes after its edit.
    let original = json!({"eventId": "jr", "eventType": "JobResponse", "data": {"actionId": "job-1", "groupId": HOSTILE,
        "responseId": "jr", "responseDetails": {"response": {"assignee": "+15550001", "isCompleted": "false"}}}});
    items.extend(stored(original.to_string(), "2023-03-06T11:45:00Z", true));
    // Somebody changes from Yes to No.
    let edit = response("r1", "+15550001", &json!([choice(json!(["No"])), number(json!(4)), place, day, words]));
    items.extend(stored(edit.to_string(), "2023-03-07T12:00:00Z", true));
    items.extend(stored("no event", "2023-03-06T13:00:00Z", false));
    items
}

fn report_of_few(folder: &Path) -> PathBuf {
    write_export(&folder.join("raw"), &few(), 2);
    let out = folder.join("report.html");
    report(&folder.join("raw"), &out, &[]);
    out
}

#[test]
fn numbers_are_those_of_the_events_with_edits_counted_once() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let mut page = Page::open(&report_of_few(folder.path()), 1280);

    assert_eq!(page.table("responses"), json!([[HOSTILE, "3", "1", "–"], ["Clean", "1", "1", "–"]]));
    assert_eq!(
        page.table("completion"),
        json!([["Clean", "Job", "1", "3", "33%"], [HOSTILE, "Card", "2", "3", "67%"]])
    );
    assert_eq!(page.table("jobs")[0], json!(["2023-03-06", "1", "0", "2"]));
    assert_eq!(
        page.table("membership"),
        json!([
            ["2023-03-06", "0", "0", "0"],
            ["2023-03-07", "0", "0", "0"],
            ["2023-03-08", "1", "1", "0"],
            ["2023-03-09", "1", "0", "0"]
        ])
    );
    assert_eq!(
        page.table("quarantine"),
        json!([["2023-03-06", "1"], ["2023-03-07", "0"], ["2023-03-08", "0"], ["2023-03-09", "0"]])
    );

    let choice = page.question(HOSTILE);
    assert_eq!(page.table(&choice), json!([["Yes", "1", "50%"], ["No", "1", "50%"]]));
    assert_eq!(page.note(&choice), "SingleOption · 2 answered, 1 not");
    let number = page.question("=1+1");
    assert_eq!(page.table(&number), json!([["4", "1"], ["5", "0"], ["6", "0"], ["7", "1"]]));
    assert_eq!(page.note(&number), "Numeric · 2 answered, 1 not · mean 5.5 · median 5.5, middle half 4.75 to 6.25");
    let when = page.question("When");
    assert_eq!(page.table(&when), json!([["5 Mar 2023", "2"]]));
    let place = page.question("\u{202e}مكان 🏪");
    assert_eq!(page.table(&place), json!([[HOSTILE, "12.5", "77.25"], [HOSTILE, "12.5", "77.25"]]));

    // On the first day, the later edit counts no more.
    page.choose("to", "2023-03-06");
    assert_eq!(page.table("responses"), json!([["Clean", "1", "1", "–"], [HOSTILE, "0", "1", "–"]]));
}

#[test]
fn what_people_wrote_is_text_and_nothing_else() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let file = report_of_few(folder.path());
    let mut page = Page::open(&file, 360);

    for chart in ["events-by-group", "responses", "completion"] {
        page.table(chart);
    }
    let titles = ["=1+1", "\u{202e}مكان 🏪", "{{data}}", HOSTILE];
    for title in titles {
        let id = page.question(title);
        page.table(&id);
    }
    let words = page.question("{{data}}");
    assert_eq!(page.table(&words)[0][0], "🏪 \u{2028}<b>");
    let answers = page.table(&format!("{words}-answers"));
    assert_eq!(answers[0][0], "🏪 \u{2028}<b>");
    page.option("group", HOSTILE);
    page.option("action", HOSTILE);
    assert_eq!(
        page.0.evaluate("document.querySelectorAll('img, b, iframe, script:not([type])').length"),
        2,
        "more than its two scripts"
    );
    assert_eq!(page.0.evaluate("window.hurt ?? null"), Value::Null);
    assert!(page.0.evaluate("document.documentElement.scrollWidth").as_u64() <= Some(360));
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
    assert!(!fs::read_to_string(&file).expect("it is text").contains("<img"));
}

#[test]
fn filters_of_the_command_narrow_the_report_and_an_empty_one_says_so() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("report.html"));
    write_export(&raw, &few(), 2);
    let items = |more: &[&str]| report(&raw, &out, more)["items"].clone();

    assert_eq!(items(&[]), 11);
    assert_eq!(items(&["--group", "other"]), 1);
    assert_eq!(items(&["--type", "JobCreated,JobResponse"]), 3);
    assert_eq!(items(&["--since", "2023-03-07", "--until", "2023-03-08"]), 3);

    let before = fs::read(&out).expect("it is there");
    let misspelt = ["report", "--from", text(&raw), "--out", text(&out), "--group", "othr"];
    let (code, _, error) = kaizala(&misspelt);
    assert_eq!(code, 1);
    assert!(error.contains("there is no group othr, the nearest is other."), "{error}");
    assert_eq!(fs::read(&out).expect("it is there"), before);
    assert_eq!(items(&["--group", "nobody", "--allow-empty"]), 0);

    let mut page = Page::open(&out, 360);
    assert_eq!(page.ask("charts()"), json!({}));
    let header = page.0.evaluate("document.querySelector('header').textContent");
    assert!(
        header.as_str().is_some_and(|text| text.contains("There are no events") && text.contains("group nobody")),
        "{header}"
    );
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn a_period_of_years_is_counted_by_the_week() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let message = |id: &str, at| {
        let event =
            json!({"eventId": id, "eventType": "TextMessageCreated", "data": {"groupId": "g", "text": "Hello"}});
        stored(event.to_string(), at, false)
    };
    // A Monday, the Sunday after it, and five years later.
    let items = [
        message("a", "2018-01-01T00:00:00Z"),
        message("b", "2018-01-07T23:59:59Z"),
        message("c", "2023-08-31T12:00:00Z"),
    ];
    write_export(&folder.path().join("raw"), &items.concat(), 1);
    let out = folder.path().join("report.html");
    report(&folder.path().join("raw"), &out, &[]);
    let mut page = Page::open(&out, 1280);

    let table = page.table("events-by-type");
    let rows = table.as_array().expect("it is a list");
    assert_eq!(rows.len(), 296);
    assert_eq!(
        (&rows[0], &rows[1], &rows[295]),
        (&json!(["2018-01-01", "2"]), &json!(["2018-01-08", "0"]), &json!(["2023-08-28", "1"]))
    );
    // Any day of a week selects it.
    page.choose("to", "2018-01-03");
    assert_eq!(page.table("events-by-type"), json!([["2018-01-01", "2"]]));
    page.reset();
    page.choose("from", "2023-08-31");
    assert_eq!(page.table("events-by-type"), json!([["2023-08-28", "1"]]));
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn two_reports_of_the_same_events_hold_the_same_numbers() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    write_export(&folder.path().join("raw"), &few(), 4);
    let data = |name: &str| {
        let out = folder.path().join(name);
        report(&folder.path().join("raw"), &out, &[]);
        let page = fs::read_to_string(&out).expect("it is text");
        let start = page.find(r#"id="data">"#).expect("it has data") + r#"id="data">"#.len();
        let end = start + page[start..].find("</script>").expect("it ends");
        let mut data: Value = serde_json::from_str(&page[start..end]).expect("it is JSON");
        data["about"]["made"].take();
        data
    };
    assert_eq!(data("one.html"), data("two.html"));
}

#[test]
fn a_report_that_fails_leaves_the_one_that_was_there_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("report.html");
    fs::write(&out, "the old one").expect("it can be written");
    let nothing = folder.path().join("nothing");
    fs::create_dir(&nothing).expect("it can be made");

    let (code, _, error) = kaizala(&["report", "--from", text(&nothing), "--out", text(&out)]);
    assert_eq!(code, 1);
    assert!(error.contains("AWSDynamoDB"), "{error}");
    assert_eq!(fs::read_to_string(&out).expect("it is text"), "the old one");
    assert_eq!(fs::read_dir(folder.path()).expect("it is a folder").count(), 2, "something is left");

    let (code, _, error) = kaizala(&["report", "--from", text(&nothing), "--out", text(folder.path())]);
    assert_eq!(code, 1);
    assert!(error.contains("report.html"), "{error}");
    assert_eq!(kaizala(&["report", "--out", text(&out)]).0, 2);
}

#[test]
fn cloud_events_are_counted_by_type_and_source_and_only_where_there_are_some() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let mut without = Page::open(&report_of_few(folder.path()), 1280);
    assert_eq!(without.ask("has('cloud-events')"), json!(false));
    // One browser at a time.
    drop(without);

    let event = |id: &str, source: &str, event_type: &str| {
        let body = json!({"specversion": "1.0", "id": id, "source": source, "type": event_type});
        stored(body.to_string(), "2023-03-06T10:00:00Z", false)
    };
    let mut items = few();
    for (id, source, event_type) in [("1", "/a", "x"), ("2", "/a", "x"), ("3", "/b", "x"), ("4", "/a", "MemberAdded")] {
        items.extend(event(id, source, event_type));
    }
    write_export(&folder.path().join("with"), &items, 2);
    let out = folder.path().join("with.html");
    report(&folder.path().join("with"), &out, &[]);
    let mut page = Page::open(&out, 1280);
    let mut rows = page.table("cloud-events").as_array().expect("it is a list").clone();
    rows.sort_by_key(Value::to_string);
    assert_eq!(json!(rows), json!([["MemberAdded", "/a", "1"], ["x", "/a", "2"], ["x", "/b", "1"]]));
}
