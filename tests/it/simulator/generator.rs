//! The generated events: reproducible, of every kind, and read by the receiver as what they were meant to be.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::OnceLock,
};

use kaizala_webhook::{
    event::{Answer, Data, Event, EventType, Question, Sha256Digest, UNGROUPED},
    simulator::generator::{Generated, Generator},
};
use serde_json::Value;

const SEED: u64 = 7;

/// An event, with what its subscription of the group delivers.
struct Sent {
    event: Generated,
    body: Vec<u8>,
    json: Value,
}

/// The first 5,000 events of a seed, generated once for all tests.
fn sent() -> &'static [Sent] {
    static SENT: OnceLock<Vec<Sent>> = OnceLock::new();
    let sent = |event: Generated| Sent { body: event.body(), json: json(&event.body()), event };
    SENT.get_or_init(|| Generator::new(SEED).take(5_000).map(sent).collect())
}

fn parse(body: &[u8]) -> Event<'_> {
    Event::parse(body).expect("it is an event")
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("it is JSON")
}

fn groups(seed: u64) -> BTreeSet<String> {
    Generator::new(seed).take(300).map(|event| parse(&event.body()).table_group().into_owned()).collect()
}

/// The questions of all responses, as they were sent.
fn answered_questions() -> impl Iterator<Item = &'static Value> {
    let responses = sent().iter().filter(|Sent { event, .. }| event.event_type().ends_with("Response"));
    responses
        .filter_map(|Sent { json, .. }| json["data"]["responseDetails"]["responseWithQuestions"].as_array())
        .flatten()
}

/// The URLs of all media, in whatever they were sent.
fn media_urls(value: &Value, urls: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("https://media.example.com/att/") => urls.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| media_urls(item, urls)),
        Value::Object(members) => members.values().for_each(|member| media_urls(member, urls)),
        _ => {}
    }
}

#[test]
fn a_seed_gives_the_same_bytes_whenever_it_is_asked() {
    for (first, second) in Generator::new(SEED).zip(Generator::new(SEED)).take(500) {
        assert_eq!(first.body(), second.body());
        assert_eq!(first.through_package(), second.through_package());
        let edits = (first.edited(), second.edited(), first.edited());
        let [first, second, again] = [edits.0, edits.1, edits.2].map(|edit| edit.map(|edit| edit.body()));
        assert_eq!(first, second);
        assert_eq!(first, again);
    }
}

#[test]
fn a_seed_gives_the_same_bytes_on_every_machine_and_in_every_version() {
    let mut bytes = Vec::new();
    for event in Generator::new(SEED).take(500) {
        bytes.extend(event.body());
        bytes.extend(event.through_package().unwrap_or_default());
        bytes.extend(event.edited().map(|edit| edit.body()).unwrap_or_default());
    }
    // Whoever changes the generator on purpose puts the new digest here, and says in the changelog that seeds mean
    // other events now.
    assert_eq!(
        Sha256Digest::of(&bytes).to_string(),
        "ada7c82823b5a32dfcd62ce798688ccfbb3055854a3b2f6581a3af6030b8b660"
    );
}

#[test]
fn another_seed_gives_other_groups() {
    let mut seen = BTreeSet::new();
    for seed in [0, 1, 2, SEED, u64::MAX] {
        let groups = groups(seed);
        assert!((3..=12).contains(&groups.len()), "{} groups", groups.len());
        assert!(groups.is_disjoint(&seen));
        seen.extend(groups);
    }
    assert!(seen.iter().any(|group| group.contains('@')));
}

#[test]
fn every_event_type_occurs_and_responses_and_messages_dominate() {
    let mut counts = BTreeMap::<_, usize>::new();
    for Sent { event, .. } in sent() {
        *counts.entry(event.event_type()).or_default() += 1;
    }
    for event_type in EventType::ALL {
        assert!(counts.contains_key(event_type.name()), "{}", event_type.name());
    }
    let unknown: usize = counts.iter().filter(|(name, _)| EventType::from_name(name).is_none()).map(|(_, n)| n).sum();
    assert!((1..100).contains(&unknown), "{unknown} of unknown types");
    let frequent: usize = counts
        .iter()
        .filter(|(name, _)| name.ends_with("Response") || **name == "TextMessageCreated")
        .map(|(_, n)| n)
        .sum();
    assert!(frequent > sent().len() * 7 / 10, "{frequent} responses and messages");
}

