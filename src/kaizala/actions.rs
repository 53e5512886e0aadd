//! Reads the actions of a group, with the responses to them.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde_json::value::RawValue;

use super::{
    client::{Kaizala, encoded},
    error::ApiError,
    transport::Call,
};
use crate::event::{
    EventType, Timestamp,
    json::{JsonObject, list},
};

const LIST: &str = "list actions";
const DETAILS: &str = "action details";

/// How many actions a page has. A larger number makes fewer pages with longer answers.
const PAGE: usize = 100;

/// An action as the API returns it: a JSON object.
#[derive(Clone)]
pub struct Action(pub(super) Box<RawValue>);

/// Shows only the id of the action, not what people wrote.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Action {
    pub(super) fn object(&self) -> Option<JsonObject<'_>> {
        JsonObject::parse(self.0.get())
    }

    /// The objects in which fields of an action may be: the documentation shows them in several places.
    pub(super) fn bodies<'a>(action: &JsonObject<'a>) -> Vec<JsonObject<'a>> {
        ["actionBody", "actionDetails"].into_iter().filter_map(|name| action.object(name)).collect()
    }

    /// The action's id, from `actionId` of its body.
    pub fn id(&self) -> Option<String> {
        let action = self.object()?;
        let of_body = Self::bodies(&action).iter().find_map(|body| body.id("actionId"));
        of_body.or_else(|| action.id("actionId")).map(Cow::into_owned)
    }

    /// When it was sent: `creationTime`, epoch seconds, or `sentAt`.
    pub fn sent_at(&self) -> Option<Timestamp> {
        let action = self.object()?;
        let number = action.text("creationTime").and_then(|text| text.parse().ok());
        number.and_then(Timestamp::from_epoch_either).or_else(|| action.text("sentAt")?.parse().ok())
    }

    /// The event type of a response to the action. Each of Kaizala's own kinds has its own type; all others share one.
    pub fn response_type(&self) -> EventType {
        let kind = self.object().and_then(|action| action.text("actionType").map(Cow::into_owned));
        match kind.as_deref() {
            Some("Survey") => EventType::SurveyResponse,
            Some("Job") => EventType::JobResponse,
            Some("Poll") => EventType::PollResponse,
            Some("LetsMeet") => EventType::LetsMeetResponse,
            _ => EventType::ActionResponse,
        }
    }
}

/// Actions of a group, page by page, from the oldest to the newest.
///
/// The API has no cursor: a page begins at a time, and repeats the actions of that time. `hasMore` is true for every full page,
/// even for the last one. So the actions that were seen are remembered, and each page must bring a new one.
pub struct ActionPages<'a> {
    kaizala: &'a Kaizala,
    group: &'a str,
    which: Which<'a>,
    /// The time at which the next page begins: `None` for the first page of a package, whose documented call has neither a time
    /// nor a count.
    from: Option<Timestamp>,
    page: usize,
    is_enlarged: bool,
    /// The ids of the actions that were seen, or their JSON if they have no id.
    seen: HashSet<String>,
    is_over: bool,
}

