//! The simulated Kaizala API, over TCP, in this process and as `kaizala simulate api`.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener as StdListener,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{RawQuery, Request},
    response::{IntoResponse, Redirect, Response},
};
use http::{
    Method, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use kaizala_webhook::{
    receiver::Receiver,
    simulator::api::{
        Api, ApiConfig, CallbackSpelling, Credentials, Door, Fault, NewPlace, ResponsePlace, Subscription,
    },
    store::{Store, connect_local},
    token::{AcceptedTokens, TokenDigest},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    events::Reply,
    process::{Process, http, run},
    world::arrival,
};

const DAY: Duration = Duration::from_hours(24);
const GROUP: &str = "df91cb37/group one@1";
const GROUP_IN_PATH: &str = "df91cb37%2Fgroup%20one%401";

/// The API on a port of its own, and a client of it.
struct Kaizala {
    api: Api,
    url: String,
    credentials: Credentials,
    client: Client<HttpConnector, Body>,
    clock: Arc<AtomicU64>,
}

impl Kaizala {
    async fn start() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let clock = Arc::new(AtomicU64::new(1_700_000_000));
        let seconds = clock.clone();
        let mut config = ApiConfig::new(&url);
        config.clock = Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst)));
        change(&mut config);
        let credentials = config.credentials.clone();
        let api = Api::new(config);
        serve(listener, api.router());
        Self { api, url, credentials, client: Client::builder(TokioExecutor::new()).build_http(), clock }
    }

    fn sleep(&self, time: Duration) {
        self.clock.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    async fn send(&self, method: Method, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("it is a request");
        let (head, body) = self.client.request(request).await.expect("it answers").into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.expect("it answers to the end");
        Reply { status: head.status, headers: head.headers, body: body.into() }
    }

    async fn ask_for_access(&self, refresh_token: &str) -> Reply {
        let Credentials { application_id, application_secret, .. } = &self.credentials;
        let headers = [
            ("applicationId", application_id.as_str()),
            ("applicationSecret", application_secret.as_str()),
            ("refreshToken", refresh_token),
        ];
        self.send(Method::GET, &format!("{}/v1/accessToken", self.url), &headers, "").await
    }

    async fn token(&self) -> String {
        let reply = self.ask_for_access(&self.credentials.refresh_token).await;
        text(&reply.json()["accessToken"]).to_owned()
    }

    /// A call with an access token of its own.
    async fn call(&self, method: Method, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &format!("{}{path}", self.url), &[("accessToken", &self.token().await)], &body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, &Value::Null).await
    }

    async fn subscribe(&self, callback_url: &str) -> String {
        let reply = self.call(Method::POST, "/v1/webhook", &subscription(callback_url)).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        text(&reply.json()["webhookId"]).to_owned()
    }

    fn subscribed(&self, id: &str) -> Subscription {
        self.api.subscription(id).expect("it is there")
    }
}

fn serve(listener: TcpListener, app: Router) {
    tokio::spawn(async move { axum::serve(listener, app).await });
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string"))
}

fn subscription(callback_url: &str) -> Value {
    json!({
        "objectId": GROUP,
        "objectType": "Group",
        "eventTypes": ["ActionResponse", "TextMessageCreated"],
        "callBackUrl": callback_url,
        "callBackToken": "a-callback-token",
        "callBackContext": "a-context",
    })
}

fn assert_refused(reply: &Reply, status: StatusCode, code: &str) {
    assert_eq!((reply.status, text(&reply.json()["errorCode"])), (status, code), "{reply:?}");
    let body = reply.json();
    assert!(!text(&body["message"]).is_empty() && !text(&body["errorCategoryKey"]).is_empty(), "{body}");
}

/// Something that is called back at the URL that this returns.
async fn callback(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/webhook", listener.local_addr().expect("it is bound"));
    serve(listener, app);
    url
}

