//! The data of every event type, with the traps that the protocol is known to set.

use kaizala_webhook::event::{Answer, Data, Event, EventType, Location, Media, PhoneNumber, Question, Timestamp};
use serde_json::{Value, json, value::RawValue};

use crate::support::sample;

/// Reads a body; leaks it, since what is read borrows from it.
fn event(body: &Value) -> Event<'static> {
    parse(body.to_string().into_bytes())
}

fn parse(body: Vec<u8>) -> Event<'static> {
    Event::parse(body.leak()).expect("it is an event")
}

fn data(name: &str) -> (Value, Data<'static>) {
    let sample = sample(name);
    let data = parse(sample.body()).data();
    (sample.json()["data"].clone(), data)
}

fn answer(question_type: &str, answer: Value) -> Option<Answer<'static>> {
    let mut question = json!({"title": "q", "type": question_type, "options": []});
    question["answer"] = answer;
    question_of(question).answer
}

fn question_of(question: Value) -> Question<'static> {
    let mut body = json!({"eventId": "1", "eventType": "ActionResponse", "data": {"responseDetails": {}}});
    body["data"]["responseDetails"]["responseWithQuestions"] = Value::Array(vec![question]);
    let Data::Response(response) = event(&body).data() else { panic!("it is a response") };
    response.questions.into_iter().next().expect("it has a question")
}

macro_rules! read {
    ($name:expr, $variant:ident) => {{
        let (json, data) = data($name);
        let Data::$variant(read) = data else { panic!("{}: {data:?}", $name) };
        (json, read)
    }};
}

#[test]
fn an_action_is_read_from_the_documented_fields() {
    let (json, action) = read!("action-created", Created);

    assert_eq!(action.title.as_deref(), json["title"].as_str());
    assert_eq!(action.action_id.as_deref(), json["actionId"].as_str());
    assert_eq!(action.package_id.as_deref(), json["packageId"].as_str());
    assert_eq!(action.questions.len(), json["questions"].as_array().unwrap().len());
    assert_eq!(action.questions[0].title.as_deref(), json["questions"][0]["title"].as_str());
    let (json, survey) = read!("survey-created", Created);
    assert_eq!(survey.questions.len(), json["questions"].as_array().unwrap().len());
}

#[test]
fn an_action_is_read_from_the_shape_that_the_documentation_prints() {
    let (json, action) = read!("action-created-printed-shape", Created);

    let questions = json["responseDetails"]["responseWithQuestions"].as_array().unwrap();
    assert_eq!(action.questions.len(), questions.len());
    assert_eq!(action.action_id.as_deref(), json["actionId"].as_str());
}

