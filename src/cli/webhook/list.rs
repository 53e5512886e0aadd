//! `kaizala webhook list`: lists subscriptions, and marks those that need care.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use super::{DAY_MS, object::object, subscriptions::Subscriptions, token_source::digest};
use crate::{
    cli::{
        account::Account,
        output::{Output, shown_url, table},
    },
    clock::now,
    event::Timestamp,
    kaizala::{Policy, Reason, SubscribedObject, Webhook, same_url},
};

/// List the subscriptions to a group, an action or a package, and mark those that need care.
///
/// Kaizala lists subscriptions only by object. Instead of a callback token, the beginning of its digest is shown. A
/// subscription ends soon if it ends within 30 days, or within the renew_before_days of the --file.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala webhook list --file subscriptions.toml")]
#[group(id = "objects", required = true, multiple = false)]
pub(super) struct List {
    /// Subscriptions to this group.
    #[arg(long, env = "KAIZALA_WEBHOOK_GROUP", value_name = "ID", group = "objects")]
    group: Option<String>,

    /// Subscriptions to this action.
    #[arg(long, env = "KAIZALA_WEBHOOK_ACTION", value_name = "ID", group = "objects")]
    action: Option<String>,

    /// Subscriptions to this package.
    #[arg(long, env = "KAIZALA_WEBHOOK_PACKAGE", value_name = "ID", group = "objects")]
    package: Option<String>,

    /// Subscriptions to every object in this file, which is that of `kaizala webhook sync`.
    #[arg(long, env = "KAIZALA_WEBHOOK_FILE", value_name = "FILE", group = "objects")]
    file: Option<PathBuf>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    account: Account,
}

impl List {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (objects, soon) = match &self.file {
            Some(file) => {
                let file = Subscriptions::read(file)?;
                (file.objects, file.renew_before)
            }
            None => (object(self.group, self.action, self.package).into_iter().collect(), Policy::RENEW_BEFORE),
        };
        let kaizala = self.account.open()?;
        let mut listed = Vec::new();
        for object in objects {
            let webhooks = kaizala.webhooks(&object).await?;
            let care: Vec<_> = webhooks.iter().map(|webhook| needs(webhook, &webhooks, soon)).collect();
            listed.extend(webhooks.into_iter().zip(care).map(|(webhook, care)| (object.clone(), webhook, care)));
        }
        let json = listed.iter().map(|(object, webhook, care)| to_json(object, webhook, care));
        let json = json!({ "webhooks": json.collect::<Vec<_>>() });
        self.output.print(&json, || {
            let rows = listed.iter().map(|(object, webhook, care)| to_row(object, webhook, care));
            table(["WEBHOOK", "OBJECT", "ACTIVE", "ENDS IN", "EVENTS", "TOKEN", "CALLBACK URL", "NEEDS CARE"], rows)
        })
    }
}

/// Says in words what is wrong with a subscription.
fn needs(webhook: &Webhook, all: &[Webhook], soon: Duration) -> Vec<&'static str> {
    let is_twin = |other: &Webhook| other.id != webhook.id && same_url(&other.callback_url, &webhook.callback_url);
    let has_twin = all.iter().any(is_twin);
    [
        (!webhook.is_active).then_some("disabled"),
        webhook.ends(now(), soon).map(Reason::as_str),
        webhook.callback_token.is_none().then_some("no callback token"),
        has_twin.then_some("another one has the same URL"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whole days until a subscription ends. Negative if it has ended.
fn days_left(webhook: &Webhook, now: Timestamp) -> Option<i64> {
    Some((webhook.valid_until?.epoch_millis() - now.epoch_millis()).div_euclid(DAY_MS))
}

fn to_row(object: &SubscribedObject, webhook: &Webhook, care: &[&str]) -> [String; 8] {
    let digest = webhook.callback_token.as_ref().map(|token| digest(token).to_string());
    [
        webhook.id.clone(),
        object.to_string(),
        if webhook.is_active { "yes" } else { "no" }.to_owned(),
        days_left(webhook, now()).map_or("?".to_owned(), |days| format!("{days} days")),
        webhook.event_types.len().to_string(),
        digest.map_or("none".to_owned(), |digest| format!("{}…", &digest[..8])),
        shown_url(&webhook.callback_url),
        care.join(", "),
    ]
}

fn to_json(object: &SubscribedObject, webhook: &Webhook, care: &[&str]) -> Value {
    json!({
        "id": webhook.id,
        "objectType": object.object_type.name(),
        "objectId": object.id,
        "events": webhook.event_types,
        "callbackUrl": shown_url(&webhook.callback_url),
        "callbackTokenSha256": webhook.callback_token.as_ref().map(|token| digest(token).to_string()),
        "createdAt": webhook.created_at.map(|time| time.to_string()),
        "validUntil": webhook.valid_until.map(|time| time.to_string()),
        "daysLeft": days_left(webhook, now()),
        "active": webhook.is_active,
        "needsCare": care,
    })
}
