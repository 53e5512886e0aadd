//! Subscriptions: `/v1/webhook`.

use std::fmt;

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{StatusCode, Uri, uri::Scheme},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Api,
    query::Parameters,
    refusal::{Refusal, ok},
};
use crate::simulator::sender::Sender;

/// Two years, if the request asks for nothing else: twice the mean year of the calendar, as in the documentation's sample.
const VALIDITY_MS: u64 = 2 * 31_556_952_000;

const OBJECT_TYPES: [&str; 3] = ["Group", "Action", "ActionPackage"];

/// Hosts to which a callback may go without TLS, which Kaizala's own may not: a receiver on the same machine.
const LOOPBACK_HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];

/// How listed webhooks spell the callback's URL and token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallbackSpelling {
    /// `callbackUrl`, `callbackToken`: the documentation's sample.
    #[default]
    Sample,
    /// `callBackUrl`, `callBackToken`: the documentation's table.
    Table,
}

/// A subscription to the events of one object.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The id that Kaizala gave it.
    pub id: String,
    /// Whose events it is for: the id of a group, an action or a package.
    pub object_id: String,
    /// `Group`, `Action` or `ActionPackage`.
    pub object_type: String,
    /// The types of the events that it is for.
    pub event_types: Vec<String>,
    /// Where the events go.
    pub callback_url: String,
    /// What they carry in the header `kz-callback-token`. A secret.
    pub callback_token: Option<String>,
    /// What they carry as `context`.
    pub callback_context: Option<String>,
    /// When it was made, in milliseconds since the epoch.
    pub created_at_ms: u64,
    /// When it ends, in milliseconds since the epoch.
    pub valid_until_ms: u64,
    /// Whether events are delivered.
    pub is_active: bool,
}

/// Without the token, and without what else may hold one: the URL's query, the context.
impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id)
            .field("object_id", &self.object_id)
            .field("object_type", &self.object_type)
            .field("event_types", &self.event_types)
            .field("created_at_ms", &self.created_at_ms)
            .field("valid_until_ms", &self.valid_until_ms)
            .field("is_active", &self.is_active)
            .finish_non_exhaustive()
    }
}

impl Subscription {
    pub(super) fn covers(&self, object_id: &str, object_type: &str, event_type: &str, now_ms: u64) -> bool {
        self.is_active
            && now_ms < self.valid_until_ms
            && self.object_id == object_id
            && self.object_type == object_type
            && self.event_types.iter().any(|covered| covered == event_type)
    }

    fn to_json(&self, spelling: CallbackSpelling) -> Value {
        let (url, token) = match spelling {
            CallbackSpelling::Sample => ("callbackUrl", "callbackToken"),
            CallbackSpelling::Table => ("callBackUrl", "callBackToken"),
        };
        let mut listed = json!({
            "id": self.id,
            "objectId": self.object_id,
            "objectType": self.object_type,
            "events": self.event_types,
            "filters": [],
            url: self.callback_url,
            "ts": self.created_at_ms,
            "validity": self.valid_until_ms,
            "active": self.is_active,
        });
        if let Some(value) = &self.callback_token {
            listed[token] = json!(value);
        }
        listed
    }

    fn apply(&mut self, wanted: Wanted) {
        let Wanted { object_id, object_type, event_types, callback, callback_token, callback_context, .. } = wanted;
        if let Some(object_id) = object_id {
            self.object_id = object_id;
        }
        if let Some(object_type) = object_type {
            self.object_type = object_type;
        }
        if let Some(event_types) = event_types {
            self.event_types = event_types;
        }
        if let Some(callback) = callback {
            self.callback_url = callback.text;
        }
        self.callback_token = callback_token.or(self.callback_token.take());
        self.callback_context = callback_context.or(self.callback_context.take());
        self.valid_until_ms = wanted.valid_until_ms.unwrap_or(self.valid_until_ms);
        self.is_active = wanted.is_active.unwrap_or(self.is_active);
    }
}

/// What a body asks for. Everything in it is valid; what must be in it depends on the call.
struct Wanted {
    object_id: Option<String>,
    object_type: Option<String>,
    event_types: Option<Vec<String>>,
    callback: Option<Callback>,
    callback_token: Option<String>,
    callback_context: Option<String>,
    valid_until_ms: Option<u64>,
    is_active: Option<bool>,
}

/// A callback URL as it was given, and as it is called.
struct Callback {
    text: String,
    uri: Uri,
}

impl Wanted {
    fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let fields = serde_json::from_slice::<Map<String, Value>>(body)
            .map_err(|_| Refusal::InvalidRequest("The body must be a JSON object".to_owned()))?;
        let object_type = text(&fields, "objectType")?;
        if object_type.as_deref().is_some_and(|object_type| !OBJECT_TYPES.contains(&object_type)) {
            return Err(must_be("objectType", "Group, Action or ActionPackage"));
        }
        Ok(Self {
            object_id: text(&fields, "objectId")?,
            object_type,
            event_types: event_types(&fields)?,
            callback: text(&fields, "callBackUrl")?.map(Callback::parse).transpose()?,
            callback_token: text(&fields, "callBackToken")?,
            callback_context: text(&fields, "callBackContext")?,
            valid_until_ms: validity(&fields)?,
            is_active: active(&fields)?,
        })
    }
}