/// This project's receiver. It needs no table to answer a handshake.
async fn receiver() -> String {
    let tokens = AcceptedTokens::only(TokenDigest::of(b"a-callback-token"));
    let receiver = Receiver::new(tokens, Store::new(connect_local("http://127.0.0.1:1"), "no-table", None));
    let answer = async move |request: Request| {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the request arrives");
        receiver.answer(Request::from_parts(head, body), arrival()).await.map(Body::from)
    };
    callback(Router::new().fallback(answer)).await
}

/// A receiver that makes its answer of the validation token's raw and decoded form.
async fn odd_receiver(answer: fn(&str, String) -> Response) -> String {
    let handler = async move |RawQuery(query): RawQuery| {
        let query = query.expect("there is a query");
        let raw = query.strip_prefix("validationToken=").expect("it is a handshake");
        let (_, decoded) = url::form_urlencoded::parse(query.as_bytes()).next().expect("there is a parameter");
        answer(raw, decoded.into_owned())
    };
    callback(Router::new().fallback(handler)).await
}

#[tokio::test]
async fn an_access_token_is_given_for_the_right_credentials_only() {
    let kaizala = Kaizala::with(|config| config.endpoint_url = "https://kms.example/".to_owned()).await;
    let Credentials { application_id, application_secret, refresh_token } = kaizala.credentials.clone();

    let body = kaizala.ask_for_access(&refresh_token).await.json();
    assert_eq!(body["endpointUrl"], "https://kms.example/", "the slash stays");
    assert_eq!(body["accessTokenExpiry"], 1_700_000_000_000_u64 + 24 * 60 * 60 * 1000);
    assert_eq!(body["refreshToken"], "");
    assert_eq!(body["scope"], "token.write");

    let url = format!("{}/v1/accessToken", kaizala.url);
    for wrong in 0..3 {
        let mut values = [application_id.as_str(), &application_secret, &refresh_token];
        values[wrong] = "wrong";
        let headers = [("applicationId", values[0]), ("applicationSecret", values[1]), ("refreshToken", values[2])];
        let reply = kaizala.send(Method::GET, &url, &headers, "").await;
        assert_refused(&reply, StatusCode::UNAUTHORIZED, "InvalidToken");
        let reply = kaizala.send(Method::GET, &url, &headers[..wrong], "").await;
        assert_refused(&reply, StatusCode::UNAUTHORIZED, "InvalidToken");
    }
}

#[tokio::test]
async fn an_access_token_is_needed_for_everything_else_and_ends_after_24_hours() {
    let kaizala = Kaizala::start().await;
    let url = format!("{}/v1/groups", kaizala.url);
    let token = kaizala.token().await;

    for headers in [&[][..], &[("accessToken", "")], &[("accessToken", "wrong")], &[("Authorization", &token)]] {
        let reply = kaizala.send(Method::GET, &url, headers, "").await;
        assert_refused(&reply, StatusCode::UNAUTHORIZED, "InvalidToken");
    }
    kaizala.sleep(Duration::from_secs(24 * 60 * 60 - 1));
    assert_eq!(kaizala.send(Method::GET, &url, &[("accessToken", &token)], "").await.status, StatusCode::OK);
    kaizala.sleep(Duration::from_secs(1));
    let reply = kaizala.send(Method::GET, &url, &[("accessToken", &token)], "").await;
    assert_refused(&reply, StatusCode::UNAUTHORIZED, "InvalidToken");
}

