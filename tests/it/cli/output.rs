//! What commands print where, and how they end when it cannot be printed.

use std::{
    fs::File,
    io,
    process::{Command, Output, Stdio},
};

use bytes::Bytes;
use kaizala_webhook::{
    event::{Event, Timestamp},
    store::{Arrival, Record},
};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::support::Operator;

const GROUP: &str = "group-1";

/// One of each kind of command that ends by itself.
const COMMANDS: [&[&str]; 9] = [
    &["token", "new"],
    &["token", "new", "--json"],
    &["completions", "bash"],
    &["events", "list", "--group", GROUP],
    &["events", "show", "--group", GROUP, "TextMessageCreated#id-0"],
    &["events", "show", "--group", GROUP, "TextMessageCreated#id-0", "--raw"],
    &["quarantine", "list", "--json"],
    &["webhook", "list", "--group", GROUP],
    &["simulate", "export", "--events", "1", "--out", "made-up"],
];

async fn store(operator: &Operator, id: &str, text: &str) {
    let body = json!({
        "eventType": "TextMessageCreated", "eventId": id, "objectId": GROUP, "objectType": "Group",
        "data": { "text": text },
    });
    store_body(operator, body.to_string()).await;
}

async fn store_body(operator: &Operator, body: String) {
    let body = Bytes::from(body);
    let arrival = Arrival { received_at: Timestamp::EPOCH, request_id: None };
    let record = Record::of_event(&Event::parse(&body).expect("it is one"), arrival);
    operator.world.behind.put(&record, &body).await.expect("the table answers");
}

/// Runs a command with its output going elsewhere, and returns code and stderr.
async fn ended(mut command: Command) -> (i32, String) {
    let Output { status, stderr, .. } = spawn_blocking(move || command.stdin(Stdio::null()).output())
        .await
        .expect("it does not panic")
        .expect("it runs");
    (status.code().expect("it exits"), String::from_utf8(stderr).expect("it is text"))
}

/// `output()` would replace what is not set, so that everything is set.
fn to(mut command: Command, stdout: impl Into<Stdio>, stderr: impl Into<Stdio>) -> Command {
    command.stdout(stdout).stderr(stderr);
    command
}

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has it")
}

/// A pipe that nobody reads.
fn unread() -> io::PipeWriter {
    io::pipe().expect("there are pipes").1
}

