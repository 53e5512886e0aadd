//! Which rows come of an event.

use std::fs;

use kaizala_webhook::tables::documentation;
use serde_json::{Value, json};

use crate::support::{
    sample,
    tables::{ARRIVAL, Rows, rows_of},
};

/// The rows that a file of `events/` makes in a table.
fn sample_rows(name: &str, table: &str) -> Rows {
    rows_of(sample(name).body()).remove(table).unwrap_or_default()
}

/// The columns of an answer, but for those that are the same in all of a response; columns with null left out.
fn answers(question_type: &str, answer: Value) -> Rows {
    let mut question = json!({"title": "Q", "type": question_type});
    question["answer"] = answer;
    let body = json!({"eventId": "r1", "eventType": "ActionResponse", "groupId": "g", "data": {
        "actionId": "a1", "responseDetails": {"responseWithQuestions": [question]}}});
    let common =
        ["response_id", "action_id", "package_id", "question_position", "question_title", "question_type", "is_latest"];
    let mut rows = rows_of(body.to_string()).remove("answers").expect("there are answers");
    for row in &mut rows {
        let columns = row.as_object_mut().expect("it is an object");
        columns.retain(|name, value| !value.is_null() && name != "is_invisible" && !common.contains(&name.as_str()));
    }
    rows
}

