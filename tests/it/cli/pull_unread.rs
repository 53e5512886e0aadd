//! `kaizala pull` against answers that tell less than they should: nothing that could not be read passes for success.

use axum::{Json, Router, extract::Request, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::pull::{GROUP, PACKAGE, counts, pulled, put_responses, questions, table};
use crate::support::{Operator, operator::Ran};

/// Pulls from an API that answers every list of actions as `answer` does to its query.
async fn pull_from(answer: impl Fn(&str) -> Value + Clone + Send + Sync + 'static, more: &[&str]) -> (Operator, Ran) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let grant = json!({ "accessToken": "a", "endpointUrl": url, "accessTokenExpiry": 4_102_444_800_000_u64 });
    let router = Router::new()
        .route("/v1/accessToken", get(async move || Json(grant)))
        .fallback(async move |request: Request| Json(answer(request.uri().query().unwrap_or_default())));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let operator = Operator::new().await;
    let arguments = [&["pull", "--group", GROUP, "--package", PACKAGE, "--json"], more].concat();
    let ran = operator.run_with(&arguments, &[("KAIZALA_API_URL", &url)]).await;
    (operator, ran)
}

fn action(id: usize, responses: Option<Value>) -> Value {
    let mut action = json!({ "packageId": PACKAGE, "creationTime": 1_678_000_000 + id, "actionBody": {
        "actionId": format!("action-{id}"), "questions": questions() } });
    if let Some(responses) = responses {
        action["actionBody"]["responses"] = responses;
    }
    action
}

#[tokio::test]
async fn a_package_whose_answer_says_that_there_is_more_is_read_on() {
    let answer = |query: &str| {
        let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).map(str::parse::<usize>);
        let from = number("fromDate=").transpose().expect("it is a number").unwrap_or_default();
        let left = (0..7).filter(|id| 1_678_000_000 + id >= from);
        let page: Vec<_> = left.map(|id| action(id, Some(json!([pulled(&format!("r{id}"), "Corner")])))).collect();
        json!({ "hasMore": page.len() > 3, "actions": page[..page.len().min(3)] })
    };

    let (operator, ran) = pull_from(answer, &[]).await;

    assert_eq!(counts(&ran), [7, 0, 0], "{ran:?}");
    assert_eq!(table(&operator.world).await.len(), 7);

    // What is there of a list that goes on and cannot be read on is kept, and the command says so.
    let repeats = |_: &str| json!({ "hasMore": true, "actions": [action(0, Some(json!([pulled("r0", "Corner")])))] });
    let (operator, ran) = pull_from(repeats, &[]).await;
    assert!(ran.code == 1 && ran.error.contains("only 1 actions were read"), "{ran:?}");
    assert_eq!(table(&operator.world).await.len(), 1);
}

#[tokio::test]
async fn a_pull_that_reads_nothing_fails() {
    let (_, ran) = pull_from(|_| json!({}), &[]).await;
    assert!(
        ran.code == 1 && ran.error.contains("nothing was read") && ran.error.contains("list of actions"),
        "{ran:?}"
    );

    let unknown = || action(1, None);
    let (_, ran) = pull_from(move |_| json!({ "actions": [unknown(), "what?"] }), &[]).await;
    assert!(ran.code == 1 && ran.error.contains("2 of 2 actions"), "{ran:?}");
    let summary = ran.json_whatever_the_code();
    assert_eq!((&summary["actions"], &summary["withoutResponses"]), (&json!(2), &json!(2)));

    // Others could be read, so that this is only told. So could an action that nobody has answered.
    for read in [json!([]), json!([pulled("r1", "Corner")])] {
        let (_, ran) = pull_from(move |_| json!({ "actions": [unknown(), action(2, Some(read.clone()))] }), &[]).await;
        assert!(ran.code == 0 && ran.error.contains("1 of 2 actions"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_package_or_type_that_the_group_has_no_action_of_fails_unless_that_is_allowed() {
    let operator = Operator::new().await;
    put_responses(&operator, vec![pulled("r1", "Corner")]);
    for what in [["--package", "com.example.typo"], ["--action-type", "Surveys"]] {
        let arguments = [&["pull", "--group", GROUP], &what[..]].concat();
        let ran = operator.run(&arguments).await;
        assert!(ran.code == 1 && ran.error.contains(what[1]) && ran.error.contains("--allow-empty"), "{ran:?}");
        operator.run(&[&arguments[..], &["--allow-empty"]].concat()).await.ok();
    }
}

#[tokio::test]
async fn an_error_of_the_api_says_what_to_do() {
    let operator = Operator::new().await;
    let pull = ["pull", "--group", GROUP, "--package", PACKAGE];
    for (variable, value, advice) in [
        ("KAIZALA_REFRESH_TOKEN", "another", "a refresh token ends after 365 days"),
        ("KAIZALA_REFRESH_TOKEN", "two\nlines", "the refresh token has characters"),
        ("KAIZALA_STATE_FILE", "/dev/null/state.json", "name a file that can be written with KAIZALA_STATE_FILE"),
    ] {
        let ran = operator.run_with(&pull, &[(variable, value)]).await;
        assert!(ran.code == 1 && ran.error.contains(advice), "{ran:?}");
    }
}
