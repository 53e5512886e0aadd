//! `kaizala webhook`: subscriptions, one by one or as a file says.

mod change;
mod list;
mod object;
mod register;
mod subscriptions;
mod sync;
mod token_source;

use anyhow::Context;
use clap::{Args, Subcommand};
use http::Uri;
use uuid::Uuid;

use crate::{event::EventType, simulator::sender::Sender};

/// Look after subscriptions: what Kaizala sends where, and whether it still does.
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
            }
        })
    }
}

/// Does with a callback URL what Kaizala does before it accepts it, so that one that would be refused, or that answers
/// somebody else, is found here.
async fn shake_hands(url: &str) -> anyhow::Result<()> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
    let token = format!("{} + %2B/=", Uuid::new_v4());
    Sender::new(uri, "")?.validate(&token).await.with_context(|| {
        format!(
            "{} would not be accepted as a callback URL: is it the output CallbackUrl of the stack?",
            super::output::shown_url(url)
        )
    })
}

/// What `all` stands for where event types are named.
const ALL: &str = "all";

fn all_event_types() -> Vec<String> {
    EventType::ALL.into_iter().map(|event_type| event_type.name().to_owned()).collect()
}

/// An event type that Kaizala is known to send. A name with a typing error would be subscribed to, and never come.
fn known_event_type(name: &str) -> Result<String, String> {
    let known = EventType::from_name(name).map(|event_type| event_type.name().to_owned());
    known.ok_or_else(|| format!("{name} is no event type; there are {}", all_event_types().join(", ")))
}

/// Event types, separated by commas, or `all`.
fn event_types(text: &str) -> Result<EventTypes, String> {
    if text == ALL {
        return Ok(EventTypes(all_event_types()));
    }
    text.split(',').map(|name| known_event_type(name.trim())).collect::<Result<_, _>>().map(EventTypes)
}

#[derive(Clone)]
struct EventTypes(Vec<String>);
