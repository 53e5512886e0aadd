//! The tables that sum over many events: `people`, `cards`, `groups`.

use std::collections::BTreeMap;

use kaizala_webhook::{
    event::Timestamp,
    store::{GroupSource, NamedGroup, StoredItem},
};
use serde_json::{Value, json};

use crate::support::tables::{Rows, exported, stored, text, write_export};

/// The tables of events, each a minute after the one before.
fn tables(events: &[Value]) -> BTreeMap<&'static str, Rows> {
    let items = (0..).zip(events).flat_map(|(minute, event)| {
        let mut event = event.clone();
        event["eventId"] = json!(format!("e{minute}"));
        stored(event.to_string(), &format!("2023-03-06T10:{minute:02}:00.000Z"), false)
    });
    tables_of(&items.collect::<Vec<_>>())
}

fn tables_of(items: &[StoredItem]) -> BTreeMap<&'static str, Rows> {
    let folder = tempfile::tempdir().expect("there is a place for files");
    write_export(folder.path(), items, 3);
    exported(text(folder.path()), &[])
}

fn message(group: &str, user_id: Option<&str>, phone: Option<&str>) -> Value {
    json!({"eventType": "TextMessageCreated", "groupId": group, "fromUserId": user_id, "fromUser": phone,
        "fromUserName": user_id.or(phone).map(|id| format!("Name of {id}")), "data": {"text": "x"}})
}

fn member(group: &str, change: &str, phone: &str) -> Value {
    json!({"eventType": format!("Member{change}"), "groupId": group, "data": {"member": phone}})
}

/// For each person: id, user, phone number, groups.
fn people(tables: &BTreeMap<&'static str, Rows>) -> Vec<Value> {
    let mut people: Vec<_> = tables["people"]
        .iter()
        .map(|row| json!([row["person_id"], row["user_id"], row["phone"], row["groups"]]))
        .collect();
    people.sort_by_key(Value::to_string);
    people
}

