//! The page of `kaizala report` stays small, however many different things the events tell of, and how long their names are.

use std::fs;

use kaizala_webhook::{report::MAX_PAGE_BYTES, store::StoredItem};
use serde_json::{Value, json};

use crate::support::{
    page::{Page, report},
    tables::{stored, write_export},
};

const QUESTIONS: usize = 90;
const EVENTS: usize = 2_500;

/// A text of 250 characters that takes many bytes in the page: `<` and emoji.
fn long(of: &str, number: usize) -> String {
    format!("{of} {number} {}", "<🏪".repeat(120))
}

/// Events over years that fill every list of the page: groups, actions, people, questions, options, texts, places.
fn many() -> Vec<StoredItem> {
    let question = |at: usize, by: usize| match at % 4 {
        0 => json!({"title": long("Choice", at), "type": "MultiOption", "answer": [long("Option", by % 40)],
            "options": (0..30).map(|option| json!({"title": long("Option", option)})).collect::<Vec<_>>()}),
        1 => json!({"title": long("Number", at), "type": "Numeric", "answer": by * 7919 % 1_000_003}),
        2 => json!({"title": long("Text", at), "type": "Text", "answer": long("Text", by)}),
        _ => json!({"title": long("Place", at), "type": "Location",
            "answer": {"lt": 12.5, "lg": 77 + at % 60, "n": long("Place", by)}}),
    };
    let event = |at: usize| {
        let (by, group, card) = (at % 1_900, at % 61, at % 450);
        let person = json!({"user": long("user", by), "phone": format!("+1555{by:07}"), "name": long("Person", by)});
        let first = at % QUESTIONS;
        let questions: Vec<_> = (first..first + 4).map(|each| question(each % QUESTIONS, at)).collect();
        let body = match at % 5 {
            0 => {
                json!({"eventType": "JobCreated", "data": {"actionId": long("job", card), "groupId": long("group", group),
                "title": long("Job", card), "dueDate": "2020-03-06T18:00:00Z", "assignedTo": [person["phone"]]}})
            }
            1 => {
                json!({"eventType": "MemberAdded", "data": {"groupId": long("group", group), "member": person["phone"],
                "memberId": person["user"], "memberName": person["name"]}})
            }
            2 => json!({"eventType": long("Type", at % 45), "data": {"groupId": long("group", group)}}),
            _ => {
                json!({"eventType": "SurveyResponse", "data": {"actionId": long("card", card), "groupId": long("group", group),
                "packageId": long("package", card), "responseId": format!("r{at}"), "responder": person["phone"],
                "responderId": person["user"], "responderName": person["name"],
                "responseDetails": {"responseWithQuestions": questions}}})
            }
        };
        let mut body = body;
        body["eventId"] = json!(format!("e{at}"));
        body["fromUserId"] = person["user"].clone();
        body["fromUser"] = person["phone"].clone();
        body["fromUserName"] = person["name"].clone();
        let (year, month, day) = (2010 + at % 12, 1 + at % 12, 1 + at % 28);
        stored(body.to_string(), &format!("{year}-{month:02}-{day:02}T10:00:00Z"), false)
    };
    (0..EVENTS).flat_map(event).collect()
}

#[test]
fn the_page_has_at_most_3_mb_when_every_list_is_full_and_every_name_is_long() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    write_export(&folder.path().join("raw"), &many(), 2);
    let out = folder.path().join("report.html");
    let summary = report(&folder.path().join("raw"), &out, &[]);
    assert_eq!(summary["items"], EVENTS);

    let bytes = fs::metadata(&out).expect("it is there").len();
    assert_eq!(summary["bytes"], bytes);
    assert!(bytes <= MAX_PAGE_BYTES as u64, "{bytes}");
    // It is not small because nothing is in it: what there is no room for is missing, and the page says so.
    assert!(bytes > 1_000_000, "{bytes}");
    let mut page = Page::open(&out, 360);
    let note = page.0.evaluate("document.getElementById('questions-note').textContent");
    assert!(note.as_str().is_some_and(|text| text.contains("questions with few answers are not drawn")), "{note}");
    let events: u64 = page
        .table("events-by-group")
        .as_array()
        .expect("it is a list")
        .iter()
        .flat_map(|row| row.as_array().expect("it is a row").iter().skip(1))
        .map(|cell| cell.as_str().expect("it is text").replace(',', "").parse::<u64>().expect("it is a number"))
        .sum();
    assert_eq!(events, EVENTS as u64);
    assert!(page.0.evaluate("document.documentElement.scrollWidth").as_u64() <= Some(360));
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}
