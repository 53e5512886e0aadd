//! What can be fetched: groups, members, actions and the responses to them.

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde_json::{Value, json};
use time::{Date, Month, PrimitiveDateTime, Time};

use super::{
    Api,
    query::Parameters,
    refusal::{Refusal, ok},
};
use crate::event::Timestamp;

/// The documented number of actions on a page.
const PAGE: usize = 30;

/// What is told of a group without `showDetails`.
const BRIEF: [&str; 3] = ["groupId", "groupName", "groupImageUrl"];

/// Where an action carries the responses to it. No source preserves the real place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponsePlace {
    /// `actionBody.responses`.
    #[default]
    Body,
    /// `responses` of the action itself.
    Action,
    /// `actionDetails.responses`. A single action is then not wrapped in a list either, and has `actionDetails` in
    /// place of `actionBody`, as the documentation's table describes it.
    Details,
}

#[derive(Default)]
pub(super) struct Groups(Vec<Group>);

struct Group {
    id: String,
    details: Value,
    members: Vec<Value>,
    actions: Vec<Action>,
}

struct Action {
    action: Value,
    responses: Vec<Value>,
}

impl Groups {
    pub(super) fn put(&mut self, details: Value, members: Vec<Value>) {
        let group = self.get_or_add(details["groupId"].as_str().unwrap_or_default());
        group.details = details;
        group.members = members;
    }

    pub(super) fn put_action(&mut self, group_id: &str, action: Value, responses: Vec<Value>) {
        let action = Action { action, responses };
        let actions = &mut self.get_or_add(group_id).actions;
        match actions.iter_mut().find(|old| old.id().is_some() && old.id() == action.id()) {
            Some(old) => *old = action,
            None => actions.push(action),
        }
    }

    fn get(&self, id: &str) -> Result<&Group, Refusal> {
        self.0.iter().find(|group| group.id == id).ok_or(Refusal::NotFound("group"))
    }

