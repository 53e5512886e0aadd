//! `kaizala webhook list`, `register`, `update`, `enable` and `delete` as processes, against the simulated API.

use std::{fs, os::unix::fs::PermissionsExt};

use kaizala_webhook::token::TokenDigest;

use crate::support::{Operator, events::CALLBACK_TOKEN};

const GROUP: &str = "df91cb37/group one@1";

async fn register(operator: &Operator, more: &[&str]) -> crate::support::operator::Ran {
    let url = operator.callback_url();
    let common = ["webhook", "register", "--group", GROUP, "--url", &url, "--json"];
    operator.run(&[&common, more].concat()).await
}

#[tokio::test]
async fn a_webhook_is_registered_with_the_token_of_the_environment_and_listed_with_its_digest() {
    let operator = Operator::new().await;
    let digest = TokenDigest::of(CALLBACK_TOKEN.as_bytes()).to_string();

    let made = register(&operator, &["--events", "all", "--context", "field team"]).await.json();

    assert_eq!(made["callbackTokenSha256"], digest);
    let subscription = operator.api.subscriptions().remove(0);
    assert_eq!(made["id"], subscription.id);
    assert_eq!(subscription.event_types.len(), 17);
    assert_eq!(subscription.callback_token.as_deref(), Some(CALLBACK_TOKEN));
    assert_eq!(subscription.callback_context.as_deref(), Some("field team"));

    let listed = operator.run(&["webhook", "list", "--group", GROUP, "--json"]).await.json();
    let listed = &listed["webhooks"][0];
    assert_eq!((&listed["id"], &listed["callbackTokenSha256"]), (&made["id"], &made["callbackTokenSha256"]));
    assert!(listed["daysLeft"].as_i64() > Some(720) && listed["needsCare"] == serde_json::json!([]), "{listed}");
}

#[tokio::test]
async fn a_fresh_callback_token_is_kept_in_a_file_for_its_owner_and_used_again() {
    let operator = Operator::new().await;
    let arguments =
        ["--events", "SurveyResponse,JobResponse", "--token-file", "callback-token", "--validity-days", "10"];
    let made = register(&operator, &arguments).await.json();

    let path = operator.file("callback-token");
    let token = fs::read_to_string(&path).expect("it is there");
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(hex::decode(token.trim()).expect("it is hex").len(), 32);
    assert_eq!(made["callbackTokenSha256"], TokenDigest::of(token.trim().as_bytes()).to_string());
    assert_eq!(operator.api.subscriptions()[0].callback_token.as_deref(), Some(token.trim()));

    let again = register(&operator, &arguments).await.json();
    assert_eq!(again["callbackTokenSha256"], made["callbackTokenSha256"]);
    let listed = operator.run(&["webhook", "list", "--group", GROUP]).await.ok().output;
    assert!(listed.contains("ends soon, another one has the same URL") && listed.contains("9 days"), "{listed}");
    assert!(!listed.contains(token.trim()), "{listed}");

    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("it is ours");
    let refused = register(&operator, &arguments).await;
    assert!(refused.code == 1 && refused.error.contains("chmod 600"), "{refused:?}");
}

#[tokio::test]
async fn a_callback_url_that_does_not_pass_the_handshake_is_not_registered() {
    let operator = Operator::new().await;
    let url = operator.callback_url().replace("/webhook", "/elsewhere?code=a-secret");
    let ran = operator.run(&["webhook", "register", "--group", GROUP, "--events", "all", "--url", &url]).await;

    assert!(ran.code == 1 && ran.error.contains("would not be accepted as a callback URL"), "{ran:?}");
    assert!(!ran.error.contains("a-secret"), "{ran:?}");
    assert!(operator.api.subscriptions().is_empty());
}

