//! `kaizala dev`: the receiver on this machine, as a process, spoken to over TCP.

use std::{fs, path::Path, process::Command};

use kaizala_webhook::store::{Store, StoredItem, connect_local};

use crate::support::{
    dev::Dev,
    events::CALLBACK_TOKEN,
    process::{free_port, run},
    sample, samples,
};

const EVENT: &[u8] = br#"{"eventId":"1","eventType":"X","groupId":"g","data":{}}"#;

#[tokio::test]
async fn it_stores_events_in_a_table_that_any_dynamodb_tool_can_read() {
    let dev = Dev::start(&["--memory"], Some("t"));

    assert!(dev.post("t", EVENT).contains(r#""outcome":"stored""#));
    assert!(dev.post("t", EVENT).contains(r#""outcome":"duplicate""#));
    assert!(dev.post("x", EVENT).starts_with("HTTP/1.1 401"));

    let store = Store::new(connect_local(&dev.db_url), "kaizala-events", None);
    let item = store.get("g", "X#1").await.expect("it answers").expect("it is there");
    assert_eq!(store.body(&item).await.expect("it is whole"), EVENT);
}

#[test]
fn a_fresh_token_is_printed_and_a_given_one_is_not() {
    let dev = Dev::start(&["--memory"], None);
    let token = dev.process.wait_for(|line| line.strip_prefix("Token ")?.split_whitespace().next().map(str::to_owned));
    assert!(dev.post(&token, EVENT).starts_with("HTTP/1.1 200"));
    dev.process.wait_for(|line| (line.contains("curl") && line.contains(&token)).then_some(()));

    let dev = Dev::start(&["--memory"], Some("a-secret-of-mine"));
    dev.process.wait_for(|line| line.contains("curl").then_some(()));
    assert!(dev.post("a-secret-of-mine", EVENT).starts_with("HTTP/1.1 200"));
    assert!(!dev.process.output().contains("a-secret-of-mine"));
}

#[test]
fn a_database_file_outlives_the_command() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let file = folder.path().join("dev.db");
    let arguments = ["--db", file.to_str().expect("it is Unicode")];

    let first = Dev::start(&arguments, Some("t"));
    assert!(first.post("t", EVENT).contains(r#""outcome":"stored""#));
    drop(first);

    let again = Dev::start(&arguments, Some("t"));
    assert!(again.post("t", EVENT).contains(r#""outcome":"duplicate""#));
    assert!(!again.process.output().contains("WARN"), "{}", again.process.output());
}

#[test]
fn it_fails_with_advice_when_a_port_is_taken_or_the_file_cannot_be_opened() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let fails = |arguments: &[&str], advice: &str| {
        let output = run(Command::new(env!("CARGO_BIN_EXE_kaizala")).arg("dev").args(arguments), b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(advice), "{said}");
    };
    let free = free_port().to_string();

    fails(&["--memory", "--port", &port, "--db-port", &free], "--port");
    fails(&["--memory", "--port", &free, "--db-port", &port], "--db-port");
    let nowhere = Path::new("/nonexistent/folder/dev.db").to_str().expect("it is Unicode");
    fails(&["--db", nowhere, "--port", &free, "--db-port", &free], "--memory");
}

#[test]
fn a_body_up_to_lambdas_limit_is_taken_and_beyond_it_refused() {
    const LIMIT: usize = 6 * 1024 * 1024;
    let dev = Dev::start(&["--memory"], Some("t"));

    assert!(dev.post("t", &vec![b' '; LIMIT]).starts_with("HTTP/1.1 200"));
    assert!(dev.post("t", &vec![b' '; LIMIT + 1]).starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn it_delivers_a_folder_of_events_first_and_tells_what_became_of_each() {
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let dev = Dev::start(&["--memory", "--deliver", events], Some(CALLBACK_TOKEN));

    let said = dev.process.output();
    let line = |name: &str| {
        let line = said.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_else(|| panic!("{name}: {said}")).split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    for sample in samples() {
        let expected = match sample.name.as_str() {
            "action-response" => "200 stored",
            "action-response-edit" => "200 revised",
            "action-response-duplicate" | "action-response-other-subscription" => "200 duplicate",
            "refused-wrong-token" => "401 unauthorized",
            name if name.starts_with("handshake-") => "200 validation token returned",
            name if name.starts_with("quarantine-") => "200 quarantined",
            name => &line(name),
        };
        assert_eq!(line(&sample.name), expected, "{}", sample.name);
    }
    let items = items(&dev).await;
    assert!(said.contains(&format!("{} rows in kaizala-events", items.len())), "{said}");
    for (_, key) in &items {
        assert!(said.contains(&key.chars().take(40).collect::<String>()), "{key} is not shown:\n{said}");
    }
    // Each has an arrival of its own, so that what is delivered again is a duplicate.
    assert!(dev.post(CALLBACK_TOKEN, &sample("text-message-created").body()).contains(r#""outcome":"duplicate""#));
}

#[test]
fn a_folder_that_cannot_be_delivered_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let path = folder.path().to_str().expect("it is Unicode").to_owned();
    let fails = |token: Option<&str>, path: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        command.args(["dev", "--memory", "--port", "0", "--db-port", "0", "--deliver", path]);
        command.env_remove("KAIZALA_CALLBACK_TOKEN").envs(token.map(|token| ("KAIZALA_CALLBACK_TOKEN", token)));
        let output = run(&mut command, b"");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).expect("it is text")
    };

    assert!(fails(Some("t"), "/nonexistent/folder").contains("/nonexistent/folder cannot be read"));
    assert!(fails(Some("t"), &path).contains("has no .json files"));
    fs::write(folder.path().join("notes.json"), "{}").expect("there is room");
    assert!(fails(Some("t"), &path).contains("notes.json is not an event"));
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    assert!(fails(None, events).contains("set KAIZALA_CALLBACK_TOKEN"));
}

/// The keys of all items.
async fn items(dev: &Dev) -> Vec<(String, String)> {
    let store = Store::new(connect_local(&dev.db_url), "kaizala-events", None);
    let page = store.scan_page(0, 1, None).await.expect("it answers");
    let text = |item: &StoredItem, name| item.text(name).expect("a key is a string").to_owned();
    page.items.iter().map(|item| (text(item, "groupId"), text(item, "eventKey"))).collect()
}
