//! `kaizala webhook register`: makes a subscription.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{
    EventTypes, MAX_DAYS, event_types, in_days,
    object::OneObject,
    shake_hands,
    token_source::{TokenSource, digest},
};
use crate::{
    cli::{
        account::Account,
        output::{Output, note},
    },
    kaizala::{NewWebhook, same_url},
};

/// Subscribe to a group, an action or a package.
///
/// The callback URL must pass the handshake first. The callback token comes from --token-file or KAIZALA_CALLBACK_TOKEN; only
/// its digest is printed. Add the digest to the deployment (CALLBACK_TOKEN_SHA256) before events come. Warns if such a
/// subscription exists already.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala webhook register --group 74943849802190eaea3810 --events all \\\n    --url https://abc123.execute-api.eu-west-1.amazonaws.com/webhook --token-file callback-token"
)]
pub(super) struct Register {
    #[command(flatten)]
    object: OneObject,

    /// Event types, separated by commas, or all.
    #[arg(long, env = "KAIZALA_EVENTS", value_parser = event_types, value_name = "TYPES")]
    events: EventTypes,

    /// The callback URL, https.
    #[arg(long, env = "KAIZALA_CALLBACK_URL")]
    url: String,

    /// Text that Kaizala sends with every event.
    #[arg(long, env = "KAIZALA_CALLBACK_CONTEXT")]
    context: Option<String>,

    /// Days for which the subscription is valid [default: two years].
    #[arg(long, env = "KAIZALA_VALIDITY_DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
    validity_days: Option<u32>,

    #[command(flatten)]
    token: TokenSource,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    account: Account,
}

impl Register {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let kaizala = self.account.open()?;
        shake_hands(&self.url).await?;
        let callback_token = self.token.token()?;
        let digest = digest(&callback_token);
        let webhook = NewWebhook {
            object: self.object.object().context("name a group, an action or a package that is not empty")?,
            event_types: self.events.0,
            callback_url: self.url,
            callback_token,
            callback_context: self.context,
            valid_until: self.validity_days.and_then(in_days),
        };
        let listed = kaizala.webhooks(&webhook.object).await?;
        let twins: Vec<_> =
            listed.iter().filter(|listed| same_url(&listed.callback_url, &webhook.callback_url)).collect();
        let id = kaizala.register(&webhook).await?;
        for twin in twins {
            note(format_args!(
                "warning: webhook {} is to the same object and calls the same URL, so that events come twice: end one of \
                 them with `kaizala webhook delete`",
                twin.id
            ));
        }
        self.output.print(&json!({ "id": id, "callbackTokenSha256": digest.to_string() }), || {
            format!(
                "Webhook {id}\nSHA-256 {digest}\n\nThe deployment must accept that digest (CALLBACK_TOKEN_SHA256), or events are \
                 refused."
            )
        })
    }
}
