//! The simulated Kaizala API, over TCP, in this process and as `kaizala simulate api`.

mod command;
mod pull;
mod webhooks;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
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
    simulator::api::{Api, ApiConfig, Credentials, Door, Fault, NewPlace, Subscription},
    store::{Store, connect_local},
    token::{AcceptedTokens, TokenDigest},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{events::Reply, world::arrival};

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
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string"))
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