impl Callback {
    fn parse(text: String) -> Result<Self, Refusal> {
        let Ok(uri) = text.parse::<Uri>() else { return Err(must_be("callBackUrl", "a URL")) };
        let is_loopback = uri.host().is_some_and(|host| LOOPBACK_HOSTS.contains(&host));
        if uri.scheme() == Some(&Scheme::HTTPS) || (uri.scheme() == Some(&Scheme::HTTP) && is_loopback) {
            Ok(Self { text, uri })
        } else {
            Err(must_be("callBackUrl", "an https URL"))
        }
    }

    async fn validate(&self) -> Result<(), Refusal> {
        // Everything that a receiver could get wrong by decoding twice, not at all, or as a path.
        let token = format!("Validation: {} +/=%26&?#é", Uuid::new_v4());
        let sender = Sender::new(self.uri.clone(), "").map_err(|error| Refusal::InvalidCallback(error.to_string()))?;
        sender.validate(&token).await.map_err(|error| Refusal::InvalidCallback(error.to_string()))
    }
}

/// `POST /v1/webhook`.
pub(super) async fn create(State(api): State<Api>, body: Bytes) -> Result<Response, Refusal> {
    let mut wanted = Wanted::parse(&body)?;
    let callback = required(wanted.callback.take(), "callBackUrl")?;
    let now_ms = api.now_ms();
    let subscription = Subscription {
        id: Uuid::new_v4().to_string(),
        object_id: required(wanted.object_id, "objectId")?,
        object_type: required(wanted.object_type, "objectType")?,
        event_types: required(wanted.event_types, "eventTypes")?,
        callback_url: callback.text.clone(),
        callback_token: wanted.callback_token,
        callback_context: wanted.callback_context,
        created_at_ms: now_ms,
        valid_until_ms: wanted.valid_until_ms.unwrap_or(now_ms.saturating_add(VALIDITY_MS)),
        is_active: true,
    };
    callback.validate().await?;
    let answer = ok(&json!({ "webhookId": subscription.id }));
    let id = subscription.id.clone();
    api.known().subscriptions.push(subscription);
    if let Some(pause) = api.config().disable_after {
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            if api.disable(&id) {
                tracing::info!(id, "disabled, as if an event could not be delivered for two days");
            }
        });
    }
    Ok(answer)
}

/// `GET /v1/webhook`.
pub(super) async fn list(State(api): State<Api>, query: RawQuery) -> Result<Response, Refusal> {
    let parameters = Parameters::new(&query);
    let object_id = required(parameters.get("objectId"), "objectId")?;
    let object_type = required(parameters.get("objectType"), "objectType")?;
    let mut subscriptions = api.subscriptions();
    subscriptions.retain(|found| found.object_id == object_id && found.object_type == object_type);
    let spelling = api.config().callback_spelling;
    let listed: Vec<_> = subscriptions.iter().map(|subscription| subscription.to_json(spelling)).collect();
    Ok(ok(&json!({ "webhooks": listed })))
}

/// `PUT /v1/webhook/{id}`.
pub(super) async fn update(State(api): State<Api>, Path(id): Path<String>, body: Bytes) -> Result<Response, Refusal> {
    let wanted = Wanted::parse(&body)?;
    let current = api.subscription(&id).ok_or(Refusal::NotFound("webhook"))?;
    if let Some(callback) = wanted.callback.as_ref().filter(|callback| callback.text != current.callback_url) {
        callback.validate().await?;
    }
    let mut known = api.known();
    // It may have been deleted while the callback URL was validated.
    let subscription = known.subscriptions.iter_mut().find(|subscription| subscription.id == id);
    subscription.ok_or(Refusal::NotFound("webhook"))?.apply(wanted);
    // Kaizala's answer is not known. This one and that of DELETE differ, so that no client relies on either.
    Ok(ok(&json!({})))
}

/// `DELETE /v1/webhook/{id}`.
pub(super) async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut known = api.known();
    let index = known.subscriptions.iter().position(|subscription| subscription.id == id);
    known.subscriptions.remove(index.ok_or(Refusal::NotFound("webhook"))?);
    Ok(StatusCode::OK.into_response())
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::InvalidRequest(format!("{name} is missing")))
}

fn must_be(name: &str, what: &str) -> Refusal {
    Refusal::InvalidRequest(format!("{name} must be {what}"))
}

/// A field; null is as good as absent.
fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match field(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(must_be(name, "a string that is not empty")),
    }
}

fn event_types(fields: &Map<String, Value>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = field(fields, "eventTypes") else { return Ok(None) };
    let names = value.as_array().filter(|names| !names.is_empty());
    let names: Option<Vec<_>> =
        names.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    names.map(Some).ok_or_else(|| must_be("eventTypes", "an array of strings that is not empty"))
}

/// The documentation calls it a string and shows a number.
fn validity(fields: &Map<String, Value>) -> Result<Option<u64>, Refusal> {
    let Some(value) = field(fields, "validity") else { return Ok(None) };
    let epoch_ms = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    epoch_ms.map(Some).ok_or_else(|| must_be("validity", "milliseconds since the epoch"))
}

/// Both samples have a string under a capital `A`. Whether anything else would do is not known, so nothing else does.
fn active(fields: &Map<String, Value>) -> Result<Option<bool>, Refusal> {
    match field(fields, "Active").map(Value::as_str) {
        None => Ok(None),
        Some(Some("true")) => Ok(Some(true)),
        Some(Some("false")) => Ok(Some(false)),
        Some(_) => Err(must_be("Active", "the string true or false")),
    }
}
