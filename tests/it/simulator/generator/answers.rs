//! The answers in generated responses: of every form, and read by the type of their question.

use std::collections::BTreeSet;

use kaizala_webhook::event::{Answer, Data, Question};
use serde_json::Value;

use super::{Sent, parse, sent};

/// The questions of all responses, as they were sent.
fn answered_questions() -> impl Iterator<Item = &'static Value> {
    let responses = sent().iter().filter(|Sent { event, .. }| event.event_type().ends_with("Response"));
    responses
        .filter_map(|Sent { json, .. }| json["data"]["responseDetails"]["responseWithQuestions"].as_array())
        .flatten()
}

#[test]
fn every_answer_is_read_by_the_type_of_its_question() {
    let mut types = BTreeSet::new();
    let mut read = |question: Question<'_>| {
        let name = question.question_type.expect("it has a type").into_owned();
        if let Some(answer) = question.answer {
            let fits = match name.as_str() {
                "Text" | "LargeText" => matches!(answer, Answer::Text(_)),
                "Numeric" => matches!(answer, Answer::Number(_)),
                "SingleOption" | "SingleOptionExternal" | "MultiOption" | "MultipleOption" => {
                    matches!(answer, Answer::Options(_))
                }
                "DateTime" | "Date" => {
                    matches!(answer, Answer::Time(time) if time.to_string().starts_with("202"))
                }
                "Location" => matches!(answer, Answer::Location(_)),
                "AttachmentList" | "Image" => matches!(answer, Answer::Media(_)),
                "PhoneNumber" => matches!(answer, Answer::PhoneNumber(_)),
                _ => matches!(answer, Answer::Json(_)),
            };
            assert!(fits, "an answer to {name} is read as something else");
            types.insert(name);
        }
    };
    for Sent { body, .. } in sent() {
        if let Data::Response(response) = parse(body).data() {
            response.questions.into_iter().for_each(&mut read);
        }
    }
    let expected = [
        "AttachmentList",
        "Date",
        "DateTime",
        "Image",
        "LargeText",
        "Location",
        "MultiOption",
        "MultipleOption",
        "Numeric",
        "PhoneNumber",
        "Rating",
        "SingleOption",
        "SingleOptionExternal",
        "Text",
    ];
    assert_eq!(types.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// The form of an answer, by the type of its question.
fn form(question: &Value) -> String {
    let name = question["type"].as_str().expect("it has a type");
    let form = match (name, question.get("answer")) {
        (_, None) => "absent".to_owned(),
        (_, Some(Value::Null)) => "null".to_owned(),
        (_, Some(Value::String(text))) if text.is_empty() => "\"\"".to_owned(),
        (_, Some(Value::Array(list))) if list.is_empty() => "[]".to_owned(),
        ("Text", Some(Value::String(text))) if text.trim() != text => "untrimmed".to_owned(),
        ("Text", Some(Value::String(text))) if serde_json::from_str::<Vec<String>>(text).is_ok() => "JSON".to_owned(),
        ("Location", Some(Value::String(place))) => {
            assert!(serde_json::from_str::<Value>(place).expect("it is JSON").is_object());
            "JSON".to_owned()
        }
        ("Location", Some(Value::Object(place))) => place.keys().cloned().collect::<Vec<_>>().join(" "),
        ("AttachmentList" | "Image", Some(Value::Array(list))) => {
            format!("array of {}", if list[0].get("mediaUrl").is_some() { "mediaUrl" } else { "url" })
        }
        ("Date", Some(time)) if time.as_u64().expect("it is a time") < 100_000_000_000 => "seconds".to_owned(),
        (_, Some(Value::Array(list))) => if list.len() > 1 { "array of several" } else { "array of one" }.to_owned(),
        (_, Some(Value::String(_))) => "string".to_owned(),
        (_, Some(Value::Number(number))) => if number.is_f64() { "decimal" } else { "integer" }.to_owned(),
        (_, Some(Value::Object(members))) => members.keys().cloned().collect::<Vec<_>>().join(" "),
        (_, Some(other)) => panic!("nobody answers {name} with {other}"),
    };
    // Nothing depends on the type of what is not answered.
    if ["absent", "null", "\"\"", "[]"].contains(&form.as_str()) { form } else { format!("{name}: {form}") }
}

#[test]
fn every_form_of_answer_occurs() {
    let forms: BTreeSet<_> = answered_questions().map(form).collect();
    for expected in [
        "absent",
        "null",
        "\"\"",
        "[]",
        "Text: string",
        "Text: untrimmed",
        "Text: JSON",
        "LargeText: string",
        "Numeric: decimal",
        "Numeric: integer",
        "SingleOption: array of one",
        "SingleOption: string",
        "SingleOptionExternal: array of one",
        "SingleOptionExternal: string",
        "MultiOption: array of one",
        "MultiOption: array of several",
        "MultipleOption: array of several",
        "DateTime: integer",
        "Date: integer",
        "Date: seconds",
        "Location: JSON",
        "Location: lg lt",
        "Location: lg lt n",
        "Location: acc lg lt n",
        "Location: a acc lg lt n",
        "Location: latitude longitude name",
        "AttachmentList: array of mediaUrl",
        "AttachmentList: array of url",
        "Image: array of mediaUrl",
        "Image: array of url",
        "Image: string",
        "PhoneNumber: cc pn",
        "Rating: integer",
        "Rating: of stars",
    ] {
        assert!(forms.contains(expected), "{expected} is not among {forms:#?}");
    }
}
