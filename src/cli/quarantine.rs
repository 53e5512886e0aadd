//! `kaizala quarantine`: bodies that were no events, and their second chance.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    item::Show,
    output::{Output, harmless, table},
    table::{TableOptions, UNREADABLE},
    when::Window,
};
use crate::{
    event::QUARANTINE_GROUP,
    store::{Replay as Replayed, Store, TimeRange},
};

/// Look after bodies that were authenticated and no events.
#[derive(Args)]
pub(super) struct Quarantine {
    #[command(subcommand)]
    command: QuarantineCommand,
}

#[derive(Subcommand)]
enum QuarantineCommand {
    List(List),
    Show(ShowBody),
    Replay(Replay),
}

/// List quarantined bodies with the reason, the newest first.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala quarantine list --since 7d")]
struct List {
    #[command(flatten)]
    window: Window,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

/// Show a quarantined body.
///
/// What a terminal would take for an order is replaced; --raw prints the bytes as they are.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala quarantine show e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)]
struct ShowBody {
    /// The key, as `kaizala quarantine list` prints it.
    #[arg(env = "KAIZALA_QUARANTINE_KEY")]
    key: String,

    #[command(flatten)]
    show: Show,

    #[command(flatten)]
    table: TableOptions,
}

/// Read quarantined bodies again: those that are events now move to their group.
///
/// An event keeps the time of its arrival, and is written in one transaction with the end of its quarantine: interrupted,
/// it is here or there, and the same command goes on. Exit code 1 when a body that was named stays.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala quarantine replay --all")]
struct Replay {
    /// Keys, as `kaizala quarantine list` prints them.
    #[arg(env = "KAIZALA_QUARANTINE_KEY", required_unless_present = "all")]
    keys: Vec<String>,

    /// All of them. Those that are still no events stay, which is no failure.
    #[arg(long, env = "KAIZALA_ALL", conflicts_with = "keys")]
    all: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

impl Quarantine {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            match self.command {
                QuarantineCommand::List(list) => list.run().await,
                QuarantineCommand::Show(show) => {
                    let store = show.table.open().await?;
                    show.show.print(&store, QUARANTINE_GROUP, &show.key).await
                }
                QuarantineCommand::Replay(replay) => replay.run().await,
            }
        })
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.table.open().await?;
        let Window { period, limit } = self.window;
        let range =
            TimeRange { since: period.since, until: period.until, is_newest_first: true, ..TimeRange::default() };
        let mut rows = Vec::new();
        for key in keys(&store, &range, limit as usize).await? {
            // It may have been replayed since the index was read.
            let Some(item) = store.get(QUARANTINE_GROUP, &key).await.context(UNREADABLE)? else { continue };
            let received_at = item.received_at().map(|time| time.to_string()).unwrap_or_default();
            rows.push([received_at, item.reason().unwrap_or_default().to_owned(), key]);
        }
        let json = rows
            .iter()
            .map(|[received_at, reason, key]| json!({ "receivedAt": received_at, "reason": reason, "key": key }));
        let json = json!({ "quarantined": json.collect::<Vec<_>>() });
        self.output.print(&json, || table(["RECEIVED", "REASON", "KEY"], rows))
    }
}

/// The keys of quarantined bodies. A group of events may happen to have the same name.
async fn keys(store: &Store, range: &TimeRange, limit: usize) -> anyhow::Result<Vec<String>> {
    let listed = store.list(QUARANTINE_GROUP, range, limit).await.context(UNREADABLE)?;
    let quarantined = listed.into_iter().filter(|item| item.key.is_quarantined());
    Ok(quarantined.map(|item| item.key.to_string()).collect())
}

impl Replay {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.table.open().await?;
        let keys = if self.all { keys(&store, &TimeRange::default(), usize::MAX).await? } else { self.keys };
        let mut rows = Vec::new();
        let mut staying = 0;
        for key in keys {
            let Some(item) = store.get(QUARANTINE_GROUP, &key).await.context(UNREADABLE)? else {
                if !self.all {
                    bail!("there is no {} in quarantine: `kaizala quarantine list` shows keys", harmless(&key));
                }
                continue;
            };
            let replayed = store
                .replay(&item)
                .await
                .with_context(|| format!("replay was interrupted at {key}: run it again, what is done stays done"))?;
            rows.push(match replayed {
                Replayed::Moved { outcome, group, key: event } => {
                    [key, outcome.as_str().to_owned(), format!("{group} / {event}")]
                }
                Replayed::Stays(reason) => {
                    staying += 1;
                    [key, "stays".to_owned(), reason.to_string()]
                }
                Replayed::Gone => [key, "gone".to_owned(), "replayed meanwhile".to_owned()],
            });
        }
        let json = rows.iter().map(|[key, result, detail]| json!({ "key": key, "result": result, "detail": detail }));
        let json = json!({ "replayed": json.collect::<Vec<_>>() });
        self.output.print(&json, || table(["KEY", "RESULT", "EVENT OR REASON"], rows))?;
        if staying > 0 && !self.all {
            bail!("{staying} of them still no event: a later version may read what this one does not");
        }
        Ok(())
    }
}
