//! `kaizala forget`: erases one person from the table.

mod plan;
mod receipt;
mod sought;

use std::{collections::BTreeMap, env, path::PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::{
    plan::{Found, Place, Plan, by_group_and_type, counts_as_json, places_as_json},
    receipt::{OUTLIVES, Receipt, default_path, without_names},
    sought::{Known, Sought},
};
use super::{
    SomethingToDo,
    output::{Output, confirm, harmless, say, say_json, table},
    progress,
    table::{TableOptions, UNREADABLE},
};
use crate::{
    clock::now,
    event::Timestamp,
    export_files::ScanOptions,
    store::{Erasure, Store},
};

/// How many events are erased at once.
const AT_ONCE: usize = 8;
/// How many keys are listed for people; --json has all.
const MOST_KEYS: usize = 50;
/// How long a tombstone stays.
const TOMBSTONE_MILLIS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Erase one person from the table.
///
/// Looks at every item and finds the events in which the person acts or is the subject: sender, responder, creator, member who
/// came or left, the only assignee of a job, a phone number that was answered. Shows them by group and type, asks, and erases
/// each with its revisions and parts, unless it has changed since. Tombstones keep redeliveries from bringing them back for three
/// days. Events that only mention the person (a job for several people, texts) and quarantined bodies are listed, and erased
/// only with --include-mentions. After an interruption, the same command goes on. Exit code 0 also if nothing is found; 3 if events
/// have changed meanwhile and stay.
///
/// Point-in-time recovery and exports hold old images until they expire; the dashboards' tables follow with the next export.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala forget --user-id 5fd9e0f6-… --phone +15550100 --table kaizala-events")]
pub(super) struct Forget {
    #[command(flatten)]
    known: Known,

    /// Erase what only mentions the person, too: jobs for several people, texts, quarantined bodies.
    #[arg(long, env = "KAIZALA_FORGET_INCLUDE_MENTIONS")]
    include_mentions: bool,

    /// Only show what would be erased.
    #[arg(long, env = "KAIZALA_FORGET_DRY_RUN")]
    dry_run: bool,

    /// Do not ask.
    #[arg(long, env = "KAIZALA_YES")]
    yes: bool,

    /// File for the receipt [default: forget-<time>.json].
    #[arg(long, env = "KAIZALA_FORGET_RECEIPT", value_name = "FILE")]
    receipt: Option<PathBuf>,

    /// Who runs this, for the receipt [default: the name of the user].
    #[arg(long, env = "KAIZALA_FORGET_BY", value_name = "WHO")]
    by: Option<String>,

    /// How many segments of the table are read at once.
    #[arg(long, env = "KAIZALA_FORGET_SEGMENTS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    segments: u16,

    /// How many read units a second the scan may use on average [default: no limit].
    #[arg(long, env = "KAIZALA_FORGET_READ_RATE", value_name = "UNITS", value_parser = clap::value_parser!(u32).range(1..))]
    read_rate: Option<u32>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

impl Forget {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(self.forget())
    }

    async fn forget(self) -> anyhow::Result<()> {
        let Self { known, include_mentions, dry_run, yes, receipt, by, segments, read_rate, output, table } = self;
        let sought = known.sought()?;
        let began_at = now();
        let store = table.open().await?;
        let plan = Plan::make(&store, &sought, ScanOptions { segments, read_rate }).await?;
        let shown = Shown::of(&plan, &sought, include_mentions);
        if plan.is_empty() || dry_run {
            return output.print(&shown.json(&Value::Null), || shown.text.clone());
        }
        let (items, unreadable) = (plan.items, plan.damaged.len());
        let (goes, stays) = plan.divided(include_mentions);
        if goes.is_empty() {
            return output.print(&shown.json(&Value::Null), || shown.text.clone());
        }
        if yes {
            if !output.json {
                say(&shown.text)?;
            }
        } else {
            confirm(&format!("{}\n\nErase {} for good?", shown.text, events(goes.len() as u64)), false)?;
        }

        let path = receipt.unwrap_or_else(|| default_path(began_at));
        let until = Timestamp::from_epoch_millis(now().epoch_millis() + TOMBSTONE_MILLIS);
        let [user_ids, phones, names] = sought.counts();
        let mut receipt = Receipt {
            table: table.name().to_owned(),
            by: by.or_else(|| env::var("USER").ok()).unwrap_or_else(|| "unknown".to_owned()),
            began_at: began_at.to_string(),
            ended_at: None,
            include_mentions,
            sought: json!({ "userIds": user_ids, "phones": phones, "names": names }),
            items_looked_at: items,
            planned: without_names(counts_as_json(&by_group_and_type(&goes))),
            erased_events: 0,
            erased_items: 0,
            deleted_parts: 0,
            changed_meanwhile: 0,
            mentions_kept: stays.len(),
            unreadable_items: unreadable,
            tombstones_until: until.map(|time| time.to_string()).unwrap_or_default(),
            outlives: OUTLIVES,
        };
        // First of all, so that nothing is erased of which no receipt could be written.
        receipt.write(&path)?;
        let erased = erase(&store, goes, &mut receipt).await;
        if erased.is_ok() {
            receipt.ended_at = Some(now().to_string());
        }
        receipt.write(&path)?;
        erased.context("not all of it is erased: run the same command again to go on")?;

        if output.json {
            let mut done = serde_json::to_value(&receipt)?;
            done["receipt"] = json!(path);
            say_json(&shown.json(&done))?;
        } else {
            let Receipt { erased_events, erased_items, deleted_parts, .. } = receipt;
            let done = format!(
                "\nErased {}: {erased_items} items and {deleted_parts} parts. The receipt is in {}.\n\n{}",
                events(erased_events),
                path.display(),
                OUTLIVES.join("\n")
            );
            say(done)?;
        }
        match receipt.changed_meanwhile {
            0 => Ok(()),
            changed => Err(SomethingToDo(format!(
                "{changed} items have changed since they were read, and stay: run the same command again"
            ))
            .into()),
        }
    }
}

/// Erases all events, some at once, and counts them in the receipt.
async fn erase(store: &Store, goes: BTreeMap<Place, Found>, receipt: &mut Receipt) -> anyhow::Result<()> {
    let progress = progress::bar(goes.len() as u64, "erasing {wide_bar} {pos}/{len} {eta}");
    let mut running = JoinSet::new();
    let mut result = Ok(());
    let mut goes = goes.into_iter();
    loop {
        while running.len() < AT_ONCE
            && result.is_ok()
            && let Some(((group, key), found)) = goes.next()
        {
            let store = store.clone();
            running.spawn(async move { store.erase(&group, &key, &found.contents, now()).await });
        }
        let Some(done) = running.join_next().await else { break };
        match done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) {
            Ok(Erasure { versions, parts, changed }) => {
                receipt.erased_events += u64::from(versions + parts > 0);
                receipt.erased_items += versions;
                receipt.deleted_parts += parts;
                receipt.changed_meanwhile += changed;
                progress.inc(1);
            }
            Err(error) => result = result.and(Err(error).context(UNREADABLE)),
        }
    }
    progress.finish_and_clear();
    result
}

