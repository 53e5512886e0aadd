//! A little data to pull: what `kaizala simulate api` begins with.

use serde_json::json;

use super::Api;

/// The id of the group.
pub const GROUP: &str = "5d0c6a3e-58c1-4f7e-9a2b-6f1d0e7c4b21@1";
/// The package of the action in it.
pub const PACKAGE: &str = "com.example.shopvisit";

/// Puts in a group with two members, and an action of a package with a response of each.
pub fn put_example(api: &Api) {
    const ACTION: &str = "b8a1f9d2-0c35-4e61-8f0a-2d9be1c7a604";
    let details = json!({
        "groupId": GROUP,
        "groupName": "Shop visits",
        "groupImageUrl": "",
        "hasSubGroups": false,
        "hasParentGroups": false,
        "userCount": 2,
        "groupType": "Group",
    });
    let members =
        [("user-1", "Admin", "+12025550101", "Asha Example"), ("user-2", "Member", "+12025550102", "Ben Example")];
    let members = members.map(|(id, role, number, name)| {
        json!({
            "id": id,
            "role": role,
            "mobileNumber": number,
            "name": name,
            "profilePic": "",
        })
    });
    let questions = json!([
        { "title": "Shop", "type": "Text", "options": [] },
        { "title": "Open", "type": "SingleOption", "options": [{ "title": "Yes" }, { "title": "No" }] },
    ]);
    let response = |id: &str, number: &str, name: &str, shop: &str, open: &str| {
        let mut answered = questions.clone();
        for (index, answer) in [json!(shop), json!([open])].into_iter().enumerate() {
            answered[index]["answer"] = answer;
        }
        json!({
            "actionId": ACTION,
            "packageId": PACKAGE,
            "groupId": GROUP,
            "responseId": id,
            "responder": number,
            "responderName": name,
            "responderProfilePic": "",
            "responseDetails": { "responseWithQuestions": answered },
        })
    };
    let responses = vec![
        response("response-1", "+12025550101", "Asha Example", "Corner Shop", "Yes"),
        response("response-2", "+12025550102", "Ben Example", "Market Hall", "No"),
    ];
    let action = json!({
        "id": PACKAGE,
        "packageId": PACKAGE,
        "actionType": "Survey",
        "sender": "+12025550101",
        "creationTime": 1_684_144_800,
        "actionBody": { "actionId": ACTION, "title": "Shop visit", "questions": questions },
    });
    api.put_group(details, members.into());
    api.put_action(GROUP, action, responses);
}
