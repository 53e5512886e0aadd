//! The Kaizala API on localhost: access tokens, subscriptions and pull.
//!
//! Calls and shapes are those of Microsoft's documentation, where that is known to be wrong those of captured traffic.
//! Neither tells the error codes besides `InvalidToken`, nor what `PUT` and `DELETE` answer: those are chosen here, and
//! a client must not rely on them.

mod access;
pub mod example;
mod faults;
mod pull;
mod query;
mod refusal;
mod webhooks;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Request, State},
    http::HeaderMap,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde_json::Value;
use uuid::Uuid;

use self::{access::Access, faults::Faults, pull::Groups, refusal::Refusal};
pub use self::{
    faults::{Door, Fault, NewPlace},
    pull::ResponsePlace,
    webhooks::{CallbackSpelling, Subscription},
};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Kaizala's limit.
const CALLS_PER_MINUTE: usize = 100;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What an [`Api`] is to be like.
#[derive(Clone)]
pub struct ApiConfig {
    /// `endpointUrl` of every access token, as it is: Kaizala gives it with and without a slash at the end.
    pub endpoint_url: String,
    /// What an access token is given for.
    pub credentials: Credentials,
    /// How listed webhooks spell the callback.
    pub callback_spelling: CallbackSpelling,
    /// Where actions carry their responses.
    pub response_place: ResponsePlace,
    /// How many calls an access token is good for in a minute; `None` for no limit.
    pub calls_per_minute: Option<usize>,
    /// How long after it was made each subscription is disabled, as if an event could not be delivered; `None` for never.
    /// One that was enabled again stays enabled.
    pub disable_after: Option<Duration>,
    /// What the API takes for now.
    pub clock: Clock,
}

/// What an application shows for an access token. All of it is secret, so there is no `Debug`.
#[derive(Clone)]
pub struct Credentials {
    /// Header `applicationId`.
    pub application_id: String,
    /// Header `applicationSecret`.
    pub application_secret: String,
    /// Header `refreshToken`, until there is a new one.
    pub refresh_token: String,
}

impl ApiConfig {
    /// An API that is reached at `endpoint_url`, with fresh credentials, the documented spelling and limit, and the
    /// system's clock.
    pub fn new(endpoint_url: impl Into<String>) -> Self {
        Self {
            endpoint_url: endpoint_url.into(),
            credentials: Credentials::fresh(),
            callback_spelling: CallbackSpelling::default(),
            response_place: ResponsePlace::default(),
            calls_per_minute: Some(CALLS_PER_MINUTE),
            disable_after: None,
            clock: Arc::new(SystemTime::now),
        }
    }
}

impl Credentials {
    /// Made-up ones that nobody had before.
    pub fn fresh() -> Self {
        Self {
            application_id: Uuid::new_v4().to_string(),
            application_secret: Uuid::new_v4().simple().to_string(),
            refresh_token: Uuid::new_v4().simple().to_string(),
        }
    }
}

/// A Kaizala API. Cheap to clone; the clones share what they know.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    config: ApiConfig,
    known: Mutex<Known>,
}

struct Known {
    access: Access,
    subscriptions: Vec<Subscription>,
    groups: Groups,
    faults: Faults,
}

impl Api {
    /// An API without subscriptions and groups.
    pub fn new(config: ApiConfig) -> Self {
        let known = Known {
            access: Access::new(config.credentials.clone(), epoch_ms((config.clock)())),
            subscriptions: Vec::new(),
            groups: Groups::default(),
            faults: Faults::default(),
        };
        Self(Arc::new(Shared { config, known: Mutex::new(known) }))
    }