/// Which actions a list has.
enum Which<'a> {
    /// Actions of a type, without their responses.
    Type(&'a str),
    /// Actions of a package, with all their responses.
    Package(&'a str),
}

impl Kaizala {
    /// The actions of a package in a group with all responses to them.
    ///
    /// By the documentation, one answer holds all of them. If an answer says that there are more, further pages are asked for,
    /// as in [`Self::actions`].
    pub fn package_actions<'a>(&'a self, group: &'a str, package: &'a str) -> ActionPages<'a> {
        self.pages(group, Which::Package(package), None)
    }

    /// The actions of a type (`Survey`, `Job`, …) in a group since `from`, without responses.
    pub fn actions<'a>(&'a self, group: &'a str, action_type: &'a str, from: Timestamp) -> ActionPages<'a> {
        self.pages(group, Which::Type(action_type), Some(from))
    }

    fn pages<'a>(&'a self, group: &'a str, which: Which<'a>, from: Option<Timestamp>) -> ActionPages<'a> {
        ActionPages {
            kaizala: self,
            group,
            which,
            from,
            page: PAGE,
            is_enlarged: false,
            seen: HashSet::new(),
            is_over: false,
        }
    }

    /// An action with all responses to it.
    ///
    /// # Errors
    /// [`ApiError`] when the call fails.
    pub async fn action(&self, group: &str, action: &str) -> Result<Action, ApiError> {
        let path = format!("/v1/groups/{}/actions/{}?getDetails=true", encoded(group), encoded(action));
        let answer = self.call(Call::get(DETAILS, path)).await?;
        let text = text(DETAILS, &answer)?;
        let whole: &RawValue = serde_json::from_str(text).map_err(|_| not_json(DETAILS))?;
        // The documentation's sample has a list of one action, and its table a single action.
        let listed = JsonObject::parse(text).and_then(|answer| answer.list("actions").into_iter().next());
        Ok(Action(listed.unwrap_or(whole).to_owned()))
    }

    async fn list(&self, path: String) -> Result<(Vec<Action>, bool), ApiError> {
        let answer = self.call(Call::get(LIST, path)).await?;
        let answer = JsonObject::parse(text(LIST, &answer)?).ok_or_else(|| not_json(LIST))?;
        let actions =
            answer.raw("actions").ok_or(ApiError::Unreadable { call: LIST, what: "has no list of actions" })?;
        let actions = list(actions).into_iter().map(|action| Action(action.to_owned())).collect();
        Ok((actions, answer.flag("hasMore").unwrap_or(false)))
    }
}

impl ActionPages<'_> {
    /// Sets how many actions a page has: at least one.
    #[must_use]
    pub fn of_size(self, page: usize) -> Self {
        Self { page: page.max(1), ..self }
    }

    /// Asks for the next page, and returns its actions that were not on an earlier one: `None` after the last page.
    ///
    /// # Errors
    /// [`ApiError`] when the call fails.
    pub async fn next(&mut self) -> Result<Option<Vec<Action>>, ApiError> {
        if self.is_over {
            return Ok(None);
        }
        let (mut actions, has_more) = self.kaizala.list(self.path()).await?;
        let latest = actions.iter().filter_map(Action::sent_at).max();
        let with_responses = matches!(self.which, Which::Package(_));
        actions.retain(|action| {
            // A list by type also has messages. They have no id, so nobody can ask for responses to them.
            let id = action.id().or_else(|| with_responses.then(|| action.0.get().to_owned()));
            id.is_some_and(|id| self.seen.insert(id))
        });
        self.is_over = !has_more;
        let from = self.from.map_or(0, Timestamp::epoch_seconds);
        match latest {
            _ if !has_more => {}
            Some(latest) if latest.epoch_seconds() > from => self.from = Some(latest),
            // All actions of a page have the same time. Only a larger page gets past that time; if it brings nothing new either,
            // the server does not make larger pages.
            _ if actions.is_empty() && self.is_enlarged => {
                return Err(ApiError::Unreadable { call: LIST, what: "repeats the same page of actions" });
            }
            _ => {
                self.from = self.from.or(Some(Timestamp::EPOCH));
                self.page *= 2;
                self.is_enlarged = true;
            }
        }
        Ok(Some(actions))
    }

    fn path(&self) -> String {
        let which = match self.which {
            Which::Type(name) => format!("actionType={}", encoded(name)),
            Which::Package(id) => format!("Id={}&getDetails=true&GroupScope=true", encoded(id)),
        };
        // The time is in seconds, the unit of `creationTime`.
        let from = self.from.map(Timestamp::epoch_seconds);
        let place = from.map(|from| format!("&fromDate={from}&count={}", self.page)).unwrap_or_default();
        format!("/v1/groups/{}/actions?{which}{place}", encoded(self.group))
    }
}

pub(super) fn text<'a>(call: &'static str, answer: &'a [u8]) -> Result<&'a str, ApiError> {
    std::str::from_utf8(answer).map_err(|_| not_json(call))
}

pub(super) fn not_json(call: &'static str) -> ApiError {
    ApiError::Unreadable { call, what: "is not JSON" }
}
