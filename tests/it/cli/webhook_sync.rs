//! `kaizala webhook sync` as a process, against the simulated API.

use http::StatusCode;
use kaizala_webhook::{
    simulator::api::{Door, Fault, NewPlace},
    token::TokenDigest,
};
use serde_json::{Value, json};

use crate::support::{Operator, events::CALLBACK_TOKEN, operator::Ran};

fn file(operator: &Operator) -> String {
    format!(
        r#"
callback_url = "{}"
callback_token = {{ env = "KAIZALA_CALLBACK_TOKEN" }}

[[subscription]]
group = "group-1"
events = "all"
context = "field team"

[[subscription]]
package = "com.example.shopvisit"
events = ["ActionResponse"]
"#,
        operator.callback_url()
    )
}

async fn sync(operator: &Operator, more: &[&str]) -> Ran {
    operator.run(&[&["webhook", "sync", "subscriptions.toml"], more].concat()).await
}

/// What each step does, and why.
fn steps(ran: &Ran) -> Vec<(String, String)> {
    let json = ran.json_whatever_the_code();
    let steps = json["steps"].as_array().expect("it is a list").clone();
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    steps.iter().map(|step| (text(&step["do"]), text(&step["why"]))).collect()
}

#[tokio::test]
async fn a_disabled_webhook_is_found_by_a_check_and_repaired_and_then_there_is_nothing_to_do() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    sync(&operator, &["--yes"]).await.ok();
    assert_eq!(operator.api.subscriptions().len(), 2);
    sync(&operator, &["--check"]).await.ok();

    let disabled = operator.api.subscriptions().remove(1).id;
    operator.api.disable(&disabled);
    let check = sync(&operator, &["--check"]).await;
    assert!(check.code == 3 && check.output.contains("disabled by Kaizala"), "{check:?}");
    assert!(!check.error.contains("error:"), "{check:?}");
    assert!(!operator.api.subscription(&disabled).expect("it is there").is_active, "a check changes nothing");

    // On the way, Kaizala is busy, out of order, and moves.
    operator.api.break_next(1, Door::Endpoint, Fault::TooManyRequests { retry_after: 1 });
    operator.api.break_next(1, Door::Endpoint, Fault::Status(StatusCode::BAD_GATEWAY));
    operator.api.move_endpoint(NewPlace::EndpointUrl(operator.api_url.replace("127.0.0.1", "localhost")));
    sync(&operator, &["--yes"]).await.ok();

    assert!(operator.api.subscription(&disabled).expect("it is there").is_active);
    assert_eq!(operator.api.subscriptions().len(), 2);
    let check = sync(&operator, &["--check", "--json"]).await;
    assert_eq!((check.json()["inSync"].clone(), steps(&check)), (json!(true), vec![]));
}

#[tokio::test]
async fn nothing_is_changed_without_somebody_who_says_yes() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    let ran = sync(&operator, &[]).await;

    assert!(ran.code == 1 && ran.error.contains("--yes") && ran.output.contains("register"), "{ran:?}");
    assert!(operator.api.subscriptions().is_empty());
}

#[tokio::test]
async fn whatever_is_off_is_put_right_in_one_call_each() {
    let operator = Operator::new().await;
    let other = operator.write("other-token", "another-token\n");
    let changed = file(&operator)
        .replace(r#"{ env = "KAIZALA_CALLBACK_TOKEN" }"#, &format!("{{ file = {other:?} }}"))
        .replace("\"all\"", "[\"Announcement\"]")
        + "\n";
    operator.write("subscriptions.toml", &("validity_days = 20\nrenew_before_days = 10\n".to_owned() + &changed));
    sync(&operator, &["--yes"]).await.ok();
    assert_eq!(operator.api.subscriptions()[0].callback_token.as_deref(), Some("another-token"));

    operator.write("subscriptions.toml", &file(&operator));
    let check = sync(&operator, &["--check", "--json"]).await;
    assert_eq!(check.code, 3);
    let repair = |why: &str| ("repair".to_owned(), why.to_owned());
    assert_eq!(
        steps(&check),
        [repair("ends soon, other event types, another callback token"), repair("ends soon, another callback token")]
    );
    let applied = sync(&operator, &["--yes", "--json"]).await;
    assert_eq!((applied.json()["applied"].clone(), steps(&applied).len()), (json!(true), 2));

    let group = operator.api.subscriptions().remove(0);
    assert_eq!((group.event_types.len(), group.callback_token.as_deref()), (17, Some(CALLBACK_TOKEN)));
    assert_eq!(group.callback_context.as_deref(), Some("field team"));
    sync(&operator, &["--check"]).await.ok();
}

#[tokio::test]
async fn a_run_that_broke_off_is_continued_by_the_next_one() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    // Two lists and one registration pass; then Kaizala refuses.
    let proxy = StopsAfter::calls(&operator, 3).await;
    let ran = sync(&operator, &["--yes"]).await;
    assert!(ran.code == 1 && ran.error.contains("run the command again"), "{ran:?}");
    assert_eq!(operator.api.subscriptions().len(), 1);

    proxy.go_on();
    sync(&operator, &["--yes"]).await.ok();
    assert_eq!(operator.api.subscriptions().len(), 2);
    sync(&operator, &["--check"]).await.ok();
}