#[test]
fn every_body_is_an_event_with_a_key_of_its_own_in_a_group() {
    let own_groups = groups(SEED);
    let mut keys = HashSet::new();
    for Sent { event, body, .. } in sent() {
        let read = parse(body);
        assert_eq!(read.event_type, event.event_type());
        assert!(keys.insert(read.event_id.clone().into_owned()), "{event:?} has an id that another one has");
        assert_ne!(read.table_group(), UNGROUPED, "{event:?}");
        assert!(own_groups.contains(&*read.table_group()), "{event:?} is in a group of its own");
        assert_eq!(read.object_id.as_deref(), Some(&*read.table_group()), "{event:?}");
        assert_eq!(read.object_type.as_deref(), Some("Group"));
        if read.known_type().is_some_and(|known| known.name().ends_with("Response")) {
            assert_eq!(read.response_id(), Some(&*read.event_id), "{event:?}");
        }
    }
}

#[test]
fn data_is_read_as_what_it_was_meant_to_be() {
    for Sent { event, body, .. } in sent() {
        let read = parse(body);
        match read.data() {
            Data::Created(card) => assert!(card.action_id.is_some() && !card.questions.is_empty(), "{event:?}"),
            Data::Response(response) => {
                assert!(response.action_id.is_some() && response.is_update != Some(true), "{event:?}");
                assert!(response.responder.is_some() || response.is_anonymous == Some(true), "{event:?}");
                assert!(!response.questions.is_empty(), "{event:?}");
            }
            Data::JobCreated(job) => assert!(!job.assigned_to.is_empty() && job.due_date.is_some(), "{event:?}"),
            Data::JobResponse(response) => {
                assert!(response.assignee.is_some() && response.is_completed.is_some(), "{event:?}");
            }
            Data::TextMessage(message) => assert!(message.text.is_some(), "{event:?}"),
            Data::Attachment(attachment) => assert!(!attachment.media.is_empty(), "{event:?}"),
            Data::Announcement(announcement) => assert!(announcement.title.is_some(), "{event:?}"),
            Data::MemberChange(change) => assert!(change.member.is_some() && change.role.is_some(), "{event:?}"),
            Data::SubGroup(sub_group) => {
                assert!(sub_group.group_id.is_some_and(|id| id != read.table_group()), "{event:?}");
            }
            Data::Other(_) => {
                let name = event.event_type();
                let is_opaque = name.starts_with("Poll") || name.starts_with("LetsMeet");
                assert!(is_opaque || EventType::from_name(name).is_none(), "{event:?}");
            }
        }
    }
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

#[test]
fn every_shape_of_data_and_envelope_occurs() {
    let mut shapes = BTreeSet::new();
    let mut note = |shape: &str, occurs: bool| {
        if occurs {
            shapes.insert(shape.to_owned());
        }
    };
    for Sent { event, json: body, .. } in sent() {
        let data = &body["data"];
        for name in [
            "subscriptionId",
            "context",
            "fromUser",
            "fromUserId",
            "fromUserName",
            "groupId",
            "sourceGroupId",
            "isBotfromUser",
        ] {
            let presence = body.get(name).map_or("absent", |value| if value.is_null() { "null" } else { "there" });
            note(&format!("{name} {presence}"), true);
        }
        note("profile picture \"\"", body["fromUserProfilePic"] == "");
        let in_data = data["groupId"].is_string();
        let in_envelope = body["groupId"].is_string();
        note("group in data and envelope", in_data && in_envelope);
        note("group in data only", in_data && !in_envelope);
        note("group in envelope only", !in_data && in_envelope);
        note("group as objectId only", !in_data && !in_envelope);
        for name in ["eventId", "objectId"] {
            note(&format!("{name} with @"), body[name].as_str().is_some_and(|id| id.contains('@')));
            note(&format!("{name} that is no GUID"), body[name].as_str().is_some_and(|id| id.len() < 36));
        }
        match event.event_type() {
            "ActionCreated" | "SurveyCreated" => {
                note("created with questions", data["questions"].is_array());
                note("created with properties", data["properties"].is_array());
                note("created as printed", data["responseDetails"]["responseWithQuestions"].is_array());
            }
            "ActionResponse" | "SurveyResponse" => {
                let questions = data["responseDetails"]["responseWithQuestions"].as_array().expect("it has questions");
                let invisible = questions.iter().find(|question| question["isInvisible"] == true);
                note("response without its time", invisible.is_none());
                note("response with ResponseTime", invisible.is_some_and(|q| q["title"] == "ResponseTime"));
                note("response with Response Time", invisible.is_some_and(|q| q["title"] == "Response Time"));
                note("isUpdateResponse false", data["isUpdateResponse"] == false);
                note("isUpdateResponse not there", data.get("isUpdateResponse").is_none());
                note("anonymous", data["isAnonymous"] == true);
                note("Properties", data["Properties"].is_array());
                note("versioned package", data["packageId"].as_str().is_some_and(|id| id.ends_with(".2")));
            }
            "JobResponse" => {
                let nested = &data["responseDetails"]["response"];
                let answer = if nested.is_object() { nested } else { data };
                note("job nested", nested.is_object());
                note("job flat", data["assignee"].is_string());
                note("isCompleted as Boolean", answer["isCompleted"].is_boolean());
                note("isCompleted as string", answer["isCompleted"].is_string());
            }
            "Announcement" => {
                note("announcement with mediaUrl", data["media"][0]["mediaUrl"].is_string());
                note("announcement with url", data["media"][0]["url"].is_string());
                note("announcement without media", data["media"] == Value::Array(Vec::new()));
            }
            _ => {}
        }
    }
    // Eight fields there, null or absent; four places of the group; four odd ids; "" as picture; and those below it.
    assert_eq!(shapes.len(), 8 * 3 + 4 + 4 + 1 + 3 + 8 + 4 + 3, "{shapes:#?}");
}

#[test]
fn cards_and_jobs_are_created_once_and_before_they_are_answered() {
    let mut created = BTreeMap::new();
    let titles = |data: &Data<'_>| match data {
        Data::Created(card) => card.questions.iter().map(|q| q.title.clone().unwrap().into_owned()).collect(),
        Data::Response(response) => response.questions.iter().map(|q| q.title.clone().unwrap().into_owned()).collect(),
        _ => Vec::<String>::new(),
    };
    let mut last_response = None;
    for Sent { event, body, .. } in sent() {
        let read = parse(body);
        let Some(action) = read.action_id() else { continue };
        let card = (read.table_group().into_owned(), titles(&read.data()));
        if event.event_type().ends_with("Created") {
            assert!(created.insert(action.to_owned(), card).is_none(), "{event:?} creates something again");
        } else {
            assert_eq!(created.get(action), Some(&card), "{event:?} answers something else");
            assert!(read.occurred_at() > last_response || read.occurred_at().is_none(), "{event:?} is in the past");
            last_response = read.occurred_at().or(last_response);
        }
    }
    let last = last_response.expect("some responses have a time").to_string();
    assert!(last.starts_with("2023-01-01T"), "5,000 events take until {last}");
}