#[tokio::test]
async fn what_needs_care_is_marked_and_put_right_by_hand() {
    let operator = Operator::new().await;
    let made = register(&operator, &["--events", "all"]).await.json();
    let id = made["id"].as_str().expect("it has one");
    operator.api.disable(id);
    let listed = operator.run(&["webhook", "list", "--group", GROUP]).await.ok().output;
    assert!(listed.contains("disabled"), "{listed}");

    operator.run(&["webhook", "enable", id]).await.ok();
    assert!(operator.api.subscription(id).expect("it is there").is_active);

    let arguments =
        ["webhook", "update", id, "--events", "Announcement", "--token", "--token-file", "new-token", "--json"];
    let changed = operator.run(&arguments).await.json();
    let subscription = operator.api.subscription(id).expect("it is there");
    assert_eq!(subscription.event_types, ["Announcement"]);
    let token = subscription.callback_token.expect("it has one");
    assert_ne!(token, CALLBACK_TOKEN);
    assert_eq!(changed["callbackTokenSha256"], TokenDigest::of(token.as_bytes()).to_string());
    operator.run(&["webhook", "update", id, "--context", "other"]).await.ok();
    assert_eq!(operator.api.subscription(id).expect("it is there").callback_token, Some(token), "it was not named");

    let unasked = operator.run(&["webhook", "delete", id]).await;
    assert!(unasked.code == 1 && unasked.error.contains("--yes"), "{unasked:?}");
    assert_eq!(operator.run(&["webhook", "delete", id, "--yes", "--json"]).await.json()["deleted"], true);
    assert!(operator.api.subscriptions().is_empty());
    assert_eq!(operator.run(&["webhook", "enable", id]).await.code, 1);
}

#[tokio::test]
async fn a_list_of_the_files_objects_says_ends_soon_when_the_file_would_have_them_renewed() {
    let operator = Operator::new().await;
    register(&operator, &["--events", "all", "--validity-days", "40"]).await.json();
    let file = |more: &str| {
        format!(
            "callback_url = {:?}\n{more}\n[[subscription]]\ngroup = {GROUP:?}\nevents = []\n",
            operator.callback_url()
        )
    };
    let listed = async |text: &str| {
        operator.write("subscriptions.toml", text);
        operator.run(&["webhook", "list", "--file", "subscriptions.toml"]).await.ok().output
    };

    assert!(!listed(&file("")).await.contains("ends soon"));
    assert!(listed(&file("renew_before_days = 60")).await.contains("ends soon"));
    assert!(!operator.run(&["webhook", "list", "--group", GROUP]).await.ok().output.contains("ends soon"));
}

