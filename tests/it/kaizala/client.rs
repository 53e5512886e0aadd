//! The client of the Kaizala API, against the simulated one and against answers that it does not give.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::Request, response::IntoResponse, routing::get};
use http::StatusCode;
use kaizala_webhook::{
    event::Timestamp,
    kaizala::{
        ApiError, BaseUrl, BaseUrlError, Change, Config, Kaizala, Limiter, NewWebhook, ObjectType, Pace, Secret,
        SubscribedObject,
    },
    simulator::api::{CallbackSpelling, Door, Fault, NewPlace},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::support::Operator;

fn group() -> SubscribedObject {
    SubscribedObject { object_type: ObjectType::Group, id: "df91cb37/group one@1".to_owned() }
}

fn subscription(operator: &Operator) -> NewWebhook {
    NewWebhook {
        object: group(),
        event_types: vec!["SurveyResponse".to_owned(), "JobResponse".to_owned()],
        callback_url: operator.callback_url(),
        callback_token: Secret::from("a-callback-token".to_owned()),
        callback_context: None,
        valid_until: None,
    }
}

/// Serves what only a test would answer, and returns a client of it.
async fn client_of(operator: &Operator, router: Router, change: impl FnOnce(&mut Config)) -> Kaizala {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let grant = json!({
        "accessToken": "eyJ-access", "endpointUrl": url, "accessTokenExpiry": 4_102_444_800_000_u64, "refreshToken": null,
    });
    let router = router.route("/v1/accessToken", get(async move || Json(grant)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut config = operator.config();
    config.api_url = url.parse().expect("it is a URL");
    change(&mut config);
    Kaizala::new(config).expect("the system has certificates")
}

#[tokio::test]
async fn an_access_token_is_asked_for_once_and_kept_for_the_next_command() {
    let operator = Operator::new().await;
    let first = operator.client();
    first.webhooks(&group()).await.expect("it answers");
    first.webhooks(&group()).await.expect("it answers");

    // Whoever asks again fails.
    operator.api.break_next(1, Door::AccessToken, Fault::ErrorUnder200);
    operator.client().webhooks(&group()).await.expect("the token is kept");
    operator.client().webhooks(&group()).await.expect("the token is kept");

    let mode = fs::metadata(operator.file("state.json")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn an_access_token_that_kaizala_no_longer_takes_is_replaced_once() {
    let operator = Operator::new().await;
    let client = operator.client();
    client.webhooks(&group()).await.expect("it answers");
    operator.api.break_next(1, Door::Endpoint, Fault::Status(StatusCode::UNAUTHORIZED));
    client.webhooks(&group()).await.expect("a fresh token is good");

    operator.api.break_next(2, Door::Endpoint, Fault::Status(StatusCode::UNAUTHORIZED));
    let error = client.webhooks(&group()).await.expect_err("twice in a row is not an accident");
    assert!(error.is_invalid_token(), "{error}");
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_and_used_from_then_on() {
    let operator = Operator::new().await;
    operator.api.age_refresh_token(330);
    operator.client().webhooks(&group()).await.expect("it answers");
    let kept = fs::read_to_string(operator.file("state.json")).expect("it is there");
    let kept: Value = serde_json::from_str(&kept).expect("it is JSON");
    let successor = kept["successor"]["refreshToken"].as_str().expect("there is one");
    assert_ne!(successor, operator.credentials.refresh_token);

    // The access token is gone, the configured refresh token has ended: only its successor helps.
    let mut without_access = kept.clone();
    without_access["access"] = Value::Null;
    operator.write("state.json", &without_access.to_string());
    operator.client().webhooks(&group()).await.expect("the successor is good");
    operator.write("state.json", &json!({ "application": kept["application"] }).to_string());
    assert!(
        operator.client().webhooks(&group()).await.is_err(),
        "the first refresh token ended with its successor's use"
    );
}

#[tokio::test]
async fn a_refresh_token_that_was_configured_later_counts_more_than_a_kept_one() {
    let operator = Operator::new().await;
    operator.api.age_refresh_token(330);
    operator.client().webhooks(&group()).await.expect("it answers");
    let kept = fs::read_to_string(operator.file("state.json")).expect("it is there");
    let mut kept: Value = serde_json::from_str(&kept).expect("it is JSON");
    let successor = kept["successor"]["refreshToken"].as_str().expect("there is one").to_owned();
    kept["access"] = Value::Null;
    kept["successor"]["refreshToken"] = json!("one-that-is-no-good");
    operator.write("state.json", &kept.to_string());

    assert!(operator.client().webhooks(&group()).await.is_err());
    let mut config = operator.config();
    config.credentials.refresh_token = Secret::from(successor);
    Kaizala::new(config).expect("it is made").webhooks(&group()).await.expect("it answers");
}

#[tokio::test]
async fn tokens_that_cannot_be_kept_are_not_used() {
    let operator = Operator::new().await;
    operator.write("state.json", "{ broken");
    let error = operator.client().webhooks(&group()).await.expect_err("the file is damaged");
    assert!(matches!(error, ApiError::State(_)), "{error:?}");

    let mut config = operator.config();
    config.state_file = operator.file("state.json/below-a-file");
    let error = Kaizala::new(config).expect("it is made").webhooks(&group()).await.expect_err("it is not a folder");
    assert!(matches!(error, ApiError::State(_)), "{error:?}");

    let other = Operator::new().await;
    other.client().webhooks(&group()).await.expect("it answers");
    let mut config = operator.config();
    config.state_file = other.file("state.json");
    let error = Kaizala::new(config).expect("it is made").webhooks(&group()).await.expect_err("it is not ours");
    assert!(with_cause(&error).contains("another application"));
}

fn with_cause(error: &ApiError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_may_not_is_an_error() {
    let operator = Operator::new().await;
    let client = operator.client();
    operator.api.break_next(1, Door::AccessToken, Fault::TooManyRequests { retry_after: 0 });
    operator.api.break_next(1, Door::AccessToken, Fault::Status(StatusCode::BAD_GATEWAY));
    operator.api.break_next(2, Door::Endpoint, Fault::TooManyRequests { retry_after: 0 });
    operator.api.break_next(2, Door::Endpoint, Fault::Status(StatusCode::SERVICE_UNAVAILABLE));
    client.webhooks(&group()).await.expect("it passes");

    operator.api.break_next(1, Door::Endpoint, Fault::ErrorUnder200);
    let error = client.webhooks(&group()).await.expect_err("an errorCode under 200 is an error");
    assert!(error.to_string().contains("200 InternalError"), "{error}");
    operator.api.break_next(1, Door::Endpoint, Fault::TooManyRequests { retry_after: 3600 });
    let error = client.webhooks(&group()).await.expect_err("nobody waits an hour");
    assert!(matches!(error, ApiError::Busy { retry_after, .. } if retry_after == Duration::from_hours(1)), "{error:?}");
    operator.api.break_next(6, Door::Endpoint, Fault::Status(StatusCode::BAD_GATEWAY));
    let error = client.webhooks(&group()).await.expect_err("six times is enough");
    assert!(error.to_string().contains("502"), "{error}");
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let operator = Operator::new().await;
    let client = operator.client();
    client.webhooks(&group()).await.expect("it answers");
    operator.api.break_next(1, Door::Endpoint, Fault::TooManyRequests { retry_after: 1 });

    let started = Instant::now();
    client.webhooks(&group()).await.expect("it passes");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn calls_follow_the_endpoint_however_its_new_place_is_told() {
    for new_place in [NewPlace::EndpointUrl as fn(String) -> NewPlace, NewPlace::WholeUrl] {
        let operator = Operator::new().await;
        // The same API by another name of this machine.
        let elsewhere = operator.api_url.replace("127.0.0.1", "localhost");
        operator.api.move_endpoint(new_place(elsewhere));
        let client = operator.client();

        let id = client.register(&subscription(&operator)).await.expect("it follows");
        assert_eq!(client.webhooks(&group()).await.expect("it stays there")[0].id, id);
        operator.api.move_endpoint(NewPlace::EndpointUrl("http://example.com".to_owned()));
        let error = client.webhooks(&group()).await.expect_err("tokens do not travel in the open");
        assert!(matches!(error, ApiError::BadEndpoint { source: BaseUrlError::NotHttps, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_moves_in_circles_is_left() {
    let router = Router::new().fallback(async |request: Request| {
        let host = request.headers()["host"].to_str().expect("it is text").to_owned();
        (StatusCode::PERMANENT_REDIRECT, [("location", format!("http://{host}/"))])
    });
    let error =
        client_of(&Operator::new().await, router, |_| ()).await.webhooks(&group()).await.expect_err("it never answers");
    assert!(matches!(error, ApiError::MovedTooOften { .. }), "{error:?}");
}

#[test]
fn base_urls_are_made_alike_and_are_https_or_on_this_machine() {
    let shown = |text: &str| text.parse::<BaseUrl>().map(|url| url.to_string());
    for text in
        ["https://kms.kaiza.la", "https://kms.kaiza.la/", "https://kms.kaiza.la/v1", " https://kms.kaiza.la/v1/ "]
    {
        assert_eq!(shown(text), Ok("https://kms.kaiza.la".to_owned()));
    }
    assert_eq!(shown("https://gateway.example/kaizala/"), Ok("https://gateway.example/kaizala".to_owned()));
    assert_eq!(shown("http://localhost:9100"), Ok("http://localhost:9100".to_owned()));
    assert_eq!(shown("http://kms.kaiza.la"), Err(BaseUrlError::NotHttps));
    assert_eq!(shown("http://localhost.example.com"), Err(BaseUrlError::NotHttps));
    for text in ["", "kms.kaiza.la", "/v1", "https://kms.kaiza.la/?a=b"] {
        assert_eq!(shown(text), Err(BaseUrlError::NotAUrl), "{text}");
    }
}

#[tokio::test]
async fn both_spellings_of_a_webhook_are_read() {
    for spelling in [CallbackSpelling::Sample, CallbackSpelling::Table] {
        let operator = Operator::with(|config| config.callback_spelling = spelling).await;
        let client = operator.client();
        let made = subscription(&operator);
        let id = client.register(&made).await.expect("it is made");

        let webhooks = client.webhooks(&group()).await.expect("it answers");
        assert_eq!(webhooks.len(), 1);
        let webhook = &webhooks[0];
        assert_eq!((&webhook.id, &webhook.callback_url), (&id, &made.callback_url));
        assert_eq!(webhook.callback_token.as_ref(), Some(&made.callback_token));
        assert_eq!(webhook.event_types, made.event_types);
        assert!(webhook.is_active && webhook.valid_until > webhook.created_at);
    }
}

#[tokio::test]
async fn a_webhook_is_changed_in_what_is_named_enabled_and_deleted() {
    let operator = Operator::new().await;
    let client = operator.client();
    let id = client.register(&subscription(&operator)).await.expect("it is made");
    operator.api.disable(&id);

    let until = Timestamp::from_epoch_millis(2_000_000_000_000);
    let change = Change { event_types: Some(vec!["Announcement".to_owned()]), valid_until: until, ..Change::enable() };
    client.update(&id, &change).await.expect("it is changed");

    let webhook = client.webhooks(&group()).await.expect("it answers").remove(0);
    assert!(webhook.is_active);
    assert_eq!((webhook.event_types, webhook.valid_until), (vec!["Announcement".to_owned()], until));
    assert_eq!(webhook.callback_url, operator.callback_url());
    client.delete(&id).await.expect("it is deleted");
    assert!(client.delete(&id).await.expect_err("it is gone").is_not_found());
}

#[tokio::test]
async fn a_registration_whose_answer_is_lost_is_not_made_twice() {
    let operator = Operator::new().await;
    // Something in between passes the call on and loses the answer.
    let calls = Arc::new(AtomicUsize::new(0));
    let (upstream, seen) = (operator.api.router(), calls.clone());
    let losing = Router::new().fallback(async move |request: Request| {
        let is_registration = request.method() == http::Method::POST;
        let answer = tower_service::Service::call(&mut upstream.clone(), request).await.expect("it answers");
        if is_registration && seen.fetch_add(1, Ordering::SeqCst) == 0 {
            return StatusCode::GATEWAY_TIMEOUT.into_response();
        }
        answer
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let place = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, losing).await });
    operator.api.move_endpoint(NewPlace::EndpointUrl(place));

    let id = operator.client().register(&subscription(&operator)).await.expect("it is found in the list");

    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let made = operator.api.subscriptions();
    assert_eq!((made.len(), made[0].id == id), (1, true));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    let hanging = Router::new().fallback(async || sleep(Duration::from_hours(1)).await);
    let operator = Operator::new().await;
    let client = client_of(&operator, hanging, |config| {
        config.pace =
            Pace { timeout: Duration::from_millis(50), attempts: 2, first_pause: Duration::ZERO, ..Pace::default() };
    });
    let error = client.await.webhooks(&group()).await.expect_err("nobody answers");
    assert!(matches!(error, ApiError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn what_kaizala_says_in_an_error_is_shown_without_phone_numbers_and_tokens() {
    let token = format!("eyJ{}", "a1".repeat(40));
    let message = format!(
        "User +1 (202) 555-0101 of group 5b8d1360-1282-407a-b8df-a0ec7708e2a2 may not; token {token}\nhas +918000000000"
    );
    let router = Router::new().fallback(async move || {
        (StatusCode::FORBIDDEN, Json(json!({ "errorCode": "NotAllowed", "message": message })))
    });
    let error =
        client_of(&Operator::new().await, router, |_| ()).await.webhooks(&group()).await.expect_err("it refuses");

    let shown = format!("{error} {error:?}");
    assert!(shown.contains("403 NotAllowed") && shown.contains("5b8d1360-1282-407a-b8df-a0ec7708e2a2"), "{shown}");
    for private in ["555", "8000000000", "eyJ"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

#[tokio::test]
async fn nothing_that_holds_a_secret_shows_it() {
    let operator = Operator::new().await;
    let client = operator.client();
    client.register(&subscription(&operator)).await.expect("it is made");
    let webhooks = client.webhooks(&group()).await.expect("it answers");

    let shown = format!("{:?} {client:?} {webhooks:?} {:?}", operator.config(), subscription(&operator));
    for secret in [
        "a-callback-token",
        &operator.credentials.application_id,
        &operator.credentials.application_secret,
        &operator.credentials.refresh_token,
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn all_actions_of_a_type_are_listed_once_although_pages_overlap_and_never_say_that_they_are_the_last() {
    let operator = Operator::new().await;
    // Several in the same second, more than a page of them among others.
    let times = [10, 10, 10, 10, 10, 20, 30, 30, 40, 50];
    for (at, time) in times.iter().enumerate() {
        let action = json!({
            "actionType": "Survey", "creationTime": 1_600_000_000 + time, "actionBody": { "actionId": format!("action-{at}") },
        });
        operator.api.put_action("group", action, Vec::new());
    }
    let client = operator.client();
    for size in 1..=11 {
        let mut pages = client.actions("group", "Survey", Timestamp::EPOCH).of_size(size);
        let mut ids = Vec::new();
        while let Some(page) = pages.next().await.expect("it answers") {
            ids.extend(page.iter().map(|action| action.id().expect("it has one")));
        }
        let all: Vec<_> = (0..times.len()).map(|at| format!("action-{at}")).collect();
        assert_eq!(ids, all, "pages of {size}");
    }
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_an_error_and_not_an_endless_loop() {
    let page = json!({ "hasMore": true, "actions": [{ "creationTime": 5, "actionBody": { "actionId": "only" } }] });
    let operator = Operator::new().await;
    let client = client_of(&operator, Router::new().fallback(async move || Json(page.clone())), |_| ()).await;
    for mut pages in [client.actions("group", "Survey", Timestamp::EPOCH), client.package_actions("group", "package")] {
        let ended = loop {
            match pages.next().await {
                Ok(Some(_)) => {}
                ended => break ended,
            }
        };
        assert!(matches!(ended, Err(ApiError::Unreadable { .. })), "{ended:?}");
    }
}

#[tokio::test]
async fn no_more_calls_pass_in_a_window_than_are_allowed() {
    let window = Duration::from_millis(40);
    let limiter = Limiter::new(3, window);
    let started = Instant::now();
    for _ in 0..10 {
        limiter.pass().await;
    }
    // Three at once, then three more for each window.
    assert!(started.elapsed() >= 3 * window);
}
