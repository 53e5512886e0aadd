//! When two responses say the same.

use kaizala_webhook::event::Event;
use serde_json::{Value, json};

/// Whether two responses whose questions are these say the same, asked from both sides.
fn same(one: &Value, other: &Value) -> bool {
    let response = |questions: &Value, more: &str| {
        json!({
            "eventType": "SurveyResponse", "eventId": "r1", "context": more,
            "data": { "responseId": "r1", "responderName": more, "responseDetails": { "responseWithQuestions": questions } },
        })
        .to_string()
    };
    let (one, other) = (response(one, "one"), response(other, "other"));
    let parse = |body: &str| {
        Event::parse(body.as_bytes()).expect("it is one").says_the_same(
            &Event::parse(if body == one { other.as_bytes() } else { one.as_bytes() }).expect("it is one"),
        )
    };
    let (there, back) = (parse(&one), parse(&other));
    assert_eq!(there, back, "{one} {other}");
    there
}

/// The same of two answers to one question of a type.
fn same_answers(question_type: &str, one: Value, other: Value) -> bool {
    let question = |answer: Value| json!([{ "title": "Question", "type": question_type, "answer": answer }]);
    same(&question(one), &question(other))
}

#[test]
fn what_is_only_told_differently_is_the_same() {
    for (question_type, one, other) in [
        ("Text", json!("a b"), json!("a b")),
        ("Numeric", json!(1.0), json!(1)),
        ("Numeric", json!("1"), json!(1)),
        ("SingleOption", json!("Yes"), json!(["Yes"])),
        ("MultiOption", json!([{ "title": "A" }, "B"]), json!(["A", "B"])),
        ("Date", json!(1_678_060_800), json!(1_678_060_800_000_i64)),
        ("Location", json!({ "lt": 12.5, "lg": 7, "acc": 3.5, "n": "x" }), json!({ "latitude": 12.5, "longitude": 7 })),
        ("Location", json!("{\"lt\":12.5,\"lg\":7}"), json!({ "lt": 12.5, "lg": 7 })),
        ("Image", json!("https://cdn.example/a.jpg?sig=1"), json!([{ "mediaUrl": "https://cdn.example/a.jpg?sig=2" }])),
        ("PhoneNumber", json!({ "cc": 1, "pn": "555" }), json!({ "pn": "555", "cc": "1" })),
        ("Rating", json!({ "a": 1, "b": 2 }), json!({ "b": 2, "a": 1 })),
        ("Text", json!(""), Value::Null),
    ] {
        assert!(same_answers(question_type, one.clone(), other.clone()), "{question_type} {one} {other}");
    }
}

#[test]
fn what_says_something_else_is_not_the_same() {
    for (question_type, one, other) in [
        ("Text", json!("a"), json!("a ")),
        ("Text", json!("a"), Value::Null),
        ("Numeric", json!(1), json!(1.5)),
        ("SingleOption", json!("Yes"), json!("No")),
        ("MultiOption", json!(["A", "B"]), json!(["A"])),
        ("DateTime", json!(1_678_060_800_000_i64), json!(1_678_060_800_001_i64)),
        ("Location", json!({ "lt": 12.5, "lg": 7 }), json!({ "lt": 12.6, "lg": 7 })),
        ("Location", json!({ "lt": 12.5, "lg": 7, "n": "x" }), json!({ "lt": 12.5, "lg": 7, "n": "y" })),
        ("Image", json!("https://cdn.example/a.jpg"), json!("https://cdn.example/b.jpg")),
        ("PhoneNumber", json!({ "cc": 1, "pn": "555" }), json!({ "cc": 1, "pn": "556" })),
        ("Rating", json!({ "a": 1 }), json!({ "a": 2 })),
    ] {
        assert!(!same_answers(question_type, one.clone(), other.clone()), "{question_type} {one} {other}");
    }
}

#[test]
fn an_answer_belongs_to_its_question() {
    let answered = |title: &str| json!([{ "title": "A" }, { "title": title, "type": "Text", "answer": "x" }]);
    assert!(
        same(&answered("B"), &json!([{ "title": "B", "type": "Text", "answer": "x" }])),
        "unanswered ones are not answers"
    );
    assert!(!same(&answered("B"), &answered("A")));
    assert!(same(&answered("B"), &json!([{ "type": "Text", "answer": "x" }])), "titles count where both have them");
}

#[test]
fn what_the_app_fills_in_counts_where_both_have_it() {
    let at = |time: Option<i64>| {
        let mut questions = vec![json!({ "title": "A", "type": "Text", "answer": "x" })];
        questions.extend(time.map(|time| json!({ "title": "ResponseTime", "type": "DateTime", "answer": time })));
        Value::Array(questions)
    };
    assert!(same(&at(Some(1)), &at(None)));
    assert!(same(&at(Some(1)), &at(Some(1))));
    assert!(!same(&at(Some(1)), &at(Some(2))));
}

#[test]
fn what_is_no_answer_says_the_same_when_its_content_is_the_same() {
    let message = |text: &str, context: &str| {
        json!({ "eventType": "TextMessageCreated", "eventId": "1", "context": context, "data": { "text": text } })
            .to_string()
    };
    let same = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|body| Event::parse(body.as_bytes()).expect("it is one"));
        one.says_the_same(&other)
    };
    assert!(same(&message("a", "x"), &message("a", "y")));
    assert!(!same(&message("a", "x"), &message("b", "x")));
}