/// A plan for people and for machines.
struct Shown {
    text: String,
    json: Value,
}

impl Shown {
    fn of(plan: &Plan, sought: &Sought, include_mentions: bool) -> Self {
        let mut parts = vec![format!("Looked for {} in {} items.", sought.masked(), plan.items)];
        let all = by_group_and_type(plan.events.iter().chain(plan.mentions.iter().filter(|_| include_mentions)));
        if plan.is_empty() {
            parts.push("Nothing found.".to_owned());
        }
        if !all.is_empty() {
            let rows = all
                .iter()
                .map(|((group, kind, by), events)| [group.clone(), kind.clone(), (*by).to_owned(), events.to_string()]);
            parts.push(table(["GROUP", "TYPE", "FOUND BY", "EVENTS"], rows));
        }
        match plan.by_name_alone() {
            0 => {}
            count => parts.push(format!(
                "Found by name alone: {}. Others may bear the same name: check them with `kaizala events show`.\n{}",
                events(count as u64),
                listed(
                    plan.events
                        .iter()
                        .filter(|(_, found)| found.by == Some(sought::By::NameAlone))
                        .map(|(place, _)| place)
                )
            )),
        }
        if !plan.unfinished.is_empty() {
            parts.push(format!("Left of an interrupted run: parts of {}.", events(plan.unfinished.len() as u64)));
        }
        if !plan.mentions.is_empty() && !include_mentions {
            parts.push(format!(
                "Only mentioned, and kept without --include-mentions: {}.\n{}",
                events(plan.mentions.len() as u64),
                listed(plan.mentions.keys())
            ));
        }
        if !plan.damaged.is_empty() {
            parts.push(format!(
                "Cannot be read, so that nobody knows: {}.\n{}",
                events(plan.damaged.len() as u64),
                listed(&plan.damaged)
            ));
        }
        let json = json!({
            "items": plan.items,
            "planned": counts_as_json(&all),
            "nameAlone": places_as_json(
                plan.events.iter().filter(|(_, found)| found.by == Some(sought::By::NameAlone)).map(|(place, _)| place)
            ),
            "unfinished": plan.unfinished.len(),
            "mentions": places_as_json(plan.mentions.keys()),
            "unreadable": places_as_json(&plan.damaged),
        });
        Self { text: parts.join("\n\n"), json }
    }

    /// The plan, and what was done if anything was.
    fn json(&self, done: &Value) -> Value {
        json!({ "plan": self.json, "done": done })
    }
}

fn events(count: u64) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

fn listed<'a>(places: impl IntoIterator<Item = &'a Place>) -> String {
    let mut places = places.into_iter();
    let mut lines: Vec<_> = places
        .by_ref()
        .take(MOST_KEYS)
        .map(|(group, key)| format!("  {} / {}", harmless(group), harmless(key)))
        .collect();
    let more = places.count();
    if more > 0 {
        lines.push(format!("  and {more} more: --json lists all"));
    }
    lines.join("\n")
}