#[tokio::test]
async fn a_new_refresh_token_comes_from_day_328_on_and_its_first_use_ends_the_old_one() {
    let kaizala = Kaizala::start().await;
    let first = kaizala.credentials.refresh_token.clone();

    kaizala.api.age_refresh_token(327);
    assert_eq!(kaizala.ask_for_access(&first).await.json()["refreshToken"], "");
    kaizala.api.age_refresh_token(1);
    let second = text(&kaizala.ask_for_access(&first).await.json()["refreshToken"]).to_owned();
    assert!(!second.is_empty() && second != first);
    assert_eq!(kaizala.ask_for_access(&first).await.json()["refreshToken"], second.as_str(), "the answer may get lost");

    assert_eq!(kaizala.ask_for_access(&second).await.json()["refreshToken"], "");
    assert_refused(&kaizala.ask_for_access(&first).await, StatusCode::UNAUTHORIZED, "InvalidToken");

    kaizala.api.age_refresh_token(365);
    assert_refused(&kaizala.ask_for_access(&second).await, StatusCode::UNAUTHORIZED, "InvalidToken");
}

#[tokio::test]
async fn a_subscription_is_made_listed_and_deleted() {
    let kaizala = Kaizala::start().await;
    let url = receiver().await;
    let id = kaizala.subscribe(&url).await;
    let list = format!("/v1/webhook?objectId={GROUP_IN_PATH}&objectType=Group");

    let expected = json!({ "webhooks": [{
        "id": id,
        "objectId": GROUP,
        "objectType": "Group",
        "events": ["ActionResponse", "TextMessageCreated"],
        "filters": [],
        "callbackUrl": url,
        "callbackToken": "a-callback-token",
        "ts": 1_700_000_000_000_u64,
        "validity": 1_763_113_904_000_u64,
        "active": true,
    }]});
    assert_eq!(kaizala.get(&list).await.json(), expected);
    assert_eq!(kaizala.get("/v1/webhook?objectId=x&objectType=Group").await.json(), json!({ "webhooks": [] }));

    let path = format!("/v1/webhook/{}", id.replace('-', "%2D"));
    assert_eq!(kaizala.call(Method::DELETE, &path, &Value::Null).await.status, StatusCode::OK);
    assert_eq!(kaizala.get(&list).await.json(), json!({ "webhooks": [] }));
    for method in [Method::DELETE, Method::PUT] {
        assert_refused(&kaizala.call(method, &path, &json!({})).await, StatusCode::NOT_FOUND, "NotFound");
    }
}

#[tokio::test]
async fn webhooks_are_also_listed_in_the_other_spelling() {
    let kaizala = Kaizala::with(|config| config.callback_spelling = CallbackSpelling::Table).await;
    let url = receiver().await;
    kaizala.subscribe(&url).await;

    let body = kaizala.get(&format!("/v1/webhook?objectId={GROUP_IN_PATH}&objectType=Group")).await.json();
    let webhook = &body["webhooks"][0];
    assert_eq!((&webhook["callBackUrl"], &webhook["callBackToken"]), (&json!(url), &json!("a-callback-token")));
    assert!(webhook.get("callbackUrl").is_none() && webhook.get("callbackToken").is_none());
}

#[tokio::test]
async fn a_callback_url_that_does_not_answer_with_200_and_exactly_the_token_is_refused() {
    let answers: [fn(&str, String) -> Response; 7] = [
        |raw, _| raw.to_owned().into_response(),
        |_, token| format!("\"{token}\"").into_response(),
        |_, token| format!("{token}\n").into_response(),
        |_, token| token.replace(' ', "+").into_response(),
        |_, token| (StatusCode::ACCEPTED, token).into_response(),
        |raw, _| Redirect::temporary(&format!("/elsewhere?validationToken={raw}")).into_response(),
        |_, _| ().into_response(),
    ];
    let kaizala = Kaizala::start().await;
    for answer in answers {
        let body = subscription(&odd_receiver(answer).await);
        let reply = kaizala.call(Method::POST, "/v1/webhook", &body).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
        assert!(reply.json().get("webhookId").is_none());
    }
    let nobody = subscription("http://127.0.0.1:1/webhook");
    let reply = kaizala.call(Method::POST, "/v1/webhook", &nobody).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
    assert_eq!(kaizala.api.subscriptions(), []);
}