#[tokio::test]
async fn a_command_whose_output_finds_no_room_fails_and_says_so() {
    let operator = Operator::new().await;
    store(&operator, "id-0", "Hello").await;
    for arguments in COMMANDS {
        let (code, error) = ended(to(operator.command(arguments), full_disk(), Stdio::piped())).await;
        assert!(code == 1 && error.contains("the output cannot be written: No space left"), "{arguments:?}: {error}");
        let (code, _) = ended(to(operator.command(arguments), full_disk(), full_disk())).await;
        assert_eq!(code, 1, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_command_whose_output_nobody_reads_any_more_ends_quietly() {
    let operator = Operator::new().await;
    store(&operator, "id-0", "Hello").await;
    for arguments in COMMANDS {
        let ended = ended(to(operator.command(arguments), unread(), Stdio::piped())).await;
        assert_eq!(ended, (0, String::new()), "{arguments:?}");
    }
    let failing = ["events", "show", "--group", GROUP, "no-such-event"];
    let (code, _) = ended(to(operator.command(&failing), unread(), unread())).await;
    assert_eq!(code, 1);
}

#[tokio::test]
async fn head_may_end_a_long_list() {
    let operator = Operator::new().await;
    // More than a pipe holds.
    for number in 0..100 {
        store(&operator, &format!("{number}{}", "x".repeat(900)), "Hello").await;
    }
    let line = format!(
        "{} events list --group {GROUP} --limit 1000 | head -1; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_kaizala")
    );
    let mut command = Command::new("bash");
    let kaizala = operator.command(&[]);
    command.args(["-c", &line]).envs(kaizala.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = spawn_blocking(move || command.output()).await.expect("it does not panic").expect("it runs");

    let text = String::from_utf8(output.stdout).expect("it is text");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("RECEIVED") && lines[1] == "0", "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[tokio::test]
async fn a_failure_with_json_is_json_and_one_document() {
    let operator = Operator::new().await;
    operator.world.deliver_body("no JSON").await;
    let quarantined = operator.run(&["quarantine", "list", "--json"]).await.json();
    let key = quarantined["quarantined"][0]["key"].as_str().expect("it is text");

    for (arguments, about) in [
        (&["events", "list", "--group", GROUP, "--table", "another"][..], "table another does not exist"),
        (&["events", "show", "--group", GROUP, "no-such-event"], "there is no item"),
        (&["webhook", "enable", "no-such-webhook"], "Kaizala refuses"),
        (&["webhook", "sync", "no-such-file", "--check"], "no-such-file"),
        (&["token", "digest"], "no token"),
    ] {
        let ran = operator.run(&[arguments, &["--json"]].concat()).await;
        let told = ran.json_whatever_the_code();
        assert_eq!((ran.code, &told["ok"]), (1, &json!(false)), "{ran:?}");
        assert!(told["error"].as_str().is_some_and(|error| error.contains(about)), "{ran:?}");
        assert!(ran.error.contains(about), "{ran:?}");
    }
    let replayed = operator.run(&["quarantine", "replay", key, "--json"]).await;
    assert_eq!((replayed.code, &replayed.json_whatever_the_code()["replayed"][0]["result"]), (1, &json!("stays")));
}

#[tokio::test]
async fn no_control_character_of_an_event_reaches_a_terminal() {
    let operator = Operator::new().await;
    let text = "before\u{7f}\u{85}\u{9b}2J\u{9d}0;title\u{9c}\u{1b}[2J\rafter";
    let data = json!({ "eventId": format!("id{text}"), "eventType": "TextMessageCreated", "objectType": "Group",
        "objectId": GROUP, "data": { "text": text } });
    // White space between tokens may be a carriage return.
    store_body(&operator, data.to_string().replacen('{', "{\r\n\t", 1)).await;
    // Not JSON, and so shown as text.
    operator.world.deliver_body(text).await;
    let listed = operator.run(&["events", "list", "--group", GROUP, "--json"]).await;
    let key = listed.json()["events"][0]["eventKey"].as_str().expect("it is text").to_owned();
    let quarantined = operator.run(&["quarantine", "list", "--json"]).await.json();
    let quarantined = quarantined["quarantined"][0]["key"].as_str().expect("it is text").to_owned();

    for arguments in [
        &["events", "list", "--group", GROUP][..],
        &["events", "show", "--group", GROUP, &key],
        &["quarantine", "show", &quarantined],
        &["events", "show", "--group", GROUP, text],
    ] {
        for more in [&[][..], &["--json"]] {
            let ran = operator.run(&[arguments, more].concat()).await;
            let printed = format!("{}{}", ran.output, ran.error);
            assert!(!printed.contains(|c: char| c.is_control() && c != '\n'), "{ran:?}");
            assert!(printed.contains("after") || printed.contains("TextMessageCreated"), "{ran:?}");
        }
    }
    let shown = operator.run(&["events", "show", "--group", GROUP, &key, "--json"]).await.json();
    assert_eq!(shown["payload"]["data"]["text"], text, "nothing is lost");
    let shown = operator.run(&["quarantine", "show", &quarantined, "--json"]).await.json();
    assert_eq!(shown["payloadText"], Value::from(text));
}

#[tokio::test]
async fn help_and_wrong_usage_do_not_print_what_may_be_secret() {
    let operator = Operator::new().await;
    let url = "https://user:a-secret@example.com/webhook?code=a-secret";
    for arguments in [&["webhook", "register", "--help"][..], &["webhook", "update", "--help"], &["check", "--help"]] {
        let environment = [("KAIZALA_CALLBACK_URL", url), ("KAIZALA_CHECK_URL", url)];
        let ran = operator.run_with(arguments, &environment).await.ok();
        assert!(ran.output.contains("_URL]") && !ran.output.contains("a-secret"), "{ran:?}");
    }
    let ran = operator.run(&["check", "--url", &url.replace("web", "we b")]).await;
    assert!(ran.code == 2 && ran.error.contains("--url") && !ran.error.contains("a-secret"), "{ran:?}");
}
