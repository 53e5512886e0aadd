//! Deploying: the architecture that was built for, and the way back when a deployment does not work. `sam` is a stub and
//! AWS a small server; the deployment that is checked is a real receiver.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::Request, routing};
use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{
    dev::Dev,
    events::CALLBACK_TOKEN,
    process::{run, tool},
    template::root,
};

/// A stack as AWS describes it, whose alias serves a version.
struct Aws {
    url: String,
    /// `None`: the stack does not exist.
    version: Arc<Mutex<Option<String>>>,
}

impl Aws {
    async fn start(webhook: &str, version: Option<&str>) -> Self {
        let version = Arc::new(Mutex::new(version.map(str::to_owned)));
        let outputs = [("CallbackUrl", webhook), ("TableName", "kaizala-events"), ("FunctionName", "receiver")]
            .map(|(key, value)| {
                format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
            })
            .concat();
        let described = format!(
            "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult>\
             <Stacks><member><StackName>trial</StackName><StackStatus>CREATE_COMPLETE</StackStatus>\
             <CreationTime>2023-03-06T10:00:00Z</CreationTime><Outputs>{outputs}</Outputs></member></Stacks>\
             </DescribeStacksResult></DescribeStacksResponse>"
        );
        let missing = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                       <Message>Stack with id trial does not exist</Message></Error></ErrorResponse>";
        let existing = version.clone();
        let stack = move || {
            let answer = if existing.lock().unwrap().is_some() {
                (StatusCode::OK, described.clone())
            } else {
                (StatusCode::BAD_REQUEST, missing.to_owned())
            };
            async { answer }
        };
        let (read, written, deployed) = (version.clone(), version.clone(), version.clone());
        let router = Router::new()
            .route("/", routing::post(stack))
            .route(
                "/2015-03-31/functions/receiver/aliases/live",
                routing::get(|| async move { Json(json!({"FunctionVersion": *read.lock().unwrap()})) }).put(
                    |Json(alias): Json<Value>| async move {
                        assert_eq!(alias["RoutingConfig"], json!({"AdditionalVersionWeights": {}}));
                        *written.lock().unwrap() = alias["FunctionVersion"].as_str().map(str::to_owned);
                        Json(alias)
                    },
                ),
            )
            // What the stub of `sam deploy` calls.
            .route(
                "/deploy",
                routing::get(|request: Request| async move {
                    *deployed.lock().unwrap() = request.uri().query().map(str::to_owned);
                }),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, version }
    }

    fn version(&self) -> Option<String> {
        self.version.lock().unwrap().clone()
    }
}

