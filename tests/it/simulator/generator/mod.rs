//! The generated events: reproducible, of every kind, and read by the receiver as what they were meant to be.

mod answers;
mod bodies;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::OnceLock,
};

use kaizala_webhook::{
    event::{Data, Event, EventType, Sha256Digest, UNGROUPED},
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
        "5c4b4c6635cb923bd618d11c0bf795eee67d54d6b941bdb69b86152f8e43c79b"
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
            Data::ImportedMessage(_) => panic!("no webhook sends it: {event:?}"),
            Data::Other(_) => {
                let name = event.event_type();
                let is_opaque = name.starts_with("Poll") || name.starts_with("LetsMeet");
                assert!(is_opaque || EventType::from_name(name).is_none(), "{event:?}");
            }
        }
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
}

#[test]
fn events_are_spread_over_weeks_with_busy_office_hours_and_quiet_nights_and_weekends() {
    const HOUR: u64 = 3_600_000;
    let times: Vec<_> = Generator::new(SEED).take(5_000).map(|event| event.happened_at()).collect();
    assert!(times.is_sorted_by(|earlier, later| earlier < later));
    // Weeks begin on Monday; the epoch was a Thursday.
    let weeks: BTreeSet<_> = times[..1000].iter().map(|time| (time / HOUR / 24 + 3) / 7).collect();
    assert!((4..=6).contains(&weeks.len()), "{} weeks", weeks.len());
    let (mut by_hour, mut by_weekday) = ([0; 24], [0; 7]);
    for time in &times {
        by_hour[usize::try_from(time / HOUR % 24).expect("it is small")] += 1;
        by_weekday[usize::try_from((time / HOUR / 24 + 3) % 7).expect("it is small")] += 1;
    }
    let night: usize = by_hour[..6].iter().sum();
    let office: usize = by_hour[8..18].iter().sum();
    assert!(office > 4_000 && (1..150).contains(&night), "{by_hour:?}");
    let weekend = by_weekday[5] + by_weekday[6];
    assert!((100..600).contains(&weekend) && by_weekday[..5].iter().all(|day| *day > 600), "{by_weekday:?}");
}

#[test]
fn when_a_response_says_its_time_it_is_the_time_of_the_event_and_an_edit_is_later() {
    for Sent { event, body, .. } in sent() {
        let time = |body: &[u8]| parse(body).occurred_at().map(|time| time.epoch_millis().cast_unsigned());
        assert!(time(body).is_none_or(|time| time == event.happened_at()), "{event:?}");
        let Some(edit) = event.edited() else { continue };
        assert!(edit.happened_at() > event.happened_at(), "{event:?}");
        assert!(time(&edit.body()).is_none_or(|time| time == edit.happened_at()), "{event:?}");
    }
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