#[tokio::test]
async fn a_callback_url_that_needs_more_than_five_seconds_is_refused() {
    let kaizala = Kaizala::start().await;
    let slow = async || {
        tokio::time::sleep(Duration::from_mins(1)).await;
    };
    let url = callback(Router::new().fallback(slow)).await;

    let reply = kaizala.call(Method::POST, "/v1/webhook", &subscription(&url)).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
}

#[tokio::test]
async fn a_callback_url_is_https_or_on_this_machine_and_may_have_a_query() {
    let kaizala = Kaizala::start().await;
    for url in ["http://example.com/webhook", "ftp://localhost/webhook", "/webhook", "not a URL"] {
        let reply = kaizala.call(Method::POST, "/v1/webhook", &subscription(url)).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
    let url = receiver().await.replace("127.0.0.1", "localhost");
    kaizala.subscribe(&format!("{url}?stage=prod")).await;
}

#[tokio::test]
async fn a_request_that_lacks_a_field_or_has_a_bad_one_is_told_which() {
    let kaizala = Kaizala::start().await;
    let bad = [
        ("objectId", vec![Value::Null, json!(""), json!(1)]),
        ("objectType", vec![Value::Null, json!("Person")]),
        ("eventTypes", vec![Value::Null, json!([]), json!("ActionResponse"), json!([1])]),
        ("callBackUrl", vec![Value::Null, json!(true)]),
        ("callBackToken", vec![json!(1)]),
        ("validity", vec![json!("tomorrow"), json!(-1)]),
    ];
    for (name, values) in bad {
        for value in values {
            let mut body = subscription("http://127.0.0.1:1/webhook");
            body[name] = value;
            let reply = kaizala.call(Method::POST, "/v1/webhook", &body).await;
            assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
            assert!(text(&reply.json()["message"]).contains(name), "{body} {reply:?}");
        }
    }
    for body in [json!([]), Value::Null] {
        let reply = kaizala.call(Method::POST, "/v1/webhook", &body).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
    for path in ["/v1/webhook", "/v1/webhook?objectId=x", "/v1/webhook?objectType=Group&objectId="] {
        assert_refused(&kaizala.get(path).await, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
}

#[tokio::test]
async fn only_the_string_true_enables_a_disabled_webhook_again() {
    let kaizala = Kaizala::start().await;
    let id = kaizala.subscribe(&receiver().await).await;
    let path = format!("/v1/webhook/{id}");

    assert!(kaizala.api.disable(&id));
    assert!(!kaizala.api.disable("nothing"));
    let reply = kaizala.call(Method::PUT, &path, &json!({ "Active": true })).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    kaizala.call(Method::PUT, &path, &json!({ "active": "true" })).await;
    assert!(!kaizala.subscribed(&id).is_active);

    assert_eq!(kaizala.call(Method::PUT, &path, &json!({ "Active": "true" })).await.status, StatusCode::OK);
    assert!(kaizala.subscribed(&id).is_active);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_a_new_callback_url_is_validated() {
    let kaizala = Kaizala::start().await;
    let id = kaizala.subscribe(&receiver().await).await;
    let path = format!("/v1/webhook/{id}");
    let before = kaizala.subscribed(&id);

    let update = json!({ "callBackToken": "another", "validity": "1800000000000", "eventTypes": ["JobCreated"] });
    assert_eq!(kaizala.call(Method::PUT, &path, &update).await.status, StatusCode::OK);
    let after = kaizala.subscribed(&id);
    assert_eq!(after.callback_token.as_deref(), Some("another"));
    assert_eq!(after.valid_until_ms, 1_800_000_000_000);
    assert_eq!(after.event_types, ["JobCreated"]);
    assert_eq!((&after.callback_url, &after.callback_context), (&before.callback_url, &before.callback_context));

    let nobody = json!({ "callBackUrl": "http://127.0.0.1:1/webhook", "callBackContext": "new" });
    let reply = kaizala.call(Method::PUT, &path, &nobody).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
    assert_eq!(kaizala.subscribed(&id), after);

    let url = receiver().await;
    assert_eq!(kaizala.call(Method::PUT, &path, &json!({ "callBackUrl": url })).await.status, StatusCode::OK);
    assert_eq!(kaizala.subscribed(&id).callback_url, url);
}

#[tokio::test]
async fn an_event_is_covered_by_the_active_and_valid_subscriptions_to_its_object_and_type() {
    let kaizala = Kaizala::start().await;
    let url = receiver().await;
    let id = kaizala.subscribe(&url).await;
    let covering = |object_id: &str, object_type: &str, event_type: &str| {
        kaizala.api.covering(object_id, object_type, event_type).len()
    };

    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 1);
    assert_eq!(covering(GROUP, "Action", "ActionResponse"), 0);
    assert_eq!(covering("another", "Group", "ActionResponse"), 0);
    assert_eq!(covering(GROUP, "Group", "JobCreated"), 0);

    kaizala.api.disable(&id);
    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 0);
    kaizala.subscribe(&url).await;
    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 1);
    kaizala.sleep(731 * DAY);
    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 0);
}

#[tokio::test]
async fn planned_faults_hit_the_next_calls_at_their_door() {
    let kaizala = Kaizala::start().await;
    let url = format!("{}/v1/groups", kaizala.url);
    let token = kaizala.token().await;
    let get = || async { kaizala.send(Method::GET, &url, &[("accessToken", &token)], "").await };

    kaizala.api.break_next(2, Door::Endpoint, Fault::TooManyRequests { retry_after: 7 });
    kaizala.api.break_next(1, Door::Endpoint, Fault::ErrorUnder200);
    kaizala.api.break_next(1, Door::Endpoint, Fault::Status(StatusCode::BAD_GATEWAY));
    kaizala.api.break_next(1, Door::AccessToken, Fault::Status(StatusCode::SERVICE_UNAVAILABLE));

    for _ in 0..2 {
        let reply = get().await;
        assert_refused(&reply, StatusCode::TOO_MANY_REQUESTS, "TooManyRequests");
        assert_eq!(reply.headers[RETRY_AFTER], "7");
    }
    assert_refused(&get().await, StatusCode::OK, "InternalError");
    let reply = get().await;
    assert_eq!(reply.status, StatusCode::BAD_GATEWAY);
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "a gateway does not speak JSON");
    assert_eq!(get().await.json(), json!({ "groups": [] }));

    let refresh_token = &kaizala.credentials.refresh_token;
    assert_eq!(kaizala.ask_for_access(refresh_token).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(kaizala.ask_for_access(refresh_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_moved_endpoint_answers_308_and_works_at_its_new_place() {
    let kaizala = Kaizala::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let new = format!("http://{}", listener.local_addr().expect("it is bound"));
    serve(listener, kaizala.api.router());
    let path = "/v1/groups?fetchAllGroups=true";

    for (place, location) in [
        (NewPlace::EndpointUrl(format!("{new}/")), format!("{new}/")),
        (NewPlace::WholeUrl(new.clone()), format!("{new}{path}")),
    ] {
        kaizala.api.move_endpoint(place);
        let reply = kaizala.get(path).await;
        assert_eq!(reply.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(reply.headers[LOCATION], location);
    }
    let token = kaizala.token().await;
    let reply = kaizala.send(Method::GET, &format!("{new}{path}"), &[("accessToken", &token)], "").await;
    assert_eq!(reply.json(), json!({ "groups": [] }));
}

#[tokio::test]
async fn an_access_token_is_good_for_100_calls_a_minute_unless_the_limit_is_off() {
    let kaizala = Kaizala::start().await;
    let url = format!("{}/v1/groups", kaizala.url);
    let token = kaizala.token().await;
    let get = || async { kaizala.send(Method::GET, &url, &[("accessToken", &token)], "").await };

    assert_eq!(get().await.status, StatusCode::OK);
    kaizala.sleep(Duration::from_secs(20));
    for _ in 1..100 {
        assert_eq!(get().await.status, StatusCode::OK);
    }
    let reply = get().await;
    assert_refused(&reply, StatusCode::TOO_MANY_REQUESTS, "TooManyRequests");
    assert_eq!(reply.headers[RETRY_AFTER], "40");
    kaizala.sleep(Duration::from_secs(40));
    assert_eq!(get().await.status, StatusCode::OK);
    assert_refused(&get().await, StatusCode::TOO_MANY_REQUESTS, "TooManyRequests");

    let kaizala = Kaizala::with(|config| config.calls_per_minute = None).await;
    let url = format!("{}/v1/groups", kaizala.url);
    let token = kaizala.token().await;
    for _ in 0..=100 {
        let reply = kaizala.send(Method::GET, &url, &[("accessToken", &token)], "").await;
        assert_eq!(reply.status, StatusCode::OK);
    }
}

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

#[tokio::test]
async fn a_subscription_can_be_printed_without_its_secrets() {
    let kaizala = Kaizala::start().await;
    let id = kaizala.subscribe(&format!("{}?code=in-the-url", receiver().await)).await;

    let printed = format!("{:?}", kaizala.subscribed(&id));
    assert!(printed.contains(&id), "{printed}");
    for secret in ["a-callback-token", "a-context", "in-the-url"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    command.args(["simulate", "api"]).env_remove("KAIZALA_SIMULATOR_API_PORT");
    command
}

#[test]
fn the_command_prints_what_an_access_token_is_given_for_and_logs_no_secret() {
    let process = Process::start(command().args(["--port", "0"]));
    let value = |name: &str| {
        let start = format!("export {name}=");
        process.wait_for(|line| line.trim_start().strip_prefix(&start).map(str::to_owned))
    };
    let url = value("KAIZALA_API_URL");
    let credentials =
        [value("KAIZALA_APPLICATION_ID"), value("KAIZALA_APPLICATION_SECRET"), value("KAIZALA_REFRESH_TOKEN")];
    let address = url.strip_prefix("http://").expect("it is local");
    process.wait_for(|line| line.contains("curl").then_some(()));

    let [id, secret, refresh_token] = &credentials;
    let head = format!(
        "GET /v1/accessToken HTTP/1.1\r\napplicationId: {id}\r\napplicationSecret: {secret}\r\n\
         refreshToken: {refresh_token}"
    );
    let answer = http(address, &head, b"");
    let (_, body) = answer.split_once("\r\n\r\n").expect("there is a body");
    let body: Value = serde_json::from_str(body).expect("it is JSON");
    assert_eq!(body["endpointUrl"], url.as_str());
    let token = text(&body["accessToken"]);

    let head = format!("GET /v1/groups?fetchAllGroups=true&showDetails=true HTTP/1.1\r\naccessToken: {token}");
    assert!(http(address, &head, b"").contains("groupName"), "there is something to pull");
    process.wait_for(|line| line.contains("/v1/groups").then_some(()));
    let output = process.output();
    assert!(!output.contains(token), "{output}");
    for secret in &credentials {
        assert_eq!(output.matches(secret.as_str()).count(), 1, "only its export line names it: {output}");
    }
}

#[test]
fn the_command_gives_advice_when_its_port_is_taken() {
    let taken = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port().to_string();

    let output = run(command().args(["--port", &port]), b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--port"), "{output:?}");
}

#[test]
fn the_command_ends_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let child = command().args(["--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let mut urls = lines.filter_map(|line| line.strip_prefix("API  http://").map(str::to_owned));
        // Once it answers, it also listens for signals.
        assert!(http(&urls.next().expect("it has a URL"), "GET / HTTP/1.1", b"").starts_with("HTTP/1.1 404"));
        let told = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(told.expect("there is kill").success());
        assert!(child.wait().expect("it ends").success());
    }
}