/// The answers to questions of those types fill those columns.
fn fills(cases: impl IntoIterator<Item = (&'static str, Value, Value)>) {
    for (question_type, answer, expected) in cases {
        assert_eq!(json!(answers(question_type, answer.clone())), expected, "{question_type} {answer}");
    }
}

fn one_text(text: &str) -> Value {
    json!([{"answer_position": 1, "answer_text": text}])
}

#[test]
fn an_answer_that_is_a_number_fills_the_column_of_numbers_and_keeps_its_text() {
    fills([
        ("Text", json!(" untrimmed "), one_text(" untrimmed ")),
        ("LargeText", json!("{\"json\": true}"), one_text("{\"json\": true}")),
        ("Numeric", json!(1.0), json!([{"answer_position": 1, "answer_number": 1.0}])),
        ("Numeric", json!(" 12.5 "), json!([{"answer_position": 1, "answer_number": 12.5}])),
        ("Numeric", json!("a dozen"), one_text("a dozen")),
        (
            "Numeric",
            json!(12_345_678_901_234_567_u64),
            json!([{"answer_position": 1, "answer_number": 12_345_678_901_234_568.0,
                "answer_text": "12345678901234567"}]),
        ),
        ("Text", json!(" 12.50 "), json!([{"answer_position": 1, "answer_text": " 12.50 ", "answer_number": 12.5}])),
        ("Text", json!("-3"), json!([{"answer_position": 1, "answer_text": "-3", "answer_number": -3.0}])),
        ("Text", json!("0"), json!([{"answer_position": 1, "answer_text": "0", "answer_number": 0.0}])),
        ("Text", json!("0.5"), json!([{"answer_position": 1, "answer_text": "0.5", "answer_number": 0.5}])),
        ("Text", json!("+15550001234"), one_text("+15550001234")),
        ("Text", json!("05550001234"), one_text("05550001234")),
        ("Text", json!("1e5"), one_text("1e5")),
        ("Text", json!("1,000"), one_text("1,000")),
        ("Text", json!("4111111111111111"), one_text("4111111111111111")),
        ("PhoneNumber", json!("5550001234"), one_text("5550001234")),
        (
            "Rating",
            json!({"stars": 4, "of": 5}),
            json!([{"answer_position": 1, "answer_number": 4.0, "answer_json": r#"{"of":5,"stars":4}"#}]),
        ),
        (
            "Rating",
            json!("{\"stars\": 4}"),
            json!([{"answer_position": 1, "answer_number": 4.0, "answer_json": "{\"stars\": 4}"}]),
        ),
        ("Rating", json!(3), json!([{"answer_position": 1, "answer_text": "3", "answer_number": 3.0}])),
    ]);
}

#[test]
fn each_option_is_an_answer_and_each_time_is_one_however_it_was_written() {
    fills([
        ("SingleOption", json!(["5"]), json!([{"answer_position": 1, "answer_text": "5", "answer_number": 5.0}])),
        (
            "MultiOption",
            json!(["a", {"id": 1, "title": "b"}]),
            json!([{"answer_position": 1, "answer_text": "a"},
                {"answer_position": 2, "answer_text": "b", "answer_json": r#"{"id":1,"title":"b"}"#}]),
        ),
        ("SingleOption", json!(["Yes"]), one_text("Yes")),
        ("SingleOption", json!("Yes"), one_text("Yes")),
        ("SingleOptionExternal", json!([{"title": "North"}]), one_text("North")),
        (
            "MultiOption",
            json!(["a", "b"]),
            json!([{"answer_position": 1, "answer_text": "a"}, {"answer_position": 2, "answer_text": "b"}]),
        ),
        (
            "MultipleOption",
            json!([3, true]),
            json!([
            {"answer_position": 1, "answer_text": "3", "answer_number": 3.0}, {"answer_position": 2, "answer_text": "true"}]),
        ),
        ("MultiOption", json!(["a", {"id": 1}]), json!([{"answer_position": 1, "answer_json": r#"["a",{"id":1}]"#}])),
        (
            "DateTime",
            json!(1_678_093_290_580_i64),
            json!([
            {"answer_position": 1, "answer_time": "2023-03-06T09:01:30.580Z"}]),
        ),
        ("Date", json!(1_262_304_000), json!([{"answer_position": 1, "answer_time": "2010-01-01T00:00:00.000Z"}])),
        (
            "Date",
            json!(1_677_628_800_000_i64),
            json!([
            {"answer_position": 1, "answer_time": "2023-03-01T00:00:00.000Z"}]),
        ),
        (
            "DateTime",
            json!(1_678_093_290_580.75),
            json!([
            {"answer_position": 1, "answer_time": "2023-03-06T09:01:30.580Z", "answer_text": "1678093290580.75"}]),
        ),
        ("Date", json!("1262304000"), json!([{"answer_position": 1, "answer_time": "2010-01-01T00:00:00.000Z"}])),
        ("DateTime", json!(-5), json!([{"answer_position": 1, "answer_text": "-5", "answer_number": -5.0}])),
    ]);
}

#[test]
fn places_media_phone_numbers_and_what_is_structured_fill_the_columns_of_their_kind() {
    fills([
        (
            "Location",
            json!({"lt": -0.5, "lg": "34.25", "n": "Market", "acc": 12.5, "a": "Fish Lane"}),
            json!([{
            "answer_position": 1, "latitude": -0.5, "longitude": 34.25, "accuracy_m": 12.5, "place": "Market, Fish Lane",
            "answer_json": r#"{"a":"Fish Lane","acc":12.5,"lg":"34.25","lt":-0.5,"n":"Market"}"#}]),
        ),
        (
            "Location",
            json!("{\"lt\":1.5,\"lg\":2.5,\"n\":\"\"}"),
            json!([
            {"answer_position": 1, "latitude": 1.5, "longitude": 2.5, "answer_json": "{\"lt\":1.5,\"lg\":2.5,\"n\":\"\"}"}]),
        ),
        (
            "Location",
            json!({"latitude": 1.0, "longitude": 2.0, "address": "Lane"}),
            json!([
            {"answer_position": 1, "latitude": 1.0, "longitude": 2.0, "place": "Lane",
                "answer_json": r#"{"address":"Lane","latitude":1.0,"longitude":2.0}"#}]),
        ),
        ("Location", json!({"lt": 1.5}), json!([{"answer_position": 1, "answer_json": r#"{"lt":1.5}"#}])),
        ("Image", json!("https://x/1.png"), json!([{"answer_position": 1, "media_url": "https://x/1.png"}])),
        (
            "AttachmentList",
            json!([{"mediaUrl": "https://x/1", "mediaFileName": "1.jpg"}, {"url": "https://x/2"}]),
            json!([
            {"answer_position": 1, "media_url": "https://x/1", "media_file_name": "1.jpg"},
            {"answer_position": 2, "media_url": "https://x/2"}]),
        ),
        (
            "PhoneNumber",
            json!({"cc": 91, "pn": "5550001234"}),
            json!([{"answer_position": 1, "answer_text": "+915550001234", "answer_json": r#"{"cc":91,"pn":"5550001234"}"#}]),
        ),
        (
            "PhoneNumber",
            json!({"cc": "+1", "pn": 5_550_001}),
            json!([{"answer_position": 1, "answer_text": "+15550001", "answer_json": r#"{"cc":"+1","pn":5550001}"#}]),
        ),
        (
            "Signature",
            json!({"b": [1, 2], "a": {"t": "x y"}}),
            json!([{"answer_position": 1, "answer_json": r#"{"a":{"t":"x y"},"b":[1,2]}"#}]),
        ),
        ("Text", json!(false), one_text("false")),
    ]);
}

#[test]
fn json_answers_stay_as_they_were_sent_but_for_white_space() {
    let body = r#"{"eventId": "r1", "eventType": "ActionResponse", "groupId": "g", "data": {"responseDetails":
        {"responseWithQuestions": [{"title": "Q", "type": "X", "answer": { "b" : 1.50, "a" : [ "c d" , 1e3 ] } }]}}}"#;

    assert_eq!(rows_of(body)["answers"][0]["answer_json"], r#"{"b":1.50,"a":["c d",1e3]}"#);
}

#[test]
fn a_question_that_was_not_answered_has_one_row_of_nulls() {
    for answer in [json!(null), json!(""), json!([])] {
        assert_eq!(answers("MultiOption", answer), [json!({})]);
    }
}

#[test]
fn a_response_has_one_row_and_its_questions_keep_their_places() {
    let rows = rows_of(sample("action-response").body());

    assert_eq!(
        rows["responses"],
        [json!({
            "event_type": "ActionResponse",
            "action_id": "f04c99f8-45a4-4231-ab74-ad4890bb39d3",
            "package_id": "com.example.fieldvisit.2",
            "response_id": "c66e047c-8280-4a9f-91a1-10b7c4fef0a3",
            "responder_id": "ff242449-e3e3-4ece-8d73-e1006b5db2c2",
            "responder": "+15555550123",
            "responder_name": "Nia Wanderi",
            "is_anonymous": false,
            "is_update": false,
            "is_pulled": false,
            "is_latest": true,
            "ranked_at": "2023-03-06T09:01:30.580Z",
            "responded_at": "2023-03-06T09:01:30.580Z",
            "person_id": "ff242449-e3e3-4ece-8d73-e1006b5db2c2",
            "properties": rows["responses"][0]["properties"],
        })]
    );
    let answers = &rows["answers"];
    // 28 questions, of which three have two values each.
    assert_eq!(answers.len(), 31);
    let remarks: Vec<_> = answers.iter().filter(|row| row["question_title"] == "Remarks").collect();
    assert_eq!(remarks.iter().map(|row| &row["question_position"]).collect::<Vec<_>>(), [&json!(22), &json!(23)]);
    let time = answers.last().expect("there is one");
    assert_eq!((&time["question_title"], &time["is_invisible"]), (&json!("ResponseTime"), &json!(true)));
}

#[test]
fn an_anonymous_response_names_nobody() {
    let row = &sample_rows("survey-response-anonymous", "responses")[0];

    assert_eq!(row["is_anonymous"], true);
    assert!(["responder", "responder_id", "responder_name"].iter().all(|column| row[column].is_null()), "{row}");
}

#[test]
fn a_card_has_a_row_and_one_for_each_question() {
    let questions = sample_rows("survey-created", "questions");

    assert_eq!(
        sample_rows("survey-created", "actions"),
        [
            json!({"action_id": "216a0d8b-3987-4231-9a67-0b041e0b4fb5", "title": "After the training", "package_id": null,
                "properties": null})
        ]
    );
    assert_eq!(questions.len(), 3);
    assert_eq!(
        questions[0],
        json!({"action_id": "216a0d8b-3987-4231-9a67-0b041e0b4fb5", "position": 1,
        "title": "How was the training?", "type": "SingleOption", "options": r#"["Good","Fair","Poor"]"#})
    );
    assert_eq!(questions[1]["options"], json!(null));
    assert_eq!(sample_rows("action-created-printed-shape", "questions").len(), 3);
}

#[test]
fn a_job_has_a_row_for_each_assignee() {
    let row = |assignee: &str| {
        json!({"action_id": "500f3501-695e-4646-bbd5-6aa1c6fb88b4", "title": "Repair the pump",
            "text": "The handle is loose; spare bolts are in box 7.", "due_at": "2023-03-10T16:59:59.000Z",
            "assignee": assignee, "person_id": assignee})
    };

    assert_eq!(sample_rows("job-created", "jobs"), [row("+15555550126"), row("+15555550127")]);
    let twice = r#"{"eventId":"1","eventType":"JobCreated","data":{"assignedTo":["+1555","+1556","+1555"]}}"#;
    assert_eq!(rows_of(twice)["jobs"].iter().map(|row| &row["assignee"]).collect::<Vec<_>>(), ["+1555", "+1556"]);
    let body = r#"{"eventId":"1","eventType":"JobCreated","data":{"title":"t","dueDate":"soon","assignedTo":[]}}"#;
    assert_eq!(
        rows_of(body)["jobs"],
        [json!({"action_id": null, "title": "t", "text": null, "due_at": null, "assignee": null,
            "person_id": null})]
    );
}

#[test]
fn a_due_date_is_read_with_any_offset_and_in_epoch_time() {
    for (sent, due_at) in [
        (json!("2023-03-10T16:59:59Z"), json!("2023-03-10T16:59:59.000Z")),
        (json!("2023-03-10t16:59:59.1239+05:30"), json!("2023-03-10T11:29:59.123Z")),
        (json!("2024-02-29T23:00:00.5-02:00"), json!("2024-03-01T01:00:00.500Z")),
        (json!("2016-12-31T23:59:60Z"), json!("2016-12-31T23:59:59.999Z")),
        (json!(1_678_467_599), json!("2023-03-10T16:59:59.000Z")),
        (json!("1678467599000"), json!("2023-03-10T16:59:59.000Z")),
        (json!("2023-02-29T00:00:00Z"), json!(null)),
        (json!("2023-03-10T16:59:59"), json!(null)),
        (json!("2023-03-10T24:00:00Z"), json!(null)),
        (json!("1969-12-31T23:59:59Z"), json!(null)),
        (json!("२०२३-०३-१०T16:59:59Z"), json!(null)),
    ] {
        let body = json!({"eventId": "1", "eventType": "JobCreated", "data": {"dueDate": sent}});
        assert_eq!(rows_of(body.to_string())["jobs"][0]["due_at"], due_at, "{sent}");
    }
}

#[test]
fn answers_to_jobs_read_the_same_nested_and_flat() {
    assert_eq!(
        sample_rows("job-response", "job_responses"),
        [json!({
        "action_id": "500f3501-695e-4646-bbd5-6aa1c6fb88b4", "response_id": "e61faf16-714a-4006-b82d-b28dad1f663f",
        "assignee": "+15555550126", "assignee_name": "Otis Marrowbank", "person_id": "77f0015e-9d3f-41ee-9543-9112f983ea1d", "is_completed": true, "is_update": false, "is_pulled": false,
        "is_latest": true, "ranked_at": ARRIVAL})]
    );
    assert_eq!(sample_rows("job-response-flat", "job_responses")[0]["is_completed"], false);
    // What nobody says is null, and the answer is told by its event.
    assert_eq!(
        sample_rows("job-response-member-shape", "job_responses"),
        [json!({"action_id": null,
        "response_id": "34b1c255-5c6e-4df8-b814-ba915bcf05c8", "assignee": null, "assignee_name": null,
        "person_id": sample_rows("job-response-member-shape", "events")[0]["person_id"],
        "is_completed": null, "is_update": false, "is_pulled": false, "is_latest": true, "ranked_at": ARRIVAL})]
    );
}

#[test]
fn files_have_a_row_each_whoever_sent_them_and_however_their_keys_are_spelled() {
    let album = sample_rows("attachment-created-album", "attachments");
    assert_eq!(album.iter().map(|row| &row["position"]).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(album.iter().all(|row| row["action_type"] == "Album" && row["source_type"] == "AttachmentCreated"));

    let printed = &sample_rows("announcement-printed-media-keys", "attachments")[0];
    assert_eq!(
        (&printed["source_type"], &printed["media_file_name"]),
        (&json!("Announcement"), &json!("harbour-map.jpeg"))
    );
    assert_eq!(
        sample_rows("announcement", "announcements"),
        [
            json!({"title": "Sent by Tomás Quillfeather", "text": "The office is closed on Wednesday.\nKesho ofisi itafungwa."})
        ]
    );
}

#[test]
fn membership_and_sub_groups_are_changes() {
    assert_eq!(
        sample_rows("member-added", "members"),
        [json!({"change": "added",
        "member_id": "add86c7e-c710-41f0-adb3-97630fdd37b6", "member": "+15555550160", "member_name": "Wren Hollowell",
        "role": "Member", "person_id": "add86c7e-c710-41f0-adb3-97630fdd37b6"})]
    );
    assert_eq!(
        sample_rows("group-removed", "subgroups"),
        [json!({"change": "removed",
        "subgroup_id": "59d760e0-e97e-4f35-b07b-7bc5f67e13e1@1", "subgroup_name": null, "subgroup_type": null})]
    );
}

#[test]
fn what_has_no_table_of_its_own_is_among_the_events() {
    for name in ["unknown-type", "data-missing", "data-of-unexpected-shape"] {
        assert_eq!(rows_of(sample(name).body()).keys().collect::<Vec<_>>(), [&"events"], "{name}");
    }
}

#[test]
fn polls_and_meetings_are_in_the_tables_of_surveys() {
    let poll = &sample_rows("poll-created", "questions")[0];
    assert_eq!(poll["title"], "Which day suits you for the meeting?");
    assert_eq!(sample_rows("poll-created", "actions")[0]["title"], poll["title"]);
    assert_eq!(poll["options"], r#"["Monday","Tuesday","Neither"]"#);
    let answers: Vec<_> = ["poll-response", "lets-meet-response"]
        .iter()
        .flat_map(|name| sample_rows(name, "answers"))
        .map(|row| json!([row["question_position"], row["question_title"], row["answer_text"], row["answer_number"]]))
        .collect();
    assert_eq!(
        answers,
        [json!([1, "choices", "Tuesday", null]), json!([1, "attending", "Yes", null]), json!([2, "guests", "1", 1.0]),]
    );
    let meeting = &sample_rows("lets-meet-created", "events")[0]["other"];
    assert!(meeting.as_str().is_some_and(|other| other.contains("Boathouse, upper room")), "{meeting}");
}

#[test]
fn an_event_says_what_its_envelope_says() {
    let row = &sample_rows("action-response", "events")[0];
    assert!(row["context"].is_string() && row["subscription_id"].is_string(), "{row}");
    assert_eq!(
        sample_rows("action-response", "events"),
        [json!({
            "event_type": "ActionResponse",
            "object_type": "Group",
            "object_id": "e24a6532-922d-4a24-9512-05c802d2f410@2",
            "action_id": "f04c99f8-45a4-4231-ab74-ad4890bb39d3",
            "response_id": "c66e047c-8280-4a9f-91a1-10b7c4fef0a3",
            "from_user_id": "ff242449-e3e3-4ece-8d73-e1006b5db2c2",
            "from_user": "+15555550123",
            "from_user_name": "Nia Wanderi",
            "person_id": "ff242449-e3e3-4ece-8d73-e1006b5db2c2",
            "is_bot": false,
            "context": row["context"],
            "subscription_id": row["subscription_id"],
            "occurred_at": "2023-03-06T09:01:30.580Z",
            "revision_of": null,
            "other": row["other"],
        })]
    );
}

#[test]
fn what_is_no_event_is_in_quarantine_alone() {
    let body = sample("quarantine-not-utf8").body();
    let rows = rows_of(body.clone());

    assert_eq!(rows.keys().collect::<Vec<_>>(), [&"quarantine"]);
    let row = &rows["quarantine"][0];
    assert_eq!((&row["reason"], &row["bytes"]), (&json!("not-utf8"), &json!(body.len())));
}

#[test]
fn the_documentation_is_current() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flat-tables.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(file, documentation()).expect("it can be written");
    }

    let current = fs::read_to_string(file).unwrap_or_default();

    assert!(
        current == documentation(),
        "docs/flat-tables.md is not current: UPDATE_DOCS=1 cargo test --features cli documentation"
    );
}