#[test]
fn text_comes_in_many_scripts_and_media_urls_up_to_their_real_length() {
    let text: String = sent().iter().map(|Sent { body, .. }| String::from_utf8_lossy(body)).collect();
    for sample in
        ["बैठक", "\u{200f}الاجتماع", "Проверьте", "会议", "写真", "👍", "=1+1", "\\n", "\\\"", "\\\\", "<script>"]
    {
        assert!(text.contains(sample), "{sample}");
    }
    let mut urls = Vec::new();
    for Sent { json, .. } in sent() {
        media_urls(json, &mut urls);
    }
    assert_eq!(urls.iter().map(String::len).max(), Some(616));
    assert!(urls.iter().any(|url| url.contains("&sig=")) && urls.iter().any(|url| !url.contains('?')));
}

#[test]
fn through_its_package_an_event_is_the_same_in_other_bytes() {
    let mut packaged = BTreeSet::new();
    for Sent { event, body: through_group, .. } in sent() {
        let Some(through_package) = event.through_package() else {
            assert!(!["ActionCreated", "ActionResponse"].contains(&event.event_type()), "{event:?} has no package");
            continue;
        };
        packaged.insert(event.event_type());
        assert_ne!(*through_group, through_package);
        let (group, package) = (parse(through_group), parse(&through_package));
        assert_eq!(group.content_digest(), package.content_digest(), "{event:?}");
        assert_eq!(group.key(), package.key());
        assert_eq!(group.table_group(), package.table_group());
        assert_eq!(package.object_type.as_deref(), Some("ActionPackage"));
        assert_ne!(group.object_id, package.object_id);
        assert_ne!(group.subscription_id(), package.subscription_id());
        assert_ne!(group.context(), package.context());
        assert_eq!(group.from_user(), package.from_user());
    }
    assert_eq!(Vec::from_iter(packaged), ["ActionCreated", "ActionResponse", "SurveyCreated", "SurveyResponse"]);
}

