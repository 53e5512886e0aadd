//! Every request of `tests/fixtures/cloudevents/` ends as `expected.json` says: in this process, over HTTP, and in the release
//! binary.

use kaizala_webhook::{
    receiver::Receiver,
    store::{Store, connect_local},
    token::{AcceptedTokens, TokenDigest},
};

use crate::support::{
    World,
    cloud_events::{Checked, SAMPLE_TOKEN, fixtures, reply_of, reply_of_function},
    dev::Dev,
    events::Reply,
    lambda::Lambda,
    process::http,
};

fn digest() -> TokenDigest {
    TokenDigest::of(SAMPLE_TOKEN.as_bytes())
}

#[tokio::test]
async fn every_sample_request_is_kept_as_expected_in_this_process() {
    let mut world = World::new().await;
    world.receiver = Receiver::new(AcceptedTokens::only(digest()), world.store.clone());
    let mut checked = Checked::new(&world.behind);
    let mut quarantined = 0;
    for (sent, expected) in fixtures() {
        let response = world.send(sent.request()).await;
        let (head, body) = response.into_parts();
        let reply = Reply { status: head.status, headers: head.headers, body: body.to_vec() };
        checked.check(&sent, &expected, &reply).await;
        quarantined += usize::from(expected["outcome"] == "quarantined");
    }
    assert_eq!(world.items().await.len(), checked.events() + quarantined);

    let before = world.items().await.len();
    for (sent, _) in fixtures() {
        let again = world.deliver(&sent.payload()).await;
        assert!(again.status == 200 || again.status == 405, "{}", sent.name);
        let without_token = sent.without("kz-callback-token");
        if without_token.method == "POST" {
            assert_eq!(world.deliver(&without_token.payload()).await.status, 401, "{}", without_token.name);
        }
    }
    assert_eq!(world.items().await.len(), before, "a redelivery or a stranger left something");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_request_is_kept_as_expected_by_kaizala_dev() {
    let dev = Dev::start(&["--memory"], Some(SAMPLE_TOKEN));
    let address = dev.url.strip_prefix("http://").and_then(|url| url.strip_suffix("/webhook")).expect("it is local");
    let store = Store::new(connect_local(&dev.db_url), "kaizala-events", None);
    let mut checked = Checked::new(&store);
    for (sent, expected) in fixtures() {
        let reply = reply_of(&http(address, &sent.head(), &sent.body));
        checked.check(&sent, &expected, &reply).await;
    }
    assert!(!dev.process.output().contains("SAMPLE&t="), "the callback URL is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_request_is_kept_as_expected_by_the_release_binary() {
    let world = World::new().await;
    let token = digest().to_string();
    let lambda =
        Lambda::start_with(&[("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url()), ("CALLBACK_TOKEN_SHA256", &token)]);
    let mut checked = Checked::new(&world.behind);
    for (sent, expected) in fixtures() {
        let reply = reply_of_function(&lambda.invoke(&sent.payload()));
        checked.check(&sent, &expected, &reply).await;
    }
    let output = lambda.process.output();
    assert!(!output.contains("SAMPLE&t=") && !output.contains(SAMPLE_TOKEN), "a secret is in the log");
}
