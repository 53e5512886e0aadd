//! `kaizala dev`: the receiver on this machine, as a process, spoken to over TCP.

use std::{path::Path, process::Command};

use kaizala_webhook::store::{Store, connect_local};

use crate::support::{
    dev::Dev,
    process::{free_port, run},
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

    assert!(Dev::start(&arguments, Some("t")).post("t", EVENT).contains(r#""outcome":"duplicate""#));
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
