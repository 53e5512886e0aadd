//! `kaizala check`: the smoke test of a deployment.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Envelope, callback_token,
    output::{Output, say, say_json, shown_url},
    table::{TableOptions, UNREADABLE},
    token::new_token,
};
use crate::{
    event::{self, Event},
    simulator::sender::Sender,
};

/// The group of test events. No real event is in it.
const CHECK_GROUP: &str = "kaizala-check";

/// Test a deployment: make the handshake, try a wrong token, store one test event and read it back.
///
/// The callback token is read from KAIZALA_CALLBACK_TOKEN. The test event stays in the table, in the group kaizala-check.
/// With --sender cloudevents, it is a CloudEvent of that source, and the token is sent as a bearer token.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala check --url https://abc123.execute-api.eu-west-1.amazonaws.com/webhook --table NAME"
)]
pub(super) struct Check {
    /// The callback URL.
    #[arg(long, env = "KAIZALA_CHECK_URL")]
    url: Uri,

    /// As whom to deliver.
    #[arg(long, env = "KAIZALA_CHECK_SENDER", value_enum, default_value_t = Envelope::Kaizala)]
    sender: Envelope,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(self.check())
    }

    async fn check(self) -> anyhow::Result<()> {
        let json = self.output.json;
        let passed = |what: &str| if json { Ok(()) } else { say(format_args!("ok  {what}")) };
        let envelope = event::Sender::from(self.sender);
        let sender = Sender::new(self.url.clone(), &callback_token()?)?.with_envelope(envelope);
        sender.validate(&format!("{} + %2B/=", Uuid::new_v4())).await.with_context(|| {
            format!(
                "{} would not be accepted as a callback URL: is it the output CallbackUrl of the stack?",
                shown_url(&self.url.to_string())
            )
        })?;
        let (handshake, event) = test_event(envelope);
        passed(handshake)?;

        let body = Bytes::from(event.to_string());
        let stranger = Sender::new(self.url.clone(), &new_token()?)?.with_envelope(envelope);
        let stranger = stranger.attempt(body.clone(), 1).await;
        ensure!(
            stranger.status == Some(StatusCode::UNAUTHORIZED),
            "a wrong token is answered with {} instead of 401: is --url the URL of the receiver?",
            shown(stranger.status)
        );
        passed("a wrong token is refused")?;

        match sender.attempt(body.clone(), 1).await {
            answer if answer.is_accepted() => {
                let outcome: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                ensure!(outcome["outcome"] == "stored", "the test event was answered with 200, but not stored");
            }
            answer if answer.status == Some(StatusCode::UNAUTHORIZED) => {
                bail!(
                    "the token is refused: CALLBACK_TOKEN_SHA256 of the function lacks the digest of KAIZALA_CALLBACK_TOKEN"
                )
            }
            answer => bail!("the test event is answered with {}: see the function's log", shown(answer.status)),
        }
        passed("the test event is stored")?;

        let event = Event::parse(&body).context("the test event cannot be read as an event")?;
        let (group, key) = (event.table_group(), event.key());
        let store = self.table.behind(&self.url).await?;
        let item =
            store.get(&group, key.as_str()).await.context(UNREADABLE)?.with_context(|| {
                format!("there is no item {group} / {key}: is --table the table of this deployment?")
            })?;
        ensure!(store.body(&item).await? == body, "the table holds another body than was sent");
        passed("the table holds it byte for byte")?;
        if json {
            say_json(&json!({ "ok": true, "groupId": group, "eventKey": key.as_str() }))?;
        }
        Ok(())
    }
}

/// What has passed with the handshake, and the event that is sent next.
fn test_event(envelope: event::Sender) -> (&'static str, Value) {
    let id = Uuid::new_v4().to_string();
    let data = json!({ "text": "Test event of kaizala check" });
    match envelope {
        event::Sender::Kaizala => (
            "the handshake returns its token",
            json!({
                "eventId": id,
                "eventType": "TextMessageCreated",
                "objectType": "Group",
                "objectId": CHECK_GROUP,
                "data": data,
            }),
        ),
        event::Sender::CloudEvents => (
            "the handshake permits to deliver",
            json!({
                "specversion": "1.0",
                "id": id,
                "source": CHECK_GROUP,
                "type": "org.example.check",
                "data": data,
            }),
        ),
    }
}

fn shown(status: Option<StatusCode>) -> String {
    status.map_or("no answer".to_owned(), |status| status.as_u16().to_string())
}
