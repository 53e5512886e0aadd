//! `kaizala webhook sync`: makes Kaizala's subscriptions match a file.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::{
    plan::{in_words, to_json},
    shake_hands,
    subscriptions::Subscriptions,
};
use crate::{
    cli::{
        SomethingToDo,
        account::Account,
        output::{Output, confirm, say, say_json},
    },
    kaizala::{Kaizala, Step, SyncPlan},
};

/// Make subscriptions match a file: register, repair and renew them.
///
/// Shows the plan and asks before it changes anything. The plan depends only on the file and on what Kaizala lists, so the
/// same command continues an interrupted run. Disabled subscriptions are enabled, and those that end soon are renewed.
/// Subscriptions to the file's objects that are not in the file are listed with `leave`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala webhook sync subscriptions.toml --check   # exit code 3 when something is to be done"
)]
pub(super) struct Sync {
    /// The file; docs/operate.md describes it.
    #[arg(env = "KAIZALA_SUBSCRIPTIONS")]
    file: PathBuf,

    /// Change nothing, even with --yes. Exit code 3 if there is something to do.
    #[arg(long, env = "KAIZALA_CHECK")]
    check: bool,

    /// Do not ask.
    #[arg(long, env = "KAIZALA_YES")]
    yes: bool,

    /// Delete subscriptions to the file's objects that are not in the file, if they call a host of its callback URLs or
    /// prune_hosts. Without this option they are only listed.
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
            say(in_words(&plan))?;
        }
        if self.check {
            if self.output.json {
                say_json(&to_json(&plan, false))?;
            }
            return drift(&plan);
        }
        if !plan.steps.is_empty() {
            confirm(&format!("Do that? Changes: {}.", plan.steps.len()), self.yes)?;
            apply(&kaizala, &plan).await?;
            // Kaizala's answer to a change is not documented, so the list of subscriptions shows whether the change was made.
            let rest = self::plan(&kaizala, &wanted, self.prune).await?;
            if !rest.steps.is_empty() {
                bail!("Kaizala took the changes, but not all is as the file says:\n{}", in_words(&rest));
            }
        }
        if self.output.json {
            return say_json(&to_json(&plan, true));
        }
        say(closing_line(&plan))
    }
}

/// The result of a check: an error with exit code 3 if something is to be done.
fn drift(plan: &SyncPlan) -> anyhow::Result<()> {
    let (steps, unwanted) = (plan.steps.len(), plan.unwanted());
    let todo = match (steps, unwanted) {
        (0, 0) => return Ok(()),
        (_, 0) => format!("changes needed: {steps}; run `kaizala webhook sync` without --check"),
        _ => format!(
            "changes needed: {}, of which {unwanted} with --prune; run `kaizala webhook sync` without --check",
            steps + unwanted
        ),
    };
    Err(SomethingToDo(todo).into())
}

fn closing_line(plan: &SyncPlan) -> String {
    let left = plan.leftovers.len();
    match plan.unwanted() {
        0 if left == 0 => "Subscriptions are as the file says.".to_owned(),
        0 => format!(
            "What the file names is as it says. Left alone: {left}. --prune deletes those that call a host of the file's \
             callback URLs or prune_hosts."
        ),
        unwanted => format!(
            "Not as the file says: it wants no events of {unwanted} subscriptions. Run this with --prune to delete them."
        ),
    }
}

/// Makes the plan by which Kaizala's subscriptions will match the file.
pub(super) async fn plan(kaizala: &Kaizala, wanted: &Subscriptions, prune: bool) -> anyhow::Result<SyncPlan> {
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
        Step::Update { change, .. } => change.callback_url.as_deref(),
        Step::Delete(_) => None,
    });
    for url in urls.collect::<BTreeSet<_>>() {
        shake_hands(url).await?;
    }
    for step in &plan.steps {
        let done = match step {
            Step::Register(webhook) => kaizala.register(webhook).await.map(|_| ()),
            Step::Update { webhook, change, .. } => kaizala.update(&webhook.id, change).await,
            Step::Delete(leftover) => match kaizala.delete(&leftover.id).await {
                // Somebody else has deleted it, or this command did before it was interrupted.
                Err(error) if error.is_not_found() => Ok(()),
                done => done,
            },
        };
        done.with_context(|| format!("{}: run the command again to continue", step.object()))?;
    }
    Ok(())
}
