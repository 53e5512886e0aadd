//! `kaizala webhook sync`: makes Kaizala's subscriptions those of a file.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{shake_hands, subscriptions::Subscriptions};
use crate::{
    cli::{
        account::Account,
        output::{Output, confirm, say, shown_url, table},
    },
    kaizala::{ApiError, Kaizala, Leftover, Step, SyncPlan},
};

/// Make subscriptions what a file says: register, repair, renew.
///
/// Shows what is to be done and asks. What is to be done follows from the file and from what Kaizala lists, so that an
/// interrupted run is continued by the next one. Disabled subscriptions are enabled, those that end soon are renewed.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala webhook sync subscriptions.toml --check   # exit code 1 when something is off"
)]
pub(super) struct Sync {
    /// The file; the README describes it.
    #[arg(env = "KAIZALA_SUBSCRIPTIONS")]
    file: PathBuf,

    /// Change nothing, whatever --yes says; exit code 1 when there is something to do.
    #[arg(long, env = "KAIZALA_CHECK")]
    check: bool,

    /// Do not ask.
    #[arg(long, env = "KAIZALA_YES")]
    yes: bool,

    /// Delete subscriptions to the objects of the file that it does not name, where they call a host of the file's callback
    /// URLs or of its prune_hosts. Without this they are only mentioned.
    #[arg(long, env = "KAIZALA_PRUNE")]
    prune: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    account: Account,
}

impl Sync {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let wanted = Subscriptions::read(&self.file)?;
        let kaizala = self.account.open()?;
        let plan = plan(&kaizala, &wanted, self.prune).await?;
        if !self.output.json {
            say(&in_words(&plan))?;
        }
        if self.check {
            if self.output.json {
                say(&to_json(&plan, false).to_string())?;
            }
            let off = plan.steps.len();
            return match off {
                0 => Ok(()),
                _ => bail!("changes needed: {off}; run `kaizala webhook sync` without --check"),
            };
        }
        if !plan.steps.is_empty() {
            confirm(&format!("Do that? Changes: {}.", plan.steps.len()), self.yes)?;
            apply(&kaizala, &plan).await?;
            // What Kaizala answers to a change is not documented. What it lists is what counts.
            let rest = self::plan(&kaizala, &wanted, self.prune).await?;
            if !rest.steps.is_empty() {
                bail!("Kaizala took the changes, but not all is as the file says:\n{}", in_words(&rest));
            }
        }
        if self.output.json {
            return say(&to_json(&plan, true).to_string());
        }
        say("Subscriptions are as the file says.")
    }
}

async fn plan(kaizala: &Kaizala, wanted: &Subscriptions, prune: bool) -> anyhow::Result<SyncPlan> {
    let mut listed = Vec::new();
    for object in &wanted.objects {
        listed.push((object.clone(), kaizala.webhooks(object).await?));
    }
    SyncPlan::of(&wanted.wanted, &listed, &wanted.policy(prune)).map_err(|doubled| {
        anyhow::anyhow!("{} is in the file twice with the same callback URL: events would come twice", doubled.0)
    })
}

async fn apply(kaizala: &Kaizala, plan: &SyncPlan) -> anyhow::Result<()> {
    let urls = plan.steps.iter().filter_map(|step| match step {
        Step::Register(webhook) => Some(webhook.callback_url.as_str()),
        _ => None,
    });
    for url in urls.collect::<BTreeSet<_>>() {
        shake_hands(url).await?;
    }
    for step in &plan.steps {
        let done = match step {
            Step::Register(webhook) => kaizala.register(webhook).await.map(|_| ()),
            Step::Update { id, change, .. } => kaizala.update(id, change).await,
            Step::Delete(leftover) => match kaizala.delete(&leftover.id).await {
                // Somebody else did, or this command before it was interrupted.
                Err(error) if error.is_not_found() => Ok(()),
                done => done,
            },
        };
        done.map_err(|error: ApiError| error)
            .with_context(|| format!("{}: run this again, what is done stays done", step.object()))?;
    }
    Ok(())
}

/// Word, id of the subscription, why.
fn described(step: &Step) -> (&'static str, Option<&str>, String) {
    match step {
        Step::Register(webhook) => ("register", None, shown_url(&webhook.callback_url)),
        Step::Update { id, reasons, .. } => {
            ("repair", Some(id), reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", "))
        }
        Step::Delete(leftover) => ("delete", Some(&leftover.id), why_left(leftover)),
    }
}

fn why_left(leftover: &Leftover) -> String {
    let why = if leftover.is_duplicate { "events come twice" } else { "not in the file" };
    format!("{why}: {}", shown_url(&leftover.callback_url))
}

fn in_words(plan: &SyncPlan) -> String {
    let mut rows: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let (what, id, why) = described(step);
            [what.to_owned(), step.object().to_string(), id.unwrap_or("new").to_owned(), why]
        })
        .collect();
    rows.extend(
        plan.leftovers.iter().map(|leftover| {
            ["(leave)".to_owned(), leftover.object.to_string(), leftover.id.clone(), why_left(leftover)]
        }),
    );
    if rows.is_empty() { "Nothing to do.".to_owned() } else { table(["DO", "OBJECT", "WEBHOOK", "WHY"], rows) }
}

fn to_json(plan: &SyncPlan, is_applied: bool) -> Value {
    let step = |step: &Step| {
        let (what, id, why) = described(step);
        let object = step.object();
        json!({ "do": what, "objectType": object.object_type.name(), "objectId": object.id, "webhookId": id, "why": why })
    };
    let leftover = |leftover: &Leftover| {
        json!({
            "objectType": leftover.object.object_type.name(),
            "objectId": leftover.object.id,
            "webhookId": leftover.id,
            "why": why_left(leftover),
        })
    };
    json!({
        "inSync": is_applied || plan.steps.is_empty(),
        "applied": is_applied,
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
        "leftovers": plan.leftovers.iter().map(leftover).collect::<Vec<_>>(),
    })
}
