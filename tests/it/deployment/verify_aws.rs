//! `scripts/verify_aws.py` says of each step whether it held, and deletes what it delivered. The receiver and its table are
//! real; of AWS there is a server that describes the stack and refuses the rest. `make deploy-local` runs it against an emulator.

use std::process::Command;

use axum::{Router, body::Bytes};
use http::StatusCode;
use kaizala_webhook::store::connect_local;
use tokio::net::TcpListener;

use crate::support::{
    dev::Dev,
    events::CALLBACK_TOKEN,
    process::{run, tool},
    template::root,
};

async fn aws(webhook: &str) -> String {
    let outputs = [("CallbackUrl", webhook), ("TableName", "kaizala-events"), ("FunctionName", "receiver")]
        .map(|(key, value)| format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"))
        .concat();
    let stack = format!(
        "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult>\
         <Stacks><member><StackName>trial</StackName><StackStatus>CREATE_COMPLETE</StackStatus>\
         <CreationTime>2023-03-06T10:00:00Z</CreationTime><Outputs>{outputs}</Outputs></member></Stacks>\
         </DescribeStacksResult></DescribeStacksResponse>"
    );
    let router = Router::new().fallback(|body: Bytes| async move {
        let is_known = String::from_utf8_lossy(&body).contains("Action=DescribeStacks");
        if is_known { (StatusCode::OK, stack) } else { (StatusCode::FORBIDDEN, String::new()) }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_not_run_is_never_said_to_have_held_and_what_was_delivered_is_deleted() {
    let dev = Dev::start(&["--memory"], Some(CALLBACK_TOKEN));
    let aws = aws(&dev.url).await;
    let mut command = Command::new(tool("bin/python"));
    command
        .arg(root().join("scripts/verify_aws.py"))
        .args(["--stack", "trial", "--kaizala", env!("CARGO_BIN_EXE_kaizala"), "--region", "eu-west-1"])
        .args(["--events", "60", "--not-here", "metrics=nobody counts", "--not-here", "alarm=nobody listens"])
        .envs([("AWS_ENDPOINT_URL", aws.as_str()), ("AWS_ENDPOINT_URL_DYNAMODB", &dev.db_url)])
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_MAX_ATTEMPTS", "1")])
        .env_remove("AWS_PROFILE")
        .env("KAIZALA_CALLBACK_TOKEN", CALLBACK_TOKEN);
    let output = tokio::task::spawn_blocking(move || run(&mut command, b"")).await.expect("it does not panic");

    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let (_, table) = said.split_once("trial:\n").unwrap_or_else(|| panic!("{said}"));
    let results: Vec<_> = table
        .lines()
        .map(|line| {
            let result =
                ["held", "failed", "not run"].into_iter().find(|result| line[14..].trim_start().starts_with(result));
            (line[..14].trim(), result.unwrap_or_else(|| panic!("{line}")))
        })
        .collect();
    assert_eq!(
        results,
        [
            // The server of this test refuses to say anything about roles.
            ("policies", "failed"),
            ("check", "held"),
            ("deliveries", "held"),
            ("metrics", "not run"),
            ("alarm", "not run"),
            // The stack has neither of the two.
            ("event bus", "not run"),
            ("export", "not run"),
            ("tables", "not run"),
            ("views", "not run"),
            ("cleaning up", "held"),
        ],
        "{said}"
    );
    assert!(said.contains("nobody counts") && said.contains("DashboardTables is false"), "{said}");

    let left = connect_local(&dev.db_url).scan().table_name("kaizala-events").send().await.expect("the table answers");
    let groups: Vec<_> = left.items().iter().map(|item| item["groupId"].as_s().expect("a text").as_str()).collect();
    assert_eq!(groups, ["kaizala-check"]);
}