    /// The API over HTTP.
    pub fn router(&self) -> Router {
        let tokens = Router::new()
            .route("/v1/accessToken", get(access::give))
            .route_layer(from_fn_with_state(self.clone(), stand_at_token_door));
        let endpoint = Router::new()
            .route("/v1/webhook", post(webhooks::create).get(webhooks::list))
            .route("/v1/webhook/{id}", put(webhooks::update).delete(webhooks::delete))
            .route("/v1/groups", get(pull::groups))
            .route("/v1/groups/{group}/members", get(pull::members))
            .route("/v1/groups/{group}/actions", get(pull::actions))
            .route("/v1/groups/{group}/actions/{action}", get(pull::action))
            .route_layer(from_fn_with_state(self.clone(), stand_at_endpoint_door));
        tokens
            .merge(endpoint)
            .fallback(async || Refusal::NotFound("resource"))
            .layer(axum::middleware::from_fn(log))
            .with_state(self.clone())
    }

    /// Lets the refresh token grow older. From day 328 on a new one is given with every access token, after day 365 it
    /// is no longer accepted.
    pub fn age_refresh_token(&self, days: u32) {
        self.known().access.age(days);
    }

    /// Breaks the next calls that come to a door and are not planned for yet.
    pub fn break_next(&self, calls: usize, door: Door, fault: Fault) {
        self.known().faults.plan(calls, door, fault);
    }

    /// Moves everything but `accessToken` to another place: calls that come elsewhere are sent there with 308. The
    /// router itself may be served at that place as well; what the `Host` header says decides.
    pub fn move_endpoint(&self, new_place: NewPlace) {
        self.known().faults.moved = Some(new_place);
    }

    /// All subscriptions, the oldest first.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.known().subscriptions.clone()
    }

    /// The subscription of that id.
    pub fn subscription(&self, id: &str) -> Option<Subscription> {
        self.known().subscriptions.iter().find(|subscription| subscription.id == id).cloned()
    }

    /// The active and valid subscriptions that an event of that type on that object is delivered through.
    pub fn covering(&self, object_id: &str, object_type: &str, event_type: &str) -> Vec<Subscription> {
        let now = self.now_ms();
        let mut subscriptions = self.subscriptions();
        subscriptions.retain(|subscription| subscription.covers(object_id, object_type, event_type, now));
        subscriptions
    }

    /// Disables a subscription, as Kaizala does if an event cannot be delivered. Returns whether it was there.
    pub fn disable(&self, id: &str) -> bool {
        let mut known = self.known();
        let found = known.subscriptions.iter_mut().find(|subscription| subscription.id == id);
        found.map(|subscription| subscription.is_active = false).is_some()
    }

    /// Puts in a group with its members, in place of the one with the same `groupId`. Its actions stay.
    pub fn put_group(&self, details: Value, members: Vec<Value>) {
        self.known().groups.put(details, members);
    }

    /// Puts an action into a group, in place of the one with the same `actionBody.actionId`, together with what was
    /// answered to it. A group that is not there yet is made.
    pub fn put_action(&self, group_id: &str, action: Value, responses: Vec<Value>) {
        self.known().groups.put_action(group_id, action, responses);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> &ApiConfig {
        &self.0.config
    }

    fn now_ms(&self) -> u64 {
        epoch_ms((self.config().clock)())
    }
}

async fn stand_at_token_door(State(api): State<Api>, request: Request, next: Next) -> Response {
    let fault = api.known().faults.next(Door::AccessToken);
    match fault {
        Some(fault) => fault.into_response(),
        None => next.run(request).await,
    }
}

async fn stand_at_endpoint_door(State(api): State<Api>, request: Request, next: Next) -> Response {
    let moved = api.known().faults.moved_away(&request);
    if let Some(moved) = moved {
        return moved;
    }
    let fault = api.known().faults.next(Door::Endpoint);
    if let Some(fault) = fault {
        return fault.into_response();
    }
    let token = header(request.headers(), "accessToken");
    let admitted = api.known().access.admit(token, api.now_ms(), api.config().calls_per_minute);
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Method, path and status: secrets travel in headers and bodies.
async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    tracing::info!(%method, path, status = response.status().as_u16(), "called");
    response
}

/// A header's value; empty if it is missing.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn epoch_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