#[tokio::test]
async fn only_our_own_leftovers_are_deleted_and_only_when_asked() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    sync(&operator, &["--yes"]).await.ok();
    let elsewhere = Operator::new().await;
    let url = operator.callback_url();
    let register = async |url: &str| {
        let arguments = ["webhook", "register", "--group", "group-1", "--events", "all", "--url", url, "--json"];
        operator.run(&arguments).await.json()["id"].as_str().expect("it has one").to_owned()
    };
    let first = operator.api.subscriptions().remove(0).id;
    // The one that lasts longer is kept.
    register(&url).await;
    let old = register(&format!("{url}?stage=old")).await;
    let foreign = register(&elsewhere.callback_url()).await;

    let check = sync(&operator, &["--check", "--json"]).await;
    assert_eq!(steps(&check), []);
    let leftovers = check.json()["leftovers"].as_array().expect("it is a list").clone();
    let left = leftovers.iter().map(|left| left["webhookId"].clone()).collect::<Vec<_>>();
    assert_eq!(left, [json!(first), json!(old), json!(foreign)]);
    assert_eq!(sync(&operator, &["--check", "--prune"]).await.code, 3);

    sync(&operator, &["--yes", "--prune"]).await.ok();
    assert!(operator.api.subscription(&first).is_none() && operator.api.subscription(&old).is_none());
    assert!(operator.api.subscription(&foreign).is_some());
    assert_eq!(operator.api.subscriptions().len(), 3);

    let host = elsewhere.receiver.url.authority().expect("it has one").to_string();
    operator.write("subscriptions.toml", &format!("prune_hosts = [{host:?}]\n{}", file(&operator)));
    sync(&operator, &["--yes", "--prune"]).await.ok();
    assert_eq!(operator.api.subscriptions().len(), 2);
}

#[tokio::test]
async fn an_object_without_events_has_its_subscriptions_taken_away() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    sync(&operator, &["--yes"]).await.ok();

    operator.write("subscriptions.toml", &file(&operator).replace("\"all\"", "[]"));
    sync(&operator, &["--yes", "--prune"]).await.ok();

    let left = operator.api.subscriptions();
    assert_eq!((left.len(), left[0].object_type.as_str()), (1, "ActionPackage"));
}

#[tokio::test]
async fn events_that_are_no_longer_wanted_are_drift_until_their_subscription_is_pruned() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    sync(&operator, &["--yes"]).await.ok();
    let unwanted = operator.api.subscriptions().remove(0).id;
    operator.write("subscriptions.toml", &file(&operator).replace("\"all\"", "[]"));

    let check = sync(&operator, &["--check"]).await;
    assert!(check.code == 3 && check.output.contains(&format!("{unwanted}  the file wants no events")), "{check:?}");
    assert!(check.error.contains("--prune"), "{check:?}");
    let check = sync(&operator, &["--check", "--json"]).await;
    assert_eq!((check.code, check.json_whatever_the_code()["inSync"].clone()), (3, json!(false)));
    let ran = sync(&operator, &["--yes"]).await.ok();
    assert!(ran.output.contains("Not as the file says") && ran.output.contains("--prune"), "{ran:?}");
    assert!(operator.api.subscription(&unwanted).is_some());

    operator.api.disable(&unwanted);
    sync(&operator, &["--check"]).await.ok();
    assert_eq!(sync(&operator, &["--check", "--prune"]).await.code, 3, "it may be enabled again");
    sync(&operator, &["--yes", "--prune"]).await.ok();
    assert!(operator.api.subscription(&unwanted).is_none());
    sync(&operator, &["--check", "--prune"]).await.ok();
}

