//! `kaizala simulate api` as a process.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener as StdListener,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::text;
use crate::support::process::{Process, http, run};

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

#[tokio::test]
async fn a_subscription_is_disabled_after_a_while_and_once_enabled_stays_so() {
    let operator = crate::support::Operator::with(|config| config.disable_after = Some(Duration::ZERO)).await;
    let url = operator.callback_url();
    operator.run(&["webhook", "register", "--group", "g", "--events", "all", "--url", &url]).await.ok();
    let is_active = || operator.api.subscriptions()[0].is_active;
    while is_active() {
        tokio::task::yield_now().await;
    }
    let id = operator.api.subscriptions().remove(0).id;
    operator.run(&["webhook", "enable", &id]).await.ok();
    let listed = operator.run(&["webhook", "list", "--group", "g", "--json"]).await.json();
    assert_eq!(listed["webhooks"][0]["active"], true);
}

#[test]
fn the_command_says_when_it_disables() {
    let process = Process::start(command().args(["--port", "0", "--disable", "0"]));
    process.wait_for(|line| line.contains("curl").then_some(()));
    assert!(process.output().contains("disabled 0 s after"), "{}", process.output());
}
