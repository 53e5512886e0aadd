//! `kaizala export --redact`: phone numbers and names are gone, and the tables still join.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    samples,
    tables::{export, exported_with, stored, text, write_export},
};

const KEY: (&str, &str) = ("KAIZALA_REDACT_KEY", "0123456789abcdef0123456789abcdef");
const ARRIVAL: &str = "2023-03-06T10:00:00Z";

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Object(columns) => columns.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn phone_numbers_and_names_of_the_sample_events_are_gone_and_joins_still_hold() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let of_events = |name: &str| !name.starts_with("handshake-") && !name.starts_with("refused-");
    let items: Vec<_> = samples()
        .into_iter()
        .filter(|sample| of_events(&sample.name))
        .flat_map(|sample| stored(sample.body(), ARRIVAL, false))
        .collect();
    write_export(folder.path(), &items, 1);

    let plain = exported_with(text(folder.path()), &[], &[]);
    let redacted = exported_with(text(folder.path()), &["--redact"], &[KEY]);

    let columns = [
        ("responses", "responder"),
        ("responses", "responder_name"),
        ("events", "from_user"),
        ("events", "from_user_name"),
        ("messages", "person_name"),
        ("people", "phone"),
        ("people", "name"),
        ("jobs", "assignee"),
        ("job_responses", "assignee"),
        ("job_responses", "assignee_name"),
        ("members", "member"),
        ("members", "member_name"),
    ];
    let of = |tables: &std::collections::BTreeMap<_, Vec<Value>>, (table, column): (&str, &str)| -> BTreeSet<String> {
        tables[table].iter().filter_map(|row| row[column].as_str()).map(str::to_owned).collect()
    };
    for column in columns {
        let secrets = of(&plain, column);
        assert!(!secrets.is_empty(), "{column:?}");
        for row in redacted.values().flatten() {
            for text in texts(row) {
                for secret in &secrets {
                    assert!(!text.contains(secret.as_str()), "{secret} in {text}");
                }
            }
        }
        assert_eq!(of(&redacted, column).len(), secrets.len(), "{column:?}");
    }
    let joined =
        |tables| of(tables, ("jobs", "assignee")).intersection(&of(tables, ("job_responses", "assignee"))).count();
    assert_eq!(joined(&redacted), joined(&plain));
    assert!(joined(&redacted) > 0);
    // Nothing else has changed.
    assert_eq!(redacted["members"][0]["member_id"], plain["members"][0]["member_id"]);
    assert_eq!(redacted["messages"][0]["text"].is_string(), plain["messages"][0]["text"].is_string());
}

#[test]
fn what_people_wrote_loses_phone_numbers_and_the_names_of_the_event() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let text_of = |written: &str| {
        let body = json!({"eventId": "1", "eventType": "TextMessageCreated", "groupId": "g", "fromUserName": "Ada Byron",
            "data": {"text": written}});
        let raw = folder.path().join("raw");
        write_export(&raw, &stored(body.to_string(), ARRIVAL, false), 1);
        let row = exported_with(text(&raw), &["--redact"], &[KEY])["messages"][0].clone();
        row["text"].as_str().expect("it is text").to_owned()
    };
    let (phone, name) = (text_of("+15550001234"), text_of("Ada Byron"));
    assert!(phone.starts_with("phone-") && name.starts_with("name-"), "{phone} {name}");

    for (written, expected) in [
        ("Call +1 (555) 000-1234, or me.", format!("Call {phone}, or me.")),
        ("Call 15550001234!", format!("Call {phone}!")),
        ("Ada Byron and Ada", format!("{name} and Ada")),
        (
            r#"{"who": "Ada Byron", "at": 15550001234, "tel": "15550001234"}"#,
            format!(r#"{{"who": "{name}", "at": 15550001234, "tel": "{phone}"}}"#),
        ),
        (
            "2023-03-06, order 0417, 3.14159265358979, +12, id-15550001234",
            "2023-03-06, order 0417, 3.14159265358979, +12, id-15550001234".to_owned(),
        ),
    ] {
        assert_eq!(text_of(written), expected);
    }
}

#[test]
fn the_same_key_makes_the_same_hashes_and_no_key_makes_fresh_ones() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    let body = r#"{"eventId":"1","eventType":"MemberAdded","groupId":"g","data":{"member":"+15550001234","memberName":"Ada"}}"#;
    write_export(&raw, &stored(body, ARRIVAL, false), 1);
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{}\n", KEY.1)).expect("it can be written");
    let member = |more: &[&str], variables: &[(&str, &str)]| {
        exported_with(text(&raw), &[&["--redact"], more].concat(), variables)["members"][0]["member"].clone()
    };

    assert_eq!(member(&[], &[KEY]), member(&["--redact-key-file", text(&file)], &[]));
    assert_ne!(member(&[], &[KEY]), member(&[], &[("KAIZALA_REDACT_KEY", "another-key-of-enough-bytes")]));
    assert_ne!(member(&[], &[]), member(&[], &[]));

    let arguments = ["--from", text(&raw), "--out", "x", "--format", "csv", "--redact"];
    let (code, _, error) = export(&arguments, &[("KAIZALA_REDACT_KEY", "short")]);
    assert_eq!(code, 1);
    assert!(error.contains("16 bytes") && !error.contains("short:"), "{error}");
}

#[test]
fn whoever_is_in_a_new_column_is_gone_too_and_people_still_join() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    let response = json!({"eventId": "1", "eventType": "SurveyResponse", "groupId": "g",
        "fromUser": "+15550001234", "context": "for Ada Byron", "fromUserProfilePic": "https://x/ada.jpg",
        "data": {"responder": "+15550001234", "responderName": "Ada Byron", "creatorName": "Charles Babbage",
            "invitedBy": {"userPhone": 15_550_009_999_u64, "nick": "Ada Byron"},
            "properties": [{"name": "Seller", "type": "Text", "value": "Ada Byron, +1 555 000 1234"}],
            "responseDetails": {"responseWithQuestions": [
                {"title": "Call", "type": "Text", "answer": "15550001234"},
                {"title": "Tel", "type": "PhoneNumber", "answer": {"cc": 1, "pn": "5550001234"}},
                {"title": "Sign", "type": "Signature", "answer": {"by": "Ada Byron"}}]}}});
    let job =
        json!({"eventId": "2", "eventType": "JobCreated", "groupId": "g", "data": {"assignedTo": ["+15550001234"]}});
    let user = json!({"eventId": "3", "eventType": "TextMessageCreated", "groupId": "g", "fromUserId": "user-7",
        "fromUser": "not-a-number@example.org", "data": {"text": "x"}});
    let items: Vec<_> =
        [response, job, user].iter().flat_map(|body| stored(body.to_string(), ARRIVAL, false)).collect();
    write_export(&raw, &items, 1);

    let tables = exported_with(text(&raw), &["--redact"], &[KEY]);

    for row in tables.values().flatten() {
        let shown = row.to_string();
        for secret in ["5550001234", "555 000 1234", "5550009999", "Ada", "Babbage", "ada.jpg", "not-a-number"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    let person = &tables["jobs"][0]["person_id"];
    assert!(person.as_str().is_some_and(|id| id.starts_with("phone-")), "{person}");
    assert_eq!(tables["responses"][0]["person_id"], *person);
    assert_eq!(tables["people"].iter().filter(|row| row["person_id"] == *person).count(), 1);
    assert_eq!(tables["messages"][0]["person_id"], "user-7");
    assert!(tables["answers"].iter().all(|row| row["answer_number"].is_null()));
}
