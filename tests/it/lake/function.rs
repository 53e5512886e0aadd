//! The function itself, as a process: what it asks AWS for, and what it answers to Lambda.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{aws::TABLE_ARN, s3::BUCKET};
use crate::support::process::run;

/// Lambda, DynamoDB and S3 in one: what they were asked, and what is invoked next.
struct Cloud {
    invocations: Mutex<Vec<Value>>,
    asked: Mutex<Vec<Asked>>,
    answers: UnboundedSender<Value>,
}

#[derive(Clone, Debug)]
struct Asked {
    what: String,
    headers: HeaderMap,
    body: Value,
}

struct Function {
    process: Child,
    cloud: Arc<Cloud>,
    answers: UnboundedReceiver<Value>,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lake"));
    command.env_clear().env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret");
    command
}

/// The function, with Lambda, DynamoDB and S3 at an address.
pub fn command_at(address: SocketAddr) -> Command {
    let mut command = command();
    command
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{address}"))
        .env("AWS_ENDPOINT_URL_S3", format!("http://{address}"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "lake")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("TABLE_ARN", TABLE_ARN)
        .env("BUCKET_NAME", BUCKET)
        .stdout(Stdio::null());
    command
}

/// What Lambda answers to a function that is ready for its next invocation.
pub fn invocation(payload: &Value) -> Response {
    let headers = [
        ("lambda-runtime-aws-request-id", "id"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:lake"),
    ];
    (headers, payload.to_string()).into_response()
}

async fn function(invocations: &[Value]) -> Function {
    let (sender, answers) = unbounded_channel();
    let cloud = Arc::new(Cloud {
        invocations: Mutex::new(invocations.iter().rev().cloned().collect()),
        asked: Mutex::default(),
        answers: sender,
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let app = Router::new().fallback(serve).with_state(cloud.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let process = command_at(address).spawn().expect("it starts");
    Function { process, cloud, answers }
}

async fn serve(State(cloud): State<Arc<Cloud>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let json_body = || serde_json::from_slice(&body).unwrap_or(Value::Null);
    let path = uri.path();
    if path.ends_with("/invocation/next") {
        let next = cloud.invocations.lock().expect("nobody panicked").pop();
        let Some(next) = next else { return std::future::pending().await };
        return invocation(&next);
    }
    if path.ends_with("/response") || path.ends_with("/error") {
        let _ = cloud.answers.send(json_body());
        return StatusCode::ACCEPTED.into_response();
    }
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()?.split('.').nth(1));
    let what = target.map_or_else(|| format!("{method} {path}"), str::to_owned);
    let asked = Asked { what: what.clone(), headers, body: json_body() };
    let before = std::mem::take(&mut *cloud.asked.lock().expect("nobody panicked"));
    let was_put = before.iter().any(|asked| asked.what == "PUT /a-bucket/lake/state.json");
    *cloud.asked.lock().expect("nobody panicked") = before.into_iter().chain([asked]).collect();
    match what.as_str() {
        "DescribeContinuousBackups" => json!({"ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {
                "PointInTimeRecoveryStatus": if was_put { "DISABLED" } else { "ENABLED" },
                "EarliestRestorableDateTime": 1_700_000_000,
            },
        }})
        .to_string()
        .into_response(),
        "ExportTableToPointInTime" => {
            json!({"ExportDescription": {"ExportArn": format!("{TABLE_ARN}/export/01768384860000-1a2b3c4d")}})
                .to_string()
                .into_response()
        }
        "PUT /a-bucket/lake/state.json" => ([("etag", "\"1\"")], "").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_asks_for_an_export_notes_it_under_a_condition_and_answers_the_state_machine() {
    let first = json!({"step": "begin"});
    let unknown = json!({"step": "plan", "exportArn": "arn:of/export/another"});
    let mut function = function(&[first.clone(), first, unknown]).await;

    let begun = function.answers.recv().await.expect("it answers");
    let (off, not_in_flight) = (function.answers.recv().await, function.answers.recv().await);

    let arn = format!("{TABLE_ARN}/export/01768384860000-1a2b3c4d");
    assert_eq!((&begun["next"], &begun["exportArn"], &begun["from"]), (&json!("export"), &json!(arn), &Value::Null));
    let to = begun["to"].as_str().expect("there is a time");
    assert!(to.ends_with(":00.000Z"), "{to}");
    assert_eq!(off.expect("it answers")["errorType"], "Lake.RecoveryOff");
    assert_eq!(not_in_flight.expect("it answers")["errorType"], "Lake.NotInFlight");

    let asked = function.cloud.asked.lock().expect("nobody panicked").clone();
    let what = |name: &str| asked.iter().find(|asked| asked.what == name).unwrap_or_else(|| panic!("{asked:?}"));
    assert_eq!(what("DescribeContinuousBackups").body, json!({"TableName": "kaizala-events"}));
    let export = &what("ExportTableToPointInTime").body;
    let at = export["ExportTime"].as_u64().expect("it is a whole number");
    assert_eq!(at % 60, 0);
    let token = export["ClientToken"].as_str().expect("there is a token").to_owned();
    assert_eq!(token, format!("full-{at}"));
    assert_eq!(
        *export,
        json!({
            "TableArn": TABLE_ARN, "ExportTime": export["ExportTime"], "ClientToken": token, "S3Bucket": "a-bucket",
            "S3Prefix": "lake/exports", "S3SseAlgorithm": "AES256", "ExportFormat": "DYNAMODB_JSON",
            "ExportType": "FULL_EXPORT",
        })
    );
    let state = what("PUT /a-bucket/lake/state.json");
    assert_eq!(state.headers["if-none-match"], "*");
    assert_eq!(state.body, json!({"inFlight": {"exportArn": arn, "from": null, "to": to}}));
}

#[test]
fn a_function_without_its_configuration_says_what_is_missing() {
    let says = |variables: &[(&str, &str)]| {
        let output = run(command().envs(variables.iter().copied()), b"");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).expect("it is text") + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(says(&[]).contains("TABLE_ARN is not set"));
    assert!(says(&[("TABLE_ARN", TABLE_ARN)]).contains("BUCKET_NAME is not set"));
    let other = [("TABLE_ARN", "arn:aws:s3:::a-bucket"), ("BUCKET_NAME", "a-bucket")];
    assert!(says(&other).contains("TABLE_ARN is not the ARN of a DynamoDB table"));
}
