//! What the simulated API lets a client pull.

use http::StatusCode;
use kaizala_webhook::simulator::api::ResponsePlace;
use serde_json::{Value, json};

use super::{GROUP, GROUP_IN_PATH, Kaizala, assert_refused, text};

#[tokio::test]
async fn groups_and_their_members_are_listed() {
    let kaizala = Kaizala::start().await;
    let parent = json!({ "groupId": GROUP, "groupName": "Parent", "hasParentGroups": false, "userCount": 2 });
    let sub_group = json!({ "groupId": "sub", "groupName": "Sub", "hasParentGroups": true, "userCount": 1 });
    let members = vec![json!({ "id": "m1", "role": "Admin", "mobileNumber": "+12025550101" })];
    kaizala.api.put_group(parent.clone(), members.clone());
    kaizala.api.put_group(sub_group.clone(), vec![]);

    let all = kaizala.get("/v1/groups?fetchAllGroups=true&showDetails=true").await.json();
    assert_eq!(all, json!({ "groups": [parent, sub_group] }));
    let brief = kaizala.get("/v1/groups").await.json();
    assert_eq!(brief, json!({ "groups": [{ "groupId": GROUP, "groupName": "Parent" }] }));

    let found = kaizala.get(&format!("/v1/groups/{GROUP_IN_PATH}/members")).await.json();
    assert_eq!(found, json!({ "members": members }));
    assert_refused(&kaizala.get("/v1/groups/nothing/members").await, StatusCode::NOT_FOUND, "NotFound");
    assert_refused(&kaizala.get("/v1/nothing").await, StatusCode::NOT_FOUND, "NotFound");
}

#[tokio::test]
async fn responses_are_where_they_are_asked_to_be() {
    let action = json!({
        "id": "com.example.form",
        "packageId": "com.example.form",
        "actionType": "Survey",
        "actionBody": { "actionId": "action-1@1", "title": "Form", "questions": [{ "title": "Q", "type": "Text" }] },
    });
    let responses = json!([{ "responseId": "r1" }, { "responseId": "r2" }]);
    for (place, in_list, alone) in [
        (ResponsePlace::Body, "/actions/0/actionBody/responses", "/actions/0/actionBody/responses"),
        (ResponsePlace::Action, "/actions/0/responses", "/actions/0/responses"),
        (ResponsePlace::Details, "/actions/0/actionDetails/responses", "/actionDetails/responses"),
    ] {
        let kaizala = Kaizala::with(|config| config.response_place = place).await;
        kaizala.api.put_action(GROUP, action.clone(), vec![]);
        kaizala.api.put_action(GROUP, action.clone(), responses.as_array().expect("it is an array").clone());

        let actions = format!("/v1/groups/{GROUP_IN_PATH}/actions");
        let of_package = format!("{actions}?Id=com.example.form&GroupScope=true");
        let body = kaizala.get(&format!("{of_package}&getDetails=true")).await.json();
        assert_eq!(body["actions"].as_array().map(Vec::len), Some(1), "{body}");
        assert_eq!(body.pointer(in_list), Some(&responses), "{body}");
        assert_eq!(body["actions"][0]["actionBody"]["questions"][0]["title"], "Q");
        let body = kaizala.get(&format!("{actions}/action-1%401?getDetails=true")).await.json();
        assert_eq!(body.pointer(alone), Some(&responses), "{body}");

        for path in [of_package, format!("{actions}/action-1%401")] {
            let body = kaizala.get(&path).await.json();
            assert!(!body.to_string().contains("responses"), "{body}");
        }
        let reply = kaizala.get(&format!("{actions}?Id=com.example.form")).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
        assert_refused(&kaizala.get(&format!("{actions}/other")).await, StatusCode::NOT_FOUND, "NotFound");
    }
}

#[tokio::test]
async fn actions_of_a_type_come_by_pages_that_overlap_in_their_last_action() {
    let kaizala = Kaizala::start().await;
    let put = |name: &str, time: (&str, Value)| {
        let action = json!({ "actionType": "Survey", "actionBody": { "actionId": name }, time.0: time.1 });
        kaizala.api.put_action("g", action, vec![]);
    };
    put("third", ("creationTime", json!(1_513_758_900)));
    put("first", ("creationTime", json!(1_513_758_700)));
    put("second", ("sentAt", json!("2017-12-20T08:33:51Z")));
    kaizala.api.put_action("g", json!({ "actionType": "Job", "actionBody": { "actionId": "a-job" } }), vec![]);

    let page = async |query: &str| {
        let body = kaizala.get(&format!("/v1/groups/g/actions?actionType=survey{query}")).await.json();
        let ids: Vec<_> = body["actions"]
            .as_array()
            .expect("there are actions")
            .iter()
            .map(|action| text(&action["actionBody"]["actionId"]).to_owned())
            .collect();
        (ids.join(" "), body["hasMore"] == true)
    };
    assert_eq!(page("").await, ("first second third".to_owned(), false));
    assert_eq!(page("&count=2").await, ("first second".to_owned(), true));
    assert_eq!(page("&count=2&fromDate=1513758831").await, ("second third".to_owned(), true));
    assert_eq!(page("&count=2&fromDate=1513758900").await, ("third".to_owned(), false));
    assert_eq!(page("&count=2&fromDate=1513758901").await, (String::new(), false));

    for query in ["", "?actionType=", "?actionType=Survey&count=0", "?actionType=Survey&fromDate=today"] {
        let reply = kaizala.get(&format!("/v1/groups/g/actions{query}")).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
}