#[test]
fn a_phone_number_is_its_users_and_one_of_two_users_is_a_person_of_its_own() {
    let tables = tables(&[
        // One user with one number, which other events tell alone.
        message("g", Some("u1"), Some("+1001")),
        json!({"eventType": "JobCreated", "groupId": "h", "data": {"assignedTo": ["+1001", "+1009"]}}),
        // Two users of one number, and the number alone.
        message("g", Some("u2"), Some("+1002")),
        message("g", Some("u3"), Some("+1002")),
        message("g", None, Some("+1002")),
        // A user with two numbers one after the other: the last is the user's.
        message("g", Some("u4"), Some("+1004")),
        message("g", Some("u4"), Some("+1005")),
        message("g", None, Some("+1004")),
        message("g", None, Some("+1005")),
        message("g", Some("u6"), None),
    ]);

    let expected = [
        json!(["+1002", null, "+1002", r#"["g"]"#]),
        json!(["+1004", null, "+1004", r#"["g"]"#]),
        json!(["+1009", null, "+1009", r#"["h"]"#]),
        json!(["u1", "u1", "+1001", r#"["g","h"]"#]),
        json!(["u2", "u2", null, r#"["g"]"#]),
        json!(["u3", "u3", null, r#"["g"]"#]),
        json!(["u4", "u4", "+1005", r#"["g"]"#]),
        json!(["u6", "u6", null, r#"["g"]"#]),
    ];
    assert_eq!(people(&tables), expected);
    // One join brings all together, and never multiplies.
    for row in tables.values().flatten().filter(|row| row["person_id"].is_string() && row["groups"].is_null()) {
        let id = &row["person_id"];
        let found = tables["people"].iter().filter(|person| person["person_id"] == *id || person["phone"] == *id);
        assert_eq!(found.count(), 1, "{row}");
    }
}

#[test]
fn a_person_was_seen_from_the_first_event_to_the_last_and_has_the_last_name() {
    let mut last = message("h", None, Some("+1001"));
    last["fromUserName"] = json!("Other name");
    let tables = tables(&[message("g", Some("u1"), Some("+1001")), last, member("g", "Removed", "+1001")]);

    let person = &tables["people"][0];
    assert_eq!(
        [&person["first_seen"], &person["last_seen"], &person["name"], &person["event_id"], &person["groups"]],
        ["2023-03-06T10:00:00.000Z", "2023-03-06T10:02:00.000Z", "Other name", "e2", r#"["h"]"#]
    );
    assert_eq!(tables["people"].len(), 1);
}

#[test]
fn an_event_has_the_id_of_whoever_its_phone_numbers_are() {
    let response = json!({"eventType": "ActionResponse", "groupId": "g", "fromUser": "+1001", "fromUserId": "u1",
        "data": {"responder": "+1001", "responseId": "r"}});
    let job = json!({"eventType": "JobResponse", "groupId": "g", "fromUser": "+1001", "fromUserId": "u1",
        "data": {"assignee": "+1002"}});
    let tables = tables(&[response, job, message("g", None, Some("+1003"))]);

    assert_eq!(tables["responses"][0]["person_id"], "u1");
    assert_eq!(tables["job_responses"][0]["person_id"], "+1002");
    assert_eq!(tables["messages"][0]["person_id"], "+1003");
}

#[test]
fn an_anonymous_responder_is_not_among_the_people() {
    let tables =
        tables(&[json!({"eventType": "SurveyResponse", "groupId": "g", "fromUser": "+1001", "fromUserId": "u1",
        "data": {"isAnonymous": true, "responder": "+1001", "responderId": "u1", "responderName": "Ada"}})]);

    assert!(tables["people"].is_empty());
    assert_eq!(tables["responses"].len(), 1);
}

#[test]
fn a_card_counts_its_responses_once_and_the_members_that_are_known() {
    let card = |id: Value, package: Value, title: &str| json!({"eventType": "ActionCreated", "groupId": "g", "data": {"actionId": id, "packageId": package, "title": title}});
    let response = |action: Value, response: &str, phone: &str| {
        json!({"eventType": "ActionResponse", "groupId": "g", "data":
            {"actionId": action, "packageId": "p", "responseId": response, "responder": phone, "isUpdateResponse": true}})
    };
    let tables = tables(&[
        card(json!("a"), json!("p"), "Old"),
        card(json!("a"), json!("p"), "New"),
        response(json!("a"), "r1", "+1"),
        response(json!("a"), "r1", "+1"),
        response(json!("a"), "r2", "+2"),
        response(json!(null), "r3", "+2"),
        response(json!("unseen"), "r4", "+2"),
        member("g", "Added", "+3"),
        member("g", "Added", "+4"),
        member("g", "Removed", "+4"),
    ]);

    let mut cards: Vec<_> = tables["cards"]
        .iter()
        .map(|row| {
            json!([
                row["action_id"],
                row["package_id"],
                row["title"],
                row["created_at"],
                row["responses"],
                row["members_known"],
                row["event_id"]
            ])
        })
        .collect();
    cards.sort_by_key(Value::to_string);
    assert_eq!(
        cards,
        [
            json!(["a", "p", "New", "2023-03-06T10:00:00.000Z", 2, 3, "e1"]),
            json!(["unseen", "p", null, null, 1, 3, "e6"]),
            json!([null, "p", null, null, 1, 3, "e5"]),
        ]
    );
}

#[test]
fn a_group_has_the_name_of_the_source_that_is_trusted_most() {
    let named = |id: &str, name: &str, source, minute: i64| {
        let group = NamedGroup { id: id.to_owned(), name: name.to_owned(), group_type: Some("Group".to_owned()) };
        let time = Timestamp::from_epoch_millis(1_680_000_000_000 + minute * 60_000).expect("it is a time");
        StoredItem::of_group(&group, source, time)
    };
    let added = |id: &str, name: &str| {
        let body = json!({"eventId": id, "eventType": "GroupAdded", "groupId": "parent",
            "data": {"groupId": id, "groupName": name, "groupType": "Sub"}});
        stored(body.to_string(), "2024-03-06T10:00:00.000Z", false)
    };
    let mut items = vec![named("a#1", "By hand", GroupSource::File, 1), named("b", "Listed", GroupSource::Api, 2)];
    items.extend(["a#1", "b", "c"].iter().flat_map(|id| added(id, "Told")));
    let tables = tables_of(&items);

    let groups: Vec<_> = tables["groups"]
        .iter()
        .map(|row| json!([row["group_id"], row["name"], row["type"], row["source"], row["event_id"]]))
        .collect();
    assert_eq!(
        groups,
        [
            json!(["c", "Told", "Sub", "event", "c"]),
            json!(["a#1", "By hand", "Group", "file", null]),
            json!(["b", "Listed", "Group", "api", null]),
        ]
    );
    assert_eq!((tables["group_names"].len(), tables["events"].len()), (5, 3));
}
