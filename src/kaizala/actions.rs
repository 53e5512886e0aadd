//! Actions of a group, with the responses to them.

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

/// How many actions are asked for at once. A larger number makes longer answers and fewer pages.
const PAGE: usize = 100;

/// An action as Kaizala describes it, in JSON.
#[derive(Clone)]
pub struct Action(pub(super) Box<RawValue>);

/// Shows what identifies the action and nothing of what people wrote.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Action {
    pub(super) fn object(&self) -> Option<JsonObject<'_>> {
        JsonObject::parse(self.0.get())
    }

    /// The parts of an action in which its fields were seen.
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

    /// The type of event that answers such an action. Kaizala's own kinds have one each, all others share one.
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
/// There is no cursor: a page begins at a time, and the action of that time comes again. `hasMore` is true whenever a page
/// is full, even when it was the last. So what was seen is remembered, and every page must get further than the one before.
pub struct ActionPages<'a> {
    kaizala: &'a Kaizala,
    group: &'a str,
    which: Which<'a>,
    /// `None` before the first page of a package: the documented call has neither a time nor a count.
    from: Option<Timestamp>,
    page: usize,
    is_enlarged: bool,
    /// Ids of actions, or their JSON where they have none.
    seen: HashSet<String>,
    is_over: bool,
}

/// Which actions are asked for.
enum Which<'a> {
    /// Those of a type, without responses.
    Type(&'a str),
    /// Those of a package, with all responses.
    Package(&'a str),
}

impl Kaizala {
    /// The actions of a package in a group with all responses to them.
    ///
    /// By the documentation they come in one answer. One that says that there are more is followed as the lists by type are.
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
    /// [`ApiError`].
    pub async fn action(&self, group: &str, action: &str) -> Result<Action, ApiError> {
        let path = format!("/v1/groups/{}/actions/{}?getDetails=true", encoded(group), encoded(action));
        let answer = self.call(Call::get(DETAILS, path)).await?;
        let text = text(DETAILS, &answer)?;
        let whole: &RawValue = serde_json::from_str(text).map_err(|_| not_json(DETAILS))?;
        // In a list of one in the documentation's sample, alone in its table.
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
    /// Asks for pages of another size; at least one action.
    #[must_use]
    pub fn of_size(self, page: usize) -> Self {
        Self { page: page.max(1), ..self }
    }

    /// The actions of the next page that were not on an earlier one; `None` after the last page.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn next(&mut self) -> Result<Option<Vec<Action>>, ApiError> {
        if self.is_over {
            return Ok(None);
        }
        let (mut actions, has_more) = self.kaizala.list(self.path()).await?;
        let latest = actions.iter().filter_map(Action::sent_at).max();
        let with_responses = matches!(self.which, Which::Package(_));
        actions.retain(|action| {
            // In a list without responses, one without an id is a message: nobody can ask for the responses to it.
            let id = action.id().or_else(|| with_responses.then(|| action.0.get().to_owned()));
            id.is_some_and(|id| self.seen.insert(id))
        });
        self.is_over = !has_more;
        let from = self.from.map_or(0, Timestamp::epoch_seconds);
        match latest {
            _ if !has_more => {}
            Some(latest) if latest.epoch_seconds() > from => self.from = Some(latest),
            // A page full of one second: only a larger page gets past it. One that tells nothing new is not larger.
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
        // In seconds, as `creationTime` is.
        let from = self.from.map(Timestamp::epoch_seconds);
        let place = from.map(|from| format!("&fromDate={from}&count={}", self.page)).unwrap_or_default();
        format!("/v1/groups/{}/actions?{which}{place}", encoded(self.group))
    }
}

fn text<'a>(call: &'static str, answer: &'a [u8]) -> Result<&'a str, ApiError> {
    std::str::from_utf8(answer).map_err(|_| not_json(call))
}

fn not_json(call: &'static str) -> ApiError {
    ApiError::Unreadable { call, what: "is not JSON" }
}
