//! `kaizala webhook update`, `enable` and `delete`.

use clap::{ArgGroup, Args};
use serde_json::json;

use super::{
    EventTypes, MAX_DAYS, event_types, in_days, shake_hands,
    token_source::{TokenSource, digest},
};
use crate::{
    cli::{
        account::Account,
        output::{Output, confirm},
    },
    kaizala::Change,
};

/// Change a subscription. Only what is given changes.
///
/// A new callback URL must pass the handshake first.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala webhook update dac6fccf-f2e9-4abc-94d7-793037e99da7 --token --token-file new-callback-token",
    group = ArgGroup::new("changes").args(["events", "url", "context", "validity_days", "token"]).multiple(true).required(true)
)]
pub(super) struct Update {
    /// The id, as `kaizala webhook list` prints it.
    #[arg(env = "KAIZALA_WEBHOOK_ID")]
    id: String,

    /// Event types, separated by commas, or all.
    #[arg(long, env = "KAIZALA_EVENTS", value_parser = event_types, value_name = "TYPES")]
    events: Option<EventTypes>,

    /// The callback URL, https.
    #[arg(long, env = "KAIZALA_CALLBACK_URL")]
    url: Option<String>,

    /// Text that Kaizala sends with every event.
    #[arg(long, env = "KAIZALA_CALLBACK_CONTEXT")]
    context: Option<String>,

    /// Days for which the subscription is valid from now on.
    #[arg(long, env = "KAIZALA_VALIDITY_DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
    validity_days: Option<u32>,

    /// Change the callback token to the one in --token-file or KAIZALA_CALLBACK_TOKEN.
    #[arg(long, env = "KAIZALA_CHANGE_TOKEN")]
    token: bool,

    #[command(flatten)]
    token_source: TokenSource,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    account: Account,
}

impl Update {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let kaizala = self.account.open()?;
        if let Some(url) = &self.url {
            shake_hands(url).await?;
        }
        let callback_token = if self.token { Some(self.token_source.token()?) } else { None };
        let digest = callback_token.as_ref().map(|token| digest(token).to_string());
        let change = Change {
            event_types: self.events.map(|events| events.0),
            callback_url: self.url,
            callback_token,
            callback_context: self.context,
            valid_until: self.validity_days.and_then(in_days),
            enable: false,
        };
        kaizala.update(&self.id, &change).await?;
        self.output.print(&json!({ "id": self.id, "callbackTokenSha256": digest }), || match &digest {
            Some(digest) => format!("Webhook {} is changed\nSHA-256 {digest}", self.id),
            None => format!("Webhook {} is changed", self.id),
        })
    }
}

/// Enable a subscription that Kaizala has disabled.
///
/// Kaizala disables a webhook if an event cannot be delivered for two days, so fix the receiver first.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala webhook enable dac6fccf-f2e9-4abc-94d7-793037e99da7")]
pub(super) struct Enable {
    /// The id, as `kaizala webhook list` prints it.
    #[arg(env = "KAIZALA_WEBHOOK_ID")]
    id: String,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    account: Account,
}

impl Enable {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        self.account.open()?.update(&self.id, &Change::enable()).await?;
        self.output.print(&json!({ "id": self.id, "enabled": true }), || format!("Webhook {} is enabled", self.id))
    }
}

/// End a subscription.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala webhook delete dac6fccf-f2e9-4abc-94d7-793037e99da7 --yes")]
pub(super) struct Delete {
    /// The id, as `kaizala webhook list` prints it.
    #[arg(env = "KAIZALA_WEBHOOK_ID")]
    id: String,

    /// Do not ask.
    #[arg(long, env = "KAIZALA_YES")]
    yes: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    account: Account,
}

impl Delete {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let kaizala = self.account.open()?;
        confirm(&format!("Delete webhook {}? Its events will no longer come.", self.id), self.yes)?;
        kaizala.delete(&self.id).await?;
        self.output.print(&json!({ "id": self.id, "deleted": true }), || format!("Webhook {} is deleted", self.id))
    }
}