    fn get_or_add(&mut self, id: &str) -> &mut Group {
        let index = self.0.iter().position(|group| group.id == id).unwrap_or_else(|| {
            let details = json!({ "groupId": id });
            self.0.push(Group { id: id.to_owned(), details, members: Vec::new(), actions: Vec::new() });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

impl Group {
    fn is_sub_group(&self) -> bool {
        self.details["hasParentGroups"] == true
    }

    fn to_json(&self, with_details: bool) -> Value {
        if with_details {
            return self.details.clone();
        }
        let brief = BRIEF.iter().filter_map(|name| Some(((*name).to_owned(), self.details.get(name)?.clone())));
        Value::Object(brief.collect())
    }
}

impl Action {
    fn id(&self) -> Option<&str> {
        self.action["actionBody"]["actionId"].as_str()
    }

    fn is_of_type(&self, name: &str) -> bool {
        self.action["actionType"].as_str().is_some_and(|actual| actual.eq_ignore_ascii_case(name))
    }

    fn is_of_package(&self, id: &str) -> bool {
        self.action["packageId"] == id || self.action["id"] == id
    }

    /// `creationTime` in seconds, or `sentAt` as a date: the documentation has both.
    fn time(&self) -> Timestamp {
        let time = match &self.action["creationTime"] {
            Value::Number(seconds) => seconds.as_f64().and_then(Timestamp::from_epoch_either),
            _ => self.action["sentAt"].as_str().and_then(parse_date_time),
        };
        time.unwrap_or(Timestamp::EPOCH)
    }

    fn to_json(&self, responses_at: Option<ResponsePlace>) -> Value {
        let mut shown = self.action.clone();
        let Some(place) = responses_at else { return shown };
        let holder = match place {
            ResponsePlace::Body => shown.get_mut("actionBody"),
            ResponsePlace::Action => Some(&mut shown),
            ResponsePlace::Details => {
                insert(&mut shown, "actionDetails", json!({}));
                shown.get_mut("actionDetails")
            }
        };
        if let Some(holder) = holder {
            insert(holder, "responses", json!(self.responses));
        }
        shown
    }
}

/// `GET /v1/groups`.
pub(super) async fn groups(State(api): State<Api>, query: RawQuery) -> Response {
    let parameters = Parameters::new(&query);
    let with_sub_groups = parameters.is_true("fetchAllGroups");
    // The documentation's table says showDetail.
    let with_details = parameters.is_true("showDetails") || parameters.is_true("showDetail");
    let known = api.known();
    let shown = known.groups.0.iter().filter(|group| with_sub_groups || !group.is_sub_group());
    ok(&json!({ "groups": shown.map(|group| group.to_json(with_details)).collect::<Vec<_>>() }))
}

/// `GET /v1/groups/{groupId}/members`.
pub(super) async fn members(State(api): State<Api>, Path(group): Path<String>) -> Result<Response, Refusal> {
    Ok(ok(&json!({ "members": api.known().groups.get(&group)?.members })))
}

/// `GET /v1/groups/{groupId}/actions`: those of a package, all at once, or those of a type, by pages.
pub(super) async fn actions(
    State(api): State<Api>,
    Path(group): Path<String>,
    query: RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::new(&query);
    let place = parameters.is_true("getDetails").then_some(api.config().response_place);
    let known = api.known();
    let actions = &known.groups.get(&group)?.actions;
    if let Some(package) = parameters.get("Id") {
        // What is answered without it is not known; no client should find out.
        if !parameters.is_true("GroupScope") {
            return Err(Refusal::InvalidRequest("GroupScope must be true".to_owned()));
        }
        let found = actions.iter().filter(|action| action.is_of_package(package));
        return Ok(ok(&json!({ "actions": found.map(|action| action.to_json(place)).collect::<Vec<_>>() })));
    }
    let Some(action_type) = parameters.get("actionType") else {
        return Err(Refusal::InvalidRequest("actionType or Id is missing".to_owned()));
    };
    let from = match parameters.get("fromDate") {
        None => Some(Timestamp::EPOCH),
        Some(text) => text.parse().ok().and_then(Timestamp::from_epoch_either),
    };
    let from = from.ok_or_else(|| Refusal::InvalidRequest("fromDate must be epoch time".to_owned()))?;
    let count = parameters.get("count").map_or(Some(PAGE), |text| text.parse().ok().filter(|count| *count > 0));
    let count = count.ok_or_else(|| Refusal::InvalidRequest("count must be a positive number".to_owned()))?;
    // fromDate itself is included: the last action of a page comes again as the first of the next.
    let mut found: Vec<_> =
        actions.iter().filter(|action| action.is_of_type(action_type) && action.time() >= from).collect();
    found.sort_by_key(|action| action.time());
    found.truncate(count);
    // The documentation sets it once the count is reached. So it may be true although nothing more comes.
    let has_more = found.len() == count;
    let found: Vec<_> = found.into_iter().map(|action| action.to_json(place)).collect();
    Ok(ok(&json!({ "actions": found, "hasMore": has_more })))
}

/// `GET /v1/groups/{groupId}/actions/{actionId}`.
pub(super) async fn action(
    State(api): State<Api>,
    Path((group, id)): Path<(String, String)>,
    query: RawQuery,
) -> Result<Response, Refusal> {
    let with_responses = Parameters::new(&query).is_true("getDetails");
    let place = api.config().response_place;
    let known = api.known();
    let action = known.groups.get(&group)?.actions.iter().find(|action| action.id() == Some(&id));
    let action = action.ok_or(Refusal::NotFound("action"))?;
    if place != ResponsePlace::Details {
        return Ok(ok(&json!({ "actions": [action.to_json(with_responses.then_some(place))] })));
    }
    let mut shown = action.to_json(with_responses.then_some(ResponsePlace::Body));
    if let Some(body) = shown.as_object_mut().and_then(|action| action.remove("actionBody")) {
        insert(&mut shown, "actionDetails", body);
    }
    Ok(ok(&shown))
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

/// The time of `2017-12-20T08:33:51Z`; what comes after the seconds is taken for UTC.
fn parse_date_time(text: &str) -> Option<Timestamp> {
    let number = |start: usize, end: usize| text.get(start..end)?.parse::<u16>().ok();
    let small = |start: usize| number(start, start + 2).and_then(|number| u8::try_from(number).ok());
    let month = Month::try_from(small(5)?).ok()?;
    let date = Date::from_calendar_date(i32::from(number(0, 4)?), month, small(8)?).ok()?;
    let time = Time::from_hms(small(11)?, small(14)?, small(17)?).ok()?;
    Timestamp::from_epoch_millis(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() * 1000)
}