#[tokio::test]
async fn wrong_usage_is_told_and_changes_nothing() {
    let operator = Operator::new().await;
    let url = operator.callback_url();
    for arguments in [
        &["webhook", "register", "--events", "all", "--url", &url][..],
        &["webhook", "register", "--group", GROUP, "--package", "p", "--events", "all", "--url", &url],
        &["webhook", "register", "--group", GROUP, "--events", "SurveyResponses", "--url", &url],
        &["webhook", "update", "some-id"],
        &["webhook", "list"],
    ] {
        let ran = operator.run(arguments).await;
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    let arguments = ["webhook", "register", "--group", GROUP, "--events", "all", "--url", &url];
    let ran = operator.run_with(&arguments, &[("KAIZALA_CALLBACK_TOKEN", "")]).await;
    assert!(ran.code == 1 && ran.error.contains("--token-file"), "{ran:?}");
    assert!(operator.api.subscriptions().is_empty());
}

#[tokio::test]
async fn credentials_come_from_a_profile_that_nobody_else_can_read() {
    let operator = Operator::new().await;
    let profile = format!(
        "api_url = \"{}\"\napplication_id = \"{}\"\napplication_secret = \"{}\"\nrefresh_token = \"{}\"\n",
        operator.api_url,
        operator.credentials.application_id,
        operator.credentials.application_secret,
        operator.credentials.refresh_token
    );
    let path = operator.write("profile.toml", &profile);
    let path = path.to_str().expect("it is Unicode");
    let none = ["KAIZALA_API_URL", "KAIZALA_APPLICATION_ID", "KAIZALA_APPLICATION_SECRET", "KAIZALA_REFRESH_TOKEN"];
    let none = none.map(|name| (name, ""));
    let list = ["webhook", "list", "--group", GROUP];

    let without = operator.run_with(&list, &none).await;
    assert!(without.code == 1 && without.error.contains("KAIZALA_APPLICATION_ID"), "{without:?}");
    operator.run_with(&[&list[..], &["--profile-file", path]].concat(), &none).await.ok();
    fs::create_dir_all(operator.file(".config/kaizala")).expect("there is room");
    operator.write(".config/kaizala/profile.toml", &profile);
    operator.run_with(&list, &none).await.ok();

    fs::set_permissions(path, PermissionsExt::from_mode(0o640)).expect("it is ours");
    let refused = operator.run_with(&[&list[..], &["--profile-file", path]].concat(), &none).await;
    assert!(refused.code == 1 && refused.error.contains("chmod 600"), "{refused:?}");
    let broken = operator.write("broken.toml", &format!("refresh_token = {}\n", operator.credentials.refresh_token));
    let broken = ["--profile-file", broken.to_str().expect("it is Unicode")];
    assert_eq!(operator.run_with(&[&list[..], &broken].concat(), &none).await.code, 1);
}

#[tokio::test]
async fn tokens_are_kept_between_commands_at_home() {
    let operator = Operator::new().await;
    operator.run(&["webhook", "list", "--group", GROUP]).await.ok();

    let folder = operator.home().join(".local/state/kaizala");
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    let kept: Vec<_> = fs::read_dir(&folder).expect("it is there").map(|entry| entry.expect("it is").path()).collect();
    assert_eq!(kept.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json")).count(), 1);
    assert!(kept.into_iter().all(|path| mode(path) == 0o600));
}

#[tokio::test]
async fn a_second_subscription_of_the_same_object_to_the_same_url_is_warned_of() {
    let operator = Operator::new().await;
    let more = ["--events", "all"];
    let first = register(&operator, &more).await.ok();
    assert_eq!(first.error, "");
    let id = operator.api.subscriptions().remove(0).id;
    let second = register(&operator, &more).await.ok();
    assert!(second.error.contains(&format!("warning: webhook {id}")) && second.error.contains("twice"), "{second:?}");
}

#[tokio::test]
async fn a_name_that_a_profile_does_not_know_is_told_with_those_that_it_knows() {
    let operator = Operator::new().await;
    operator.write(".profile.toml", "refresh_tokn = \"a-secret\"\n");
    let ran = operator.run(&["webhook", "list", "--group", "g", "--profile-file", ".profile.toml"]).await;
    assert!(ran.code == 1 && ran.error.contains("line 1") && ran.error.contains("refresh_token"), "{ran:?}");
    for name in ["api_url", "application_id", "application_secret", "state_file"] {
        assert!(ran.error.contains(name), "{ran:?}");
    }
    assert!(!ran.error.contains("a-secret"), "{ran:?}");
}

#[tokio::test]
async fn the_samples_can_be_used_as_they_are_printed() {
    let operator = Operator::new().await;
    let subscriptions = operator.run(&["webhook", "example"]).await.ok().output;
    operator.write("subscriptions.toml", &subscriptions);
    operator.write("callback-token", "a-token\n");
    let check = operator.run(&["webhook", "sync", "subscriptions.toml", "--check"]).await;
    assert!(check.code == 3 && check.error.contains("changes needed: 2"), "{check:?}");
    let page = include_str!("../../../docs/operate.md");
    let (_, body) = subscriptions.split_once('\n').expect("it has lines");
    assert!(page.contains(body.trim_end()), "docs/operate.md shows the same");

    let profile = operator.run(&["webhook", "example", "profile"]).await.ok().output;
    operator.write("profile.toml", &profile);
    let ours = ["webhook", "list", "--group", "g", "--profile-file", "profile.toml"];
    let none = ["KAIZALA_APPLICATION_ID", "KAIZALA_APPLICATION_SECRET", "KAIZALA_REFRESH_TOKEN"].map(|name| (name, ""));
    let ran = operator.run_with(&ours, &none).await;
    assert!(ran.code == 1 && ran.error.contains("Kaizala refuses"), "understood, and of nobody: {ran:?}");
}
