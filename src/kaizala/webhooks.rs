//! Calls that list, make, change and delete subscriptions: `/v1/webhook`.
//!
//! Microsoft's documentation spells the callback's fields in one way in its table and in another in its sample. Both are read.

use std::{fmt, str::FromStr};

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    callback_url::same_url,
    client::{Kaizala, encoded},
    error::ApiError,
    secret::Secret,
    transport::Call,
};
use crate::event::Timestamp;

const LIST: &str = "list webhooks";
const REGISTER: &str = "register webhook";

/// How many times a registration is tried if no answer comes.
const REGISTRATIONS: u32 = 3;

/// The kinds of objects that one can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// Everything in a group.
    Group,
    /// One action.
    Action,
    /// All actions of a package, in every group.
    ActionPackage,
}

impl ObjectType {
    /// The type as Kaizala spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "Group",
            Self::Action => "Action",
            Self::ActionPackage => "ActionPackage",
        }
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The object of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscribedObject {
    /// The kind of object.
    pub object_type: ObjectType,
    /// The id of the object, an opaque text.
    pub id: String,
}

impl fmt::Display for SubscribedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.object_type, self.id)
    }
}

/// A subscription as Kaizala lists it. The callback URL may hold a secret in its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id that Kaizala gave the subscription.
    pub id: String,
    /// The event types of the subscription.
    pub event_types: Vec<String>,
    /// The URL that the events go to.
    pub callback_url: String,
    /// The token that the events carry in the header `kz-callback-token`.
    pub callback_token: Option<Secret>,
    /// When the subscription was made.
    pub created_at: Option<Timestamp>,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
    /// Whether events are delivered. Kaizala turns this off when an event cannot be delivered.
    pub is_active: bool,
}

/// A subscription that is to be made.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// The object to subscribe to.
    pub object: SubscribedObject,
    /// The event types.
    pub event_types: Vec<String>,
    /// The URL that the events go to. It must be https.
    pub callback_url: String,
    /// The token that the events carry in the header `kz-callback-token`.
    pub callback_token: Secret,
    /// The text that the events carry as `context`.
    pub callback_context: Option<String>,
    /// When the subscription ends: `None` for Kaizala's default, two years from now.
    pub valid_until: Option<Timestamp>,
}

/// Changes to a subscription. Fields that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The event types.
    pub event_types: Option<Vec<String>>,
    /// The URL that the events go to.
    pub callback_url: Option<String>,
    /// The token that the events carry in the header `kz-callback-token`.
    pub callback_token: Option<Secret>,
    /// The text that the events carry as `context`.
    pub callback_context: Option<String>,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
    /// Whether to enable the subscription after Kaizala has disabled it.
    pub enable: bool,
}

impl Change {
    /// Enables a subscription and changes nothing else.
    pub fn enable() -> Self {
        Self { enable: true, ..Self::default() }
    }

    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("eventTypes", self.event_types.as_ref().map(|types| json!(types)));
        set("callBackUrl", self.callback_url.as_ref().map(|url| json!(url)));
        set("callBackToken", self.callback_token.as_ref().map(|token| json!(token)));
        set("callBackContext", self.callback_context.as_ref().map(|context| json!(context)));
        set("validity", self.valid_until.map(|until| json!(until.epoch_millis())));
        // Both samples of the documentation have a string here, and a capital letter in the field's name.
        set("Active", self.enable.then(|| json!("true")));
        Value::Object(fields)
    }
}

impl NewWebhook {
    fn to_json(&self) -> Value {
        let fields = Change {
            event_types: Some(self.event_types.clone()),
            callback_url: Some(self.callback_url.clone()),
            callback_token: Some(self.callback_token.clone()),
            callback_context: self.callback_context.clone(),
            valid_until: self.valid_until,
            enable: false,
        };
        let mut json = fields.to_json();
        json["objectId"] = json!(self.object.id);
        json["objectType"] = json!(self.object.object_type.name());
        json
    }

    fn is(&self, webhook: &Webhook) -> bool {
        webhook.is_active
            && same_url(&webhook.callback_url, &self.callback_url)
            && webhook.callback_token.as_ref() == Some(&self.callback_token)
            && same_types(&webhook.event_types, &self.event_types)
    }
}