#[tokio::test]
async fn subscriptions_that_call_a_deployment_before_it_moved_are_listed_and_pruned_by_its_host() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    sync(&operator, &["--yes"]).await.ok();
    let old: Vec<_> = operator.api.subscriptions().into_iter().map(|subscription| subscription.id).collect();
    let moved_to = Operator::new().await;
    let moved = file(&operator).replace(&operator.callback_url(), &moved_to.callback_url());
    operator.write("subscriptions.toml", &moved);

    let ran = sync(&operator, &["--yes"]).await.ok();
    let host = operator.receiver.url.authority().expect("it has one").to_string();
    for id in &old {
        let line = ran.output.lines().find(|line| line.contains(id)).expect("it is listed");
        assert!(line.starts_with("leave") && line.contains(&format!("calls another host: http://{host}/")), "{line}");
    }
    assert!(
        !ran.output.contains("Subscriptions are as the file says") && ran.output.contains("Left alone: 2"),
        "{ran:?}"
    );
    let check = sync(&operator, &["--check", "--prune", "--json"]).await.json();
    assert_eq!((&check["steps"], &check["leftovers"][0]["host"]), (&json!([]), &json!(host)));
    let check = sync(&operator, &["--check", "--prune"]).await.ok();
    assert!(check.output.contains("leave") && !check.output.contains("Nothing to do"), "{check:?}");

    operator.write("subscriptions.toml", &format!("prune_hosts = [\"example.com\", \"127.0.0.1:1\"]\n{moved}"));
    sync(&operator, &["--yes", "--prune"]).await.ok();
    assert_eq!(operator.api.subscriptions().len(), 4, "those are other hosts");
    operator.write("subscriptions.toml", &format!("prune_hosts = [\"127.0.0.1\"]\n{moved}"));
    sync(&operator, &["--yes", "--prune"]).await.ok();
    let left = operator.api.subscriptions();
    assert!(left.len() == 2 && left.iter().all(|subscription| !old.contains(&subscription.id)), "{left:?}");
}

#[tokio::test]
async fn a_server_that_writes_callback_urls_its_own_way_gets_one_subscription() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    respelt(&operator, "/webhook\"", "/webhook/\"").await;
    sync(&operator, &["--yes"]).await.ok();
    sync(&operator, &["--check"]).await.ok();
    assert_eq!(operator.api.subscriptions().len(), 2);

    // Not the same URL by any rule, and still ours: no run makes one more.
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    respelt(&operator, "/webhook\"", "/webhook?kept=otherwise\"").await;
    for _ in 0..2 {
        let ran = sync(&operator, &["--yes"]).await;
        assert!(ran.code == 1 && ran.error.contains("not all is as the file says"), "{ran:?}");
        assert_eq!(operator.api.subscriptions().len(), 2);
    }
}

#[tokio::test]
async fn a_subscription_of_ours_that_calls_another_path_is_repaired_before_one_more_is_made() {
    let operator = Operator::new().await;
    operator.write("subscriptions.toml", &file(&operator));
    sync(&operator, &["--yes"]).await.ok();
    for subscription in operator.api.subscriptions() {
        let url = format!("{}?stage=old", operator.callback_url());
        operator.run(&["webhook", "update", &subscription.id, "--url", &url]).await.ok();
    }

    let check = sync(&operator, &["--check", "--json"]).await;
    assert_eq!(steps(&check), vec![("repair".to_owned(), "another callback URL".to_owned()); 2]);
    sync(&operator, &["--yes"]).await.ok();
    let urls: Vec<_> = operator.api.subscriptions().into_iter().map(|subscription| subscription.callback_url).collect();
    assert_eq!(urls, [operator.callback_url(), operator.callback_url()]);
}