#[test]
fn every_edit_of_a_response_is_a_further_revision() {
    let mut edited = BTreeSet::new();
    for Sent { event, body, .. } in sent().iter().take(500) {
        let is_response = event.event_type().ends_with("Response");
        assert_eq!(event.edited().is_some(), is_response, "{event:?}");
        if !is_response {
            continue;
        }
        edited.insert(event.event_type());
        let original = parse(body);
        let mut digests = HashSet::from([original.content_digest()]);
        let mut edit = event.clone();
        for _ in 0..4 {
            edit = edit.edited().expect("an edit can be edited");
            let body = edit.body();
            let read = parse(&body);
            assert!(digests.insert(read.content_digest()), "{event:?} is edited to what it was before");
            assert_eq!(read.key(), original.key());
            assert_eq!(read.table_group(), original.table_group());
            assert_eq!(read.response_id(), original.response_id());
            assert_eq!(json(&body)["data"]["isUpdateResponse"], true);
            if let Some(occurred_at) = original.occurred_at() {
                assert!(read.occurred_at() > Some(occurred_at), "{event:?} is edited before it was given");
            }
            if let Some(through_package) = edit.through_package() {
                assert_eq!(parse(&through_package).content_digest(), read.content_digest());
            }
        }
    }
    assert_eq!(
        Vec::from_iter(edited),
        ["ActionResponse", "JobResponse", "LetsMeetResponse", "PollResponse", "SurveyResponse"]
    );
}

#[test]
fn most_events_are_small_and_a_few_are_large_or_huge() {
    let mut sizes: Vec<_> = Generator::new(SEED).take(10_000).map(|event| event.body().len()).collect();
    sizes.sort_unstable();

    assert!((150..400).contains(&sizes[0]), "the smallest has {}", sizes[0]);
    assert!((500..4_000).contains(&sizes[5_000]), "the median is {}", sizes[5_000]);
    let large = sizes.iter().filter(|size| (150_000..1_000_000).contains(*size)).count();
    assert!((4..=5).contains(&large), "{large} are large");
    let huge: Vec<_> = sizes.iter().filter(|size| **size >= 1_000_000).collect();
    assert!(huge.len() == 1 && *huge[0] < 3_100_000, "{huge:?}");
    assert!(sizes[9_990] < 100_000, "the rest ends at {}", sizes[9_990]);
}

#[test]
fn an_edit_of_something_large_stays_large() {
    let mut edits = 0;
    for event in (0..3).flat_map(|seed| Generator::new(seed).take(2_000)) {
        let Some(edit) = event.edited().filter(|_| event.body().len() > 150_000) else { continue };
        assert!(edit.body().len() > 150_000, "{event:?}");
        edits += 1;
    }
    assert!(edits > 0);
}

#[test]
fn nothing_of_what_people_wrote_is_shown_by_accident() {
    for Sent { event, json, .. } in sent() {
        let shown = format!("{event:?}");
        let id = json["eventId"].as_str().expect("it has an id");
        assert_eq!(shown, format!("Generated {{ event_type: {:?}, event_id: {id:?}, .. }}", event.event_type()));
    }
}
