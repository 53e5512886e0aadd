//! The groups that an account can see, with their names.

use super::{
    actions::{not_json, text},
    client::Kaizala,
    error::ApiError,
    transport::Call,
};
use crate::event::json::JsonObject;

const LIST: &str = "list groups";

/// A group as the API lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// The group; `None` if it is listed without an id.
    pub id: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// What kind of group it is, `Group` for one.
    pub group_type: Option<String>,
}

impl Kaizala {
    /// All groups, sub-groups among them, in one answer: no page is documented.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn groups(&self) -> Result<Vec<ListedGroup>, ApiError> {
        let path = "/v1/groups?fetchAllGroups=true&showDetails=true".to_owned();
        let answer = self.call(Call::get(LIST, path)).await?;
        let answer = JsonObject::parse(text(LIST, &answer)?).ok_or_else(|| not_json(LIST))?;
        if answer.raw("groups").is_none() {
            return Err(ApiError::Unreadable { call: LIST, what: "has no list of groups" });
        }
        let listed = answer.list("groups").into_iter().map(|group| {
            let group = JsonObject::parse(group.get());
            let label = |name| group.as_ref()?.label(name).map(Into::into);
            let id = group.as_ref().and_then(|group| group.id("groupId")).map(Into::into);
            ListedGroup { id, name: label("groupName"), group_type: label("groupType") }
        });
        Ok(listed.collect())
    }
}