/// Runs `scripts/deploy.py` in a folder of its own, with a `sam` that makes the alias serve version 2.
async fn deploy(aws: &Aws, dev: &Dev, token: Option<&str>) -> Output {
    let folder = TempDir::new().expect("a folder");
    let python = tool("bin/python");
    let sam = folder.path().join("sam");
    let deploys = format!("import urllib.request; urllib.request.urlopen('{}/deploy?2')", aws.url);
    fs::write(&sam, format!("#!/bin/sh\necho \"sam $*\"\nexec {} -c \"{deploys}\"\n", python.display()))
        .expect("written");
    fs::set_permissions(&sam, fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::write(folder.path().join("samconfig.toml"), "[default.global.parameters]\nstack_name = \"trial\"\n")
        .expect("written");

    let mut command = Command::new(python);
    command
        .arg(root().join("scripts/deploy.py"))
        .args(["--kaizala", env!("CARGO_BIN_EXE_kaizala"), "--region", "eu-west-1", "--no-confirm-changeset"])
        .current_dir(&folder)
        .env("PATH", format!("{}:{}", folder.path().display(), std::env::var("PATH").expect("there is one")))
        .envs([("AWS_ENDPOINT_URL", aws.url.as_str()), ("AWS_ENDPOINT_URL_DYNAMODB", &dev.db_url)])
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .env_remove("AWS_PROFILE")
        .env_remove("KAIZALA_CALLBACK_TOKEN")
        .envs(token.map(|token| ("KAIZALA_CALLBACK_TOKEN", token)));
    tokio::task::spawn_blocking(move || {
        let output = run(&mut command, b"");
        drop(folder);
        output
    })
    .await
    .expect("it does not panic")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_takes_a_test_event_stays() {
    let dev = Dev::start(&["--memory"], Some(CALLBACK_TOKEN));
    let aws = Aws::start(&dev.url, Some("1")).await;

    let output = deploy(&aws, &dev, Some(CALLBACK_TOKEN)).await;

    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("sam deploy --no-fail-on-empty-changeset --region=eu-west-1 --no-confirm-changeset\n"),
        "{said}"
    );
    assert!(said.contains("version 2 works"), "{said}");
    assert_eq!(aws.version().as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_refuses_the_test_event_is_taken_back() {
    let dev = Dev::start(&["--memory"], Some("the deployment accepts another token"));
    let aws = Aws::start(&dev.url, Some("1")).await;

    let output = deploy(&aws, &dev, Some(CALLBACK_TOKEN)).await;

    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("live serves version 1 again"), "{said}");
    assert_eq!(aws.version().as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deployment_that_fails_has_nothing_to_go_back_to_and_says_so() {
    let dev = Dev::start(&["--memory"], Some("the deployment accepts another token"));
    let aws = Aws::start(&dev.url, None).await;

    let output = deploy(&aws, &dev, Some(CALLBACK_TOKEN)).await;

    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no version to go back to"), "{said}");
    assert_eq!(aws.version().as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deployed_that_could_not_be_checked() {
    let dev = Dev::start(&["--memory"], Some(CALLBACK_TOKEN));
    let aws = Aws::start(&dev.url, Some("1")).await;

    let output = deploy(&aws, &dev, None).await;

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("set KAIZALA_CALLBACK_TOKEN"), "{}", said(&output));
    assert_eq!(aws.version().as_deref(), Some("1"));
}

/// Runs `scripts/pin-architecture.py` on a built template beside a binary that begins with those bytes.
fn pin(binary: &[u8]) -> (Output, TempDir) {
    let built = TempDir::new().expect("a folder");
    fs::create_dir(built.path().join("Receiver")).expect("it is new");
    fs::write(built.path().join("Receiver/bootstrap"), binary).expect("written");
    fs::copy(root().join("template.yaml"), built.path().join("template.yaml")).expect("copied");
    let script = root().join("scripts/pin-architecture.py");
    (run(Command::new(tool("bin/python")).arg(script).arg(built.path()), b""), built)
}

fn template_in(folder: &Path) -> Value {
    let script = "import json,sys; from samcli.yamlhelper import yaml_parse; json.dump(yaml_parse(open(sys.argv[1]).read()), sys.stdout)";
    let output = run(Command::new(tool("bin/python")).args(["-c", script]).arg(folder.join("template.yaml")), b"");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn what_was_built_for_one_processor_cannot_be_deployed_for_the_other() {
    for (machine, architecture) in [(0x3e, "x86_64"), (0xb7, "arm64")] {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(18, 0);
        header.extend([machine, 0, 1, 0]);

        let (output, built) = pin(&header);

        assert!(output.status.success(), "{}", said(&output));
        let mut pinned = template_in(built.path());
        let parameter = &pinned["Parameters"]["Architecture"];
        assert_eq!(
            (&parameter["Default"], &parameter["AllowedValues"]),
            (&json!(architecture), &json!([architecture]))
        );
        // Nothing else is another.
        let original = template_in(root());
        pinned["Parameters"]["Architecture"] = original["Parameters"]["Architecture"].clone();
        assert_eq!(pinned, original);
    }
}

#[test]
fn what_is_not_a_binary_for_lambda_is_not_deployed() {
    for binary in [
        &b"#!/bin/sh\necho not a binary\n"[..],
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00\x3e\x00\x00",
    ] {
        let (output, _built) = pin(binary);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("is not a binary for x86_64 or arm64"), "{}", said(&output));
    }
}
