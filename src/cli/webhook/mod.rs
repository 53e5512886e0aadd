//! `kaizala webhook`: looks after subscriptions, one by one or all that a file describes.

mod change;
mod example;
pub(super) mod health;
mod list;
mod object;
mod plan;
mod register;
mod subscriptions;
mod sync;
mod token_source;

use anyhow::Context;
use clap::{Args, Subcommand};
use http::Uri;
use uuid::Uuid;

use super::output::shown_url;
use crate::{
    clock::now,
    event::{EventType, Timestamp},
    simulator::sender::Sender,
};

/// Look after subscriptions: which events Kaizala sends to which URL.
#[derive(Args)]
pub(super) struct Webhook {
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Subcommand)]
enum WebhookCommand {
    List(list::List),
    Register(Box<register::Register>),
    Update(Box<change::Update>),
    Enable(change::Enable),
    Delete(change::Delete),
    Sync(sync::Sync),
    Example(example::Example),
}

impl Webhook {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            match self.command {
                WebhookCommand::List(list) => list.run().await,
                WebhookCommand::Register(register) => register.run().await,
                WebhookCommand::Update(update) => update.run().await,
                WebhookCommand::Enable(enable) => enable.run().await,
                WebhookCommand::Delete(delete) => delete.run().await,
                WebhookCommand::Sync(sync) => sync.run().await,
                WebhookCommand::Example(example) => example.run(),
            }
        })
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The most days that an option or a file may say: a century. A larger number is a typing error.
const MAX_DAYS: u32 = 36_500;

/// The time that is a number of days from now.
fn in_days(days: u32) -> Option<Timestamp> {
    Timestamp::from_epoch_millis(now().epoch_millis() + i64::from(days) * DAY_MS)
}

/// Makes the same handshake that Kaizala makes before it accepts a callback URL, to find a wrong URL before Kaizala is called.
async fn shake_hands(url: &str) -> anyhow::Result<()> {
    // The error does not quote the text: if it is not a URL, any part of it may be secret.
    let uri: Uri = url.parse().context("the callback URL is not a URL")?;
    let token = format!("{} + %2B/=", Uuid::new_v4());
    Sender::new(uri, "")?.validate(&token).await.with_context(|| {
        format!(
            "{} would not be accepted as a callback URL: is it the output CallbackUrl of the stack?",
            shown_url(url)
        )
    })
}

/// The word for all event types in options and files.
const ALL: &str = "all";

fn all_event_types() -> Vec<String> {
    EventType::ALL.into_iter().map(|event_type| event_type.name().to_owned()).collect()
}

/// Checks that Kaizala sends an event type. Kaizala would accept a misspelt type, and never send it.
fn known_event_type(name: &str) -> Result<String, String> {
    let known = EventType::from_name(name).map(|event_type| event_type.name().to_owned());
    known.ok_or_else(|| format!("{name} is not an event type; there are {}", all_event_types().join(", ")))
}

/// Reads event types that are separated by commas, or `all`.
fn event_types(text: &str) -> Result<EventTypes, String> {
    if text == ALL {
        return Ok(EventTypes(all_event_types()));
    }
    text.split(',').map(|name| known_event_type(name.trim())).collect::<Result<_, _>>().map(EventTypes)
}

#[derive(Clone)]
struct EventTypes(Vec<String>);