#[test]
fn a_response_is_read_with_all_its_questions_in_order() {
    let (json, response) = read!("action-response", Response);
    let expected = json["responseDetails"]["responseWithQuestions"].as_array().unwrap();

    assert_eq!(response.questions.len(), expected.len());
    for (question, expected) in response.questions.iter().zip(expected) {
        assert_eq!(question.title.as_deref(), expected["title"].as_str());
        assert_eq!(question.question_type.as_deref(), expected["type"].as_str());
        let unanswered = match &expected["answer"] {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        assert_eq!(question.answer.is_none(), unanswered, "{expected}");
        assert_eq!(question.is_invisible, expected["isInvisible"] == true);
        assert_eq!(question.options().len(), expected["options"].as_array().map_or(0, Vec::len));
    }
    assert_eq!(response.responder.as_deref(), json["responder"].as_str());
    assert_eq!(response.responder_id.as_deref(), json["responderId"].as_str());
    assert_eq!(response.is_update, Some(false));
    assert_eq!(response.is_anonymous, Some(false));

    let (_, edit) = read!("action-response-edit", Response);
    assert_eq!(edit.is_update, Some(true));
    let (_, anonymous) = read!("survey-response-anonymous", Response);
    assert_eq!((anonymous.is_anonymous, anonymous.responder), (Some(true), None));
    let (_, minimal) = read!("action-response-minimal", Response);
    assert_eq!(minimal.is_update, None);
}

#[test]
fn answers_are_read_by_the_type_of_their_question() {
    let text = |text: &'static str| text.into();
    let options =
        |titles: &[&'static str]| titles.iter().map(|title| (*title).into()).collect::<Vec<std::borrow::Cow<str>>>();

    for kind in ["Text", "LargeText"] {
        assert!(matches!(answer(kind, json!(" Hotel ")), Some(Answer::Text(read)) if read == " Hotel "));
    }
    assert!(
        matches!(answer("Text", json!("[\"{\\\"a\\\":1}\"]")), Some(Answer::Text(read)) if read == "[\"{\\\"a\\\":1}\"]")
    );
    for number in [json!(1.0), json!(1), json!("1.0"), json!(" 1 ")] {
        assert!(matches!(answer("Numeric", number), Some(Answer::Number(1.0))));
    }
    for kind in ["SingleOption", "SingleOptionExternal", "MultiOption", "MultipleOption"] {
        for (json, titles) in [
            (json!(["A"]), &["A"][..]),
            (json!("A"), &["A"]),
            (json!(["A", "B"]), &["A", "B"]),
            (json!([{"title": "A"}]), &["A"]),
        ] {
            assert!(matches!(answer(kind, json), Some(Answer::Options(read)) if read == options(titles)));
        }
    }
    let time = Timestamp::from_epoch_millis(1_521_800_782_956);
    assert!(matches!(answer("DateTime", json!(1_521_800_782_956_i64)), Some(Answer::Time(read)) if Some(read) == time));
    let day = Timestamp::from_epoch_millis(1_521_800_782_000);
    for date in [json!(1_521_800_782), json!(1_521_800_782_000_i64), json!("1521800782"), json!(1_521_800_782.0)] {
        assert!(matches!(answer("Date", date), Some(Answer::Time(read)) if Some(read) == day));
    }
    assert!(matches!(
        answer("PhoneNumber", json!({"cc": 254, "pn": "700000001"})),
        Some(Answer::PhoneNumber(read)) if read == PhoneNumber { country_code: text("254"), number: text("700000001") }
    ));
}

#[test]
fn a_place_is_read_in_every_spelling() {
    let place = Location {
        latitude: -1.29,
        longitude: 36.82,
        name: Some("Duka".into()),
        address: Some("Nairobi".into()),
        accuracy_m: Some(14.25),
    };
    let short = json!({"lt": -1.29, "lg": 36.82, "n": "Duka", "a": "Nairobi", "acc": 14.25});
    let long = json!({"latitude": -1.29, "longitude": 36.82, "name": "Duka", "address": "Nairobi", "accuracy": 14.25});
    // The JSON within the string has escapes of its own once it is itself a JSON string.
    for json in [
        short.clone(),
        long,
        json!(short.to_string()),
        json!({"lt": "-1.29", "lg": "36.82", "n": "Duka", "a": "Nairobi", "acc": "14.25"}),
    ] {
        assert!(matches!(answer("Location", json.clone()), Some(Answer::Location(read)) if read == place), "{json}");
    }
    assert!(matches!(
        answer("Location", json!({"lt": 1, "lg": 2})),
        Some(Answer::Location(Location { name: None, address: None, accuracy_m: None, .. }))
    ));
    assert!(matches!(answer("Location", json!("at the market")), Some(Answer::Text(_))));
    assert!(matches!(answer("Location", json!({"lt": 1})), Some(Answer::Json(_))));
}

#[test]
fn media_are_read_in_every_spelling() {
    let file = |url: &'static str, name: Option<&'static str>| Media {
        url: Some(url.into()),
        file_name: name.map(Into::into),
    };
    for (json, media) in [
        (json!([{"mediaUrl": "u", "mediaFileName": "f"}]), vec![file("u", Some("f"))]),
        (json!([{"url": "u", "fileName": "f"}]), vec![file("u", Some("f"))]),
        (json!([{"mediaUrl": "u", "url": "v"}, {"url": "w"}]), vec![file("u", None), file("w", None)]),
        (json!("u"), vec![file("u", None)]),
        (json!({"mediaUrl": "u"}), vec![file("u", None)]),
    ] {
        for kind in ["Image", "AttachmentList"] {
            assert!(matches!(answer(kind, json.clone()), Some(Answer::Media(read)) if read == media), "{json}");
        }
    }
}

#[test]
fn an_answer_that_does_not_fit_its_type_is_kept_as_it_is() {
    for (kind, json) in [
        ("Numeric", json!({"n": 1})),
        ("Numeric", json!([1])),
        ("MultiOption", json!([{"x": 1}])),
        ("DateTime", json!(-1)),
        ("DateTime", json!(1e300)),
        ("PhoneNumber", json!({"cc": 1})),
        ("Image", json!([1])),
        ("NeverHeardOf", json!({"x": [1]})),
        ("Text", json!(5)),
    ] {
        assert!(
            matches!(answer(kind, json.clone()), Some(Answer::Json(raw)) if serde_json::from_str::<Value>(raw.get()).ok() == Some(json.clone())),
            "{kind} {json}"
        );
    }
    assert!(matches!(answer("Numeric", json!("a dozen")), Some(Answer::Text(read)) if read == "a dozen"));
    for unanswered in [json!(null), json!(""), json!([])] {
        assert!(answer("Text", unanswered).is_none());
    }
    assert!(question_of(json!({"title": "q", "type": "Text"})).answer.is_none());
}

#[test]
fn oddly_shaped_questions_are_read_as_far_as_they_go() {
    assert_eq!(question_of(json!("just a title")).title.as_deref(), Some("just a title"));
    assert_eq!(question_of(json!([1])).title, None);
    let question = question_of(json!({"title": 7, "options": ["A", {"title": "B"}, {"x": 1}], "isInvisible": "true"}));
    assert_eq!(question.title.as_deref(), Some("7"));
    assert_eq!(question.options(), ["A", "B"]);
    assert!(question.is_invisible);
}

#[test]
fn the_senders_time_is_the_answer_to_the_response_time_question() {
    let time = Timestamp::from_epoch_millis(1_521_800_782_956);
    let occurred = |questions: Value| {
        let body = json!({"eventId": "1", "eventType": "ActionResponse", "data": {"responseDetails": {"responseWithQuestions": questions}}});
        event(&body).occurred_at()
    };
    let asked = |title: &str, kind: &str, answer: Value| json!({"title": title, "type": kind, "answer": answer});
    let millis = json!(1_521_800_782_956_i64);

    assert_eq!(occurred(json!([asked("ResponseTime", "DateTime", millis.clone())])), time);
    assert_eq!(occurred(json!([asked("Response Time", "DateTime", millis.clone())])), time);
    assert_eq!(
        occurred(json!([1, asked("q", "Text", json!("x")), asked("ResponseTime", "DateTime", millis.clone())])),
        time
    );
    // The app appends its own behind one that a person made up.
    let made_up = asked("Response Time", "DateTime", json!(86_400_000));
    assert_eq!(occurred(json!([made_up, asked("ResponseTime", "DateTime", millis.clone())])), time);
    assert_eq!(occurred(json!([asked("ResponseTime", "Text", millis.clone())])), None);
    assert_eq!(occurred(json!([asked("Time", "DateTime", millis)])), None);
    assert_eq!(occurred(json!([asked("ResponseTime", "DateTime", json!(null))])), None);
    assert_eq!(occurred(json!("none")), None);
}

#[test]
fn the_senders_time_is_looked_for_among_the_last_thousand_questions() {
    let occurred = |before: usize, behind: usize| {
        let mut questions = vec![json!(1); before + 1 + behind];
        questions[before] = json!({"title": "ResponseTime", "type": "DateTime", "answer": 1});
        let details = json!({"responseWithQuestions": questions});
        let body = json!({"eventId": "1", "eventType": "ActionResponse", "data": {"responseDetails": details}});
        event(&body).occurred_at()
    };
    for (before, behind) in [(0, 999), (1, 999), (1000, 0), (1500, 999), (5000, 0)] {
        assert!(occurred(before, behind).is_some(), "{before} before it, {behind} behind it");
    }
    assert_eq!(occurred(0, 1000), None);
    assert_eq!(occurred(5000, 1000), None);
}

#[test]
fn the_senders_time_is_found_in_lists_that_are_not_as_documented() {
    const QUESTION: &str = r#"{"title": "ResponseTime", "type": "DateTime", "answer": 1521800782956}"#;
    let time = Timestamp::from_epoch_millis(1_521_800_782_956);
    for details in [
        format!(r#"{{"responseWithQuestions": {QUESTION}}}"#),
        format!(r#"{{"responseWithQuestions": [], "responseWithQuestions": [{QUESTION}]}}"#),
        format!(r#"{{"\ud83d": 1, "responseWithQuestions": [{QUESTION}]}}"#),
        format!(r#"{{"responseWith\u0051uestions": [{QUESTION}]}}"#),
    ] {
        let body =
            format!(r#"{{"eventId": "1", "eventType": "ActionResponse", "data": {{"responseDetails": {details}}}}}"#);
        assert_eq!(Event::parse(body.as_bytes()).expect("it is an event").occurred_at(), time, "{details}");
    }
}

#[test]
fn a_job_and_its_answers_are_read_nested_and_flat() {
    let (json, job) = read!("job-created", JobCreated);
    assert_eq!(job.due_date.as_deref(), json["dueDate"].as_str());
    assert_eq!(job.assigned_to.len(), 2);

    let (json, nested) = read!("job-response", JobResponse);
    assert_eq!(nested.assignee.as_deref(), json["responseDetails"]["response"]["assignee"].as_str());
    assert_eq!(nested.is_completed, Some(true));
    let (json, flat) = read!("job-response-flat", JobResponse);
    assert_eq!(flat.assignee.as_deref(), json["assignee"].as_str());
    assert_eq!(flat.is_completed, Some(false));
    assert_eq!(flat.action_id.as_deref(), json["actionId"].as_str());
}

#[test]
fn messages_attachments_and_announcements_are_read_in_both_spellings() {
    let (json, message) = read!("text-message-created", TextMessage);
    assert_eq!(message.text.as_deref(), json["text"].as_str());
    let (json, attachment) = read!("attachment-created", Attachment);
    assert_eq!(attachment.media[0].url.as_deref(), json["media"][0]["mediaUrl"].as_str());
    assert_eq!(attachment.caption.as_deref(), json["caption"].as_str());
    let (_, album) = read!("attachment-created-album", Attachment);
    assert_eq!((album.media.len(), album.caption), (3, None));
    let (json, announcement) = read!("announcement", Announcement);
    assert_eq!(announcement.media[0].file_name.as_deref(), json["media"][0]["mediaFileName"].as_str());
    let (json, announcement) = read!("announcement-printed-media-keys", Announcement);
    assert_eq!(announcement.media[0].url.as_deref(), json["media"][0]["url"].as_str());
    assert_eq!(announcement.media[0].file_name.as_deref(), json["media"][0]["fileName"].as_str());
}

#[test]
fn half_an_emoji_is_read_as_a_replacement_character() {
    let Data::TextMessage(message) = parse(sample("text-message-created-escapes").body()).data() else {
        panic!("it is a message")
    };

    let text = message.text.expect("it has a text");
    assert!(text.ends_with('\u{fffd}') && text.contains('\n') && text.contains('"'), "{text:?}");
}

#[test]
fn membership_and_sub_groups_are_read() {
    for name in ["member-added", "member-removed"] {
        let (json, change) = read!(name, MemberChange);
        assert_eq!(change.member.as_deref(), json["member"].as_str());
        assert_eq!(change.role.as_deref(), json["type"].as_str());
    }
    for name in ["group-added", "group-removed"] {
        let (json, group) = read!(name, SubGroup);
        assert_eq!(group.group_id.as_deref(), json["groupId"].as_str());
    }
}

#[test]
fn polls_and_meetings_are_read_as_cards_and_responses() {
    let (json, poll) = read!("poll-created", Created);
    let [question] = &poll.questions[..] else { panic!("it has one question") };
    assert_eq!(question.title.as_deref(), json["question"].as_str());
    assert_eq!(question.options(), ["Monday", "Tuesday", "Neither"]);
    let (_, choice) = read!("poll-response", Response);
    let [question] = &choice.questions[..] else { panic!("it has one answer") };
    assert!(matches!(&question.answer, Some(Answer::Options(titles)) if titles == &["Tuesday"]));
    let (json, meeting) = read!("lets-meet-created", Created);
    assert_eq!((meeting.title.as_deref(), meeting.questions.len()), (json["title"].as_str(), 0));
    let (_, answer) = read!("lets-meet-response", Response);
    let titles: Vec<_> = answer.questions.iter().map(|question| question.title.as_deref().unwrap()).collect();
    assert_eq!(titles, ["attending", "guests"]);
}

#[test]
fn data_of_unknown_types_and_shapes_is_left_as_it_is() {
    for name in ["unknown-type", "data-of-unexpected-shape"] {
        let (_, other) = read!(name, Other);
        assert!(other.is_some(), "{name}");
    }
    let data = parse(sample("data-missing").body()).data();
    assert!(matches!(data, Data::Other(None)));
    let (_, job) = read!("job-response-member-shape", JobResponse);
    assert_eq!(job.assignee, None);
}

#[test]
fn every_event_type_is_known_by_its_name() {
    for event_type in EventType::ALL {
        assert_eq!(EventType::from_name(event_type.name()), Some(event_type));
    }
    assert_eq!(EventType::from_name("actionresponse"), None);
}

#[test]
fn what_only_tables_show_is_read_when_it_is_asked_for() {
    let body = json!({
        "eventId": "1", "eventType": "ActionResponse", "subscriptionId": "s", "context": "c", "fromUser": "+15550100",
        "fromUserName": "Nia", "isBotfromUser": "True", "data": {"Properties": [{"name": "n", "value": 1}]},
    });
    let event = parse(body.to_string().into());
    assert_eq!(event.subscription_id().as_deref(), Some("s"));
    assert_eq!(event.context().as_deref(), Some("c"));
    assert_eq!(event.from_user().as_deref(), Some("+15550100"));
    assert_eq!(event.from_user_name().as_deref(), Some("Nia"));
    assert_eq!(event.is_bot(), Some(true));
    assert_eq!(event.properties().map(RawValue::get), Some(r#"[{"name":"n","value":1}]"#));

    let event = parse(sample("action-created").body());
    let properties = sample("action-created").json()["data"]["properties"].clone();
    assert_eq!(serde_json::from_str::<Value>(event.properties().expect("it has some").get()).unwrap(), properties);

    let event = parse(r#"{"eventId":"1","eventType":"X","context":"","fromUserName":null,"data":7}"#.into());
    assert_eq!((event.context(), event.from_user_name(), event.is_bot()), (None, None, None));
    assert!(event.properties().is_none());
}

#[test]
fn an_event_in_a_log_shows_nothing_that_people_wrote() {
    let sample = sample("action-response");
    let body = sample.json();
    let event = parse(sample.body());
    let shown = format!("{event:?} {:?}", event.data());

    assert!(shown.contains(body["eventId"].as_str().unwrap()));
    for private in ["fromUser", "fromUserName"] {
        assert!(!shown.contains(body[private].as_str().unwrap()), "{shown}");
    }
}