/// Whether two lists name the same event types, in any order.
pub(super) fn same_types(one: &[String], other: &[String]) -> bool {
    one.iter().all(|name| other.contains(name)) && other.iter().all(|name| one.contains(name))
}

impl Webhook {
    /// Reads a listed subscription: `None` if it has no id, since it could not be changed.
    fn read(webhook: &Value) -> Option<Self> {
        let text = |names: [&str; 2]| names.iter().find_map(|name| webhook[*name].as_str()).map(str::to_owned);
        let time = |name: &str| {
            let value = &webhook[name];
            let millis = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
            Timestamp::from_epoch_millis(millis)
        };
        let types = webhook["events"].as_array().or_else(|| webhook["eventTypes"].as_array());
        let types = types.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let active = [&webhook["active"], &webhook["Active"]];
        let is_yes = |value: &&Value| value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(is_true));
        Some(Self {
            id: text(["id", "webhookId"])?,
            event_types: types.collect(),
            callback_url: text(["callbackUrl", "callBackUrl"]).unwrap_or_default(),
            callback_token: text(["callbackToken", "callBackToken"])
                .filter(|token| !token.is_empty())
                .map(Secret::from),
            created_at: time("ts"),
            valid_until: time("validity"),
            is_active: active.iter().any(is_yes),
        })
    }
}

fn is_true(text: &str) -> bool {
    bool::from_str(&text.to_ascii_lowercase()).unwrap_or(false)
}

impl Kaizala {
    /// Lists the subscriptions to an object. Kaizala has no call that lists all subscriptions.
    ///
    /// # Errors
    /// [`ApiError`] when the call fails.
    pub async fn webhooks(&self, object: &SubscribedObject) -> Result<Vec<Webhook>, ApiError> {
        let path = format!("/v1/webhook?objectId={}&objectType={}", encoded(&object.id), object.object_type);
        let answer = self.ask(Call::get(LIST, path)).await?;
        let listed = answer["webhooks"].as_array();
        let listed = listed.ok_or(ApiError::Unreadable { call: LIST, what: "has no list of webhooks" })?;
        listed
            .iter()
            .map(|webhook| Webhook::read(webhook).ok_or(ApiError::Unreadable { call: LIST, what: "lacks an id" }))
            .collect()
    }

    /// Makes a subscription and returns its id. If the answer is lost, the list of subscriptions shows whether it was made, so that
    /// it is not made twice.
    ///
    /// # Errors
    /// [`ApiError`] when the call fails.
    pub async fn register(&self, webhook: &NewWebhook) -> Result<String, ApiError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let call = Call {
                name: REGISTER,
                method: Method::POST,
                path: "/v1/webhook".to_owned(),
                body: webhook.to_json().to_string().into(),
                is_repeatable: false,
            };
            match self.ask(call).await {
                Ok(answer) => {
                    let id = answer["webhookId"].as_str().map(str::to_owned);
                    return id.ok_or(ApiError::Unreadable { call: REGISTER, what: "has no webhookId" });
                }
                Err(error) if error.is_ambiguous() => {
                    let listed = self.webhooks(&webhook.object).await?;
                    if let Some(made) = listed.into_iter().find(|listed| webhook.is(listed)) {
                        return Ok(made.id);
                    }
                    if attempts == REGISTRATIONS {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Changes a subscription. Kaizala's answer is not documented, so only the list of subscriptions shows the result.
    ///
    /// # Errors
    /// [`ApiError`] when the call fails.
    pub async fn update(&self, id: &str, change: &Change) -> Result<(), ApiError> {
        let path = format!("/v1/webhook/{}", encoded(id));
        self.change("update webhook", Method::PUT, path, change.to_json().to_string().into()).await
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// [`ApiError`] when the call fails.
    pub async fn delete(&self, id: &str) -> Result<(), ApiError> {
        let path = format!("/v1/webhook/{}", encoded(id));
        self.change("delete webhook", Method::DELETE, path, bytes::Bytes::new()).await
    }
}