#[tokio::test]
async fn the_plan_names_what_would_change_and_shows_no_secret() {
    let operator = Operator::new().await;
    let other = operator.write("other-token", "another-token\n");
    let before = file(&operator)
        .replace(r#"{ env = "KAIZALA_CALLBACK_TOKEN" }"#, &format!("{{ file = {other:?} }}"))
        .replace("\"all\"", "[\"Announcement\", \"JobResponse\"]");
    operator.write("subscriptions.toml", &format!("validity_days = 20\nrenew_before_days = 10\n{before}"));
    let digest = |token: &str| TokenDigest::of(token.as_bytes()).to_string();
    let short = |token: &str| format!("{}…", &digest(token)[..8]);

    let plan = sync(&operator, &["--check"]).await;
    assert!(plan.output.contains("event types Announcement JobResponse; valid until 20"), "{plan:?}");
    assert!(plan.output.contains(&format!("; token {}", short("another-token"))), "{plan:?}");
    sync(&operator, &["--yes"]).await.ok();

    operator.write("subscriptions.toml", &file(&operator).replace("\"all\"", "[\"JobResponse\", \"JobCreated\"]"));
    let plan = sync(&operator, &["--check"]).await;
    assert!(plan.output.contains("event types +JobCreated -Announcement; valid until 20"), "{plan:?}");
    let tokens = format!("; token {} (was {})", short(CALLBACK_TOKEN), short("another-token"));
    assert!(plan.output.contains(&tokens), "{plan:?}");
    let plan = sync(&operator, &["--check", "--json"]).await.json_whatever_the_code();
    let changes = &plan["steps"][0]["changes"];
    assert_eq!(
        changes["eventTypes"],
        json!({ "from": ["Announcement", "JobResponse"], "to": ["JobResponse", "JobCreated"] })
    );
    assert_eq!(
        changes["callbackTokenSha256"],
        json!({ "from": digest("another-token"), "to": digest(CALLBACK_TOKEN) })
    );
    assert!(changes["validUntil"]["from"].as_str() < changes["validUntil"]["to"].as_str(), "{changes}");
    assert!(!plan.to_string().contains("another-token"), "{plan}");
}

#[tokio::test]
async fn what_a_callback_url_hides_is_never_shown() {
    let operator = Operator::new().await;
    let hidden = format!("{}?code=a-secret", operator.callback_url()).replace("http://", "http://user:a-secret@");
    operator.write("subscriptions.toml", &file(&operator).replace(&operator.callback_url(), &hidden));
    let wrong = operator.callback_url().replace("/webhook", "/elsewhere?code=a-secret");
    let register = ["webhook", "register", "--group", "group-1", "--events", "all", "--url"];
    operator.run(&[&register[..], &[&format!("{}?code=a-secret", operator.callback_url())]].concat()).await.ok();
    let id = operator.api.subscriptions().remove(0).id;

    for (arguments, code) in [
        (&["webhook", "sync", "subscriptions.toml", "--check"][..], 3),
        (&["webhook", "sync", "subscriptions.toml", "--check", "--json"], 3),
        (&["webhook", "sync", "subscriptions.toml", "--yes", "--prune"], 0),
        (&["webhook", "list", "--group", "group-1"], 0),
        (&["webhook", "list", "--group", "group-1", "--json"], 0),
        (&["webhook", "update", &id, "--url", &wrong], 1),
        (&["webhook", "update", &id, "--url", "a-secret not a URL"], 1),
        (&["check", "--url", &wrong, "--json"], 1),
        (&["simulate", "deliver", "--url", &wrong, "--events", "1"], 1),
        (&["webhook", "list", "--group", "group-1", "--api-url", "ftp://user:a-secret@example.com"], 1),
    ] {
        let ran = operator.run(arguments).await;
        assert!(!ran.output.contains("a-secret") && !ran.error.contains("a-secret"), "{arguments:?}: {ran:?}");
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_file_that_does_not_say_what_is_meant_is_refused_before_anything_is_called() {
    let operator = Operator::new().await;
    let good = file(&operator);
    for (bad, advice) in [
        (good.replace("context", "contxt"), "contxt"),
        (good.replace("events = \"all\"", "events = [\"SurveyResponses\"]"), "SurveyResponses"),
        (good.replace("group = \"group-1\"", ""), "one of group, action and package"),
        (good.replace("group = \"group-1\"", "group = \"g\"\naction = \"a\""), "one of group, action and package"),
        (good.replace("KAIZALA_CALLBACK_TOKEN", "a-pasted-token"), "callback_token.env must be the name of a variable"),
        (
            good.replace("env = \"KAIZALA_CALLBACK_TOKEN", "file = \"a-pasted-token"),
            "callback_token.file must be the path",
        ),
        (
            good.replace("callback_url = \"http", "callback_url = \"a-pasted-token http"),
            "callback_url of [[subscription]] 1",
        ),
        (
            format!("prune_hosts = [\"example.com\", \"https://a-pasted-token/\"]\n{good}"),
            "prune_hosts, entry 2: is not a host",
        ),
        (format!("prune_hosts = [\"a host\"]\n{good}"), "prune_hosts, entry 1: is not a host"),
        (format!("prune_hosts = [\"\"]\n{good}"), "prune_hosts, entry 1: is not a host"),
        (format!("prune_hosts = \"a-pasted-token\"\n{good}"), "line 1: invalid type"),
        (format!("validity_days = 30\n{good}"), "renew_before_days"),
        (good.replace("{ env = \"KAIZALA_CALLBACK_TOKEN\" }", "\"a-pasted-token\""), "callback_token must be"),
        (good.replace("{ env", "{ file = \"f\", env"), "callback_token must be"),
        (good.replace("{ env", "{ token = \"a-pasted-token\", envy"), "callback_token must be"),
        (format!("token = \"a-pasted-token\"\n{good}"), "line 1: unknown field `token`"),
        ("callback_url = \"https://example.com/webhook\"".to_owned(), "[[subscription]]"),
    ] {
        operator.write("subscriptions.toml", &bad);
        let ran = sync(&operator, &["--yes"]).await;
        assert!(ran.code == 1 && ran.error.contains(advice), "{advice}: {ran:?}");
        assert!(!ran.error.contains("a-pasted-token"), "{ran:?}");
    }
    let twice = format!("{good}\n[[subscription]]\ngroup = \"group-1\"\nevents = [\"Announcement\"]\n");
    operator.write("subscriptions.toml", &twice);
    let ran = sync(&operator, &["--yes"]).await;
    assert!(ran.code == 1 && ran.error.contains("twice"), "{ran:?}");
    assert!(operator.api.subscriptions().is_empty());
}

#[tokio::test]
async fn the_example_in_the_documentation_does_what_it_says() {
    let operator = Operator::new().await;
    let page = include_str!("../../../docs/operate.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("there is one");
    let url = "https://abc123.execute-api.eu-west-1.amazonaws.com/webhook";
    assert!(example.contains(url));
    operator.write("subscriptions.toml", &example.replace(url, &operator.callback_url()));
    operator.write("callback-token", "a-token");

    sync(&operator, &["--yes"]).await.ok();

    assert_eq!(operator.api.subscriptions().len(), 2);
    sync(&operator, &["--check"]).await.ok();
}

/// Serves something, and returns its URL.
async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let place = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    place
}

/// The API, which spells something in its answers in another way.
async fn respelt(operator: &Operator, from: &'static str, to: &'static str) {
    let api = operator.api.router();
    let router = axum::Router::new().fallback(async move |request: axum::extract::Request| {
        let answer = tower_service::Service::call(&mut api.clone(), request).await.expect("it answers");
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("it is whole");
        (head.status, String::from_utf8_lossy(&body).replace(from, to))
    });
    operator.api.move_endpoint(NewPlace::EndpointUrl(serve(router).await));
}

/// The API in another place, where so many calls pass and every further one is refused.
struct StopsAfter(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl StopsAfter {
    async fn calls(operator: &Operator, calls: usize) -> Self {
        use std::sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        };

        let left = Arc::new(AtomicUsize::new(calls));
        let (api, shared) = (operator.api.router(), left.clone());
        let router = axum::Router::new().fallback(async move |request: axum::extract::Request| {
            let may_pass = shared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if may_pass.is_err() {
                return axum::response::IntoResponse::into_response(StatusCode::FORBIDDEN);
            }
            tower_service::Service::call(&mut api.clone(), request).await.expect("it answers")
        });
        operator.api.move_endpoint(NewPlace::EndpointUrl(serve(router).await));
        Self(left)
    }

    fn go_on(&self) {
        self.0.store(usize::MAX, std::sync::atomic::Ordering::SeqCst);
    }
}
