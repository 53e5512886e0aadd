//! `kaizala quarantine`: lists, shows, replays and deletes bodies that could not be read as events.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    item::{Show, find},
    output::{Output, confirm, harmless, note, table},
    table::{TableOptions, UNREADABLE},
    when::Window,
};
use crate::{
    event::{QUARANTINE_GROUP, Unreadable},
    store::{ItemKind, Outcome, ReadError, Replay as Replayed, Store, StoreError, StoredItem, TimeRange},
};

/// Look after bodies that came with a right token but could not be read as events.
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
    Delete(Delete),
}

/// List quarantined bodies with the reason and their size, the newest first.
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
/// Control characters are replaced, since a terminal may take them for commands; --raw prints the bytes unchanged.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala quarantine show e3b0c442")]
struct ShowBody {
    /// The key, as `kaizala quarantine list` prints it, or its beginning.
    #[arg(env = "KAIZALA_QUARANTINE_KEY")]
    key: String,

    #[command(flatten)]
    show: Show,

    #[command(flatten)]
    table: TableOptions,
}

/// Read quarantined bodies again, and move those that are events to their groups.
///
/// An event keeps the time of its arrival and moves in one transaction: after an interruption it is in exactly one place, and
/// the same command continues. A batch of CloudEvents is split into its events. A body that cannot be replayed does not stop the others. Exit code 1 if a replay fails, or if a
/// body that was named stays in quarantine.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala quarantine replay --all")]
#[group(id = "which", required = true, multiple = false, args = ["keys", "all"])]
struct Replay {
    /// Keys, as `kaizala quarantine list` prints them, or their beginnings.
    #[arg(env = "KAIZALA_QUARANTINE_KEY")]
    keys: Vec<String>,

    /// Replay all bodies. Those that still cannot be read stay in quarantine, which is not a failure.
    #[arg(long, env = "KAIZALA_ALL")]
    all: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

/// Delete quarantined bodies for good.
///
/// Shows the bodies and asks before it deletes them. If one of the keys is not in quarantine, nothing is deleted.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala quarantine delete e3b0c442 --yes")]
struct Delete {
    /// Keys, as `kaizala quarantine list` prints them, or their beginnings.
    #[arg(env = "KAIZALA_QUARANTINE_KEY", required = true)]
    keys: Vec<String>,

    /// Do not ask.
    #[arg(long, env = "KAIZALA_YES")]
    yes: bool,

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
                QuarantineCommand::Delete(delete) => delete.run().await,
            }
        })
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.table.open().await?;
        let Window { period, limit } = self.window;
        let range = TimeRange { since: period.since, until: period.until, is_newest_first: true, ..BODIES };
        let mut keys = keys(&store, &range, limit as usize + 1).await?;
        let is_more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let mut rows = Vec::new();
        for key in keys {
            // The body may have been replayed since the index was read.
            if let Some(item) = store.get(QUARANTINE_GROUP, &key).await.context(UNREADABLE)? {
                rows.push(Row::of(&store, &item, key).await?);
            }
        }
        let json = json!({ "quarantined": rows.iter().map(Row::to_json).collect::<Vec<_>>(), "more": is_more });
        self.output.print(&json, || {
            let cells = |row: Row| {
                [row.received_at, row.reason, row.bytes.map_or("?".to_owned(), |bytes| bytes.to_string()), row.key]
            };
            table(["RECEIVED", "REASON", "BYTES", "KEY"], rows.into_iter().map(cells))
        })?;
        if is_more && !self.output.json {
            note(format_args!("more: --limit {}", limit.saturating_mul(2)));
        }
        Ok(())
    }
}

/// What a list shows of a quarantined body.
struct Row {
    received_at: String,
    reason: String,
    /// The size of the body: `None` if it is damaged.
    bytes: Option<usize>,
    key: String,
}

impl Row {
    async fn of(store: &Store, item: &StoredItem, key: String) -> anyhow::Result<Self> {
        let bytes = match store.body(item).await {
            Ok(body) => Some(body.len()),
            Err(ReadError::Damaged { .. }) => None,
            Err(error) => return Err(error).context(UNREADABLE),
        };
        Ok(Self {
            received_at: item.received_at().map(|time| time.to_string()).unwrap_or_default(),
            reason: item.reason().unwrap_or_default().to_owned(),
            bytes,
            key,
        })
    }

    fn to_json(&self) -> Value {
        let Self { received_at, reason, bytes, key } = self;
        json!({ "receivedAt": received_at, "reason": reason, "bytes": bytes, "key": key })
    }
}

impl Delete {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.table.open().await?;
        let mut items = Vec::new();
        for key in &self.keys {
            let item = find(&store, QUARANTINE_GROUP, key).await?;
            // A group of events may have the same name as the quarantine.
            let item = item.filter(|item| item.kind() == ItemKind::Quarantined);
            let missing =
                || format!("there is no {} in quarantine: `kaizala quarantine list` shows keys", harmless(key));
            let item = item.with_context(missing)?;
            if !items.contains(&item) {
                items.push(item);
            }
        }
        let keys: Vec<_> = items.iter().map(|item| item.event_key().unwrap_or_default()).collect();
        confirm(&format!("Delete for good:\n  {}\nGo ahead?", keys.join("\n  ")), self.yes)?;
        let mut deleted = Vec::new();
        for (item, key) in items.iter().zip(&keys) {
            if store.delete_quarantined(item).await? {
                deleted.push(*key);
            }
        }
        self.output.print(&json!({ "deleted": deleted }), || format!("Deleted: {}", deleted.len()))
    }
}

const BODIES: TimeRange =
    TimeRange { since: None, until: None, event_type: None, is_quarantined: true, is_newest_first: false };

async fn keys(store: &Store, range: &TimeRange, limit: usize) -> anyhow::Result<Vec<String>> {
    let listed = store.list(QUARANTINE_GROUP, range, limit).await.context(UNREADABLE)?;
    Ok(listed.into_iter().map(|item| item.key.to_string()).collect())
}

/// Completes prefixes to keys. A prefix without a body is returned unchanged.
async fn whole(store: &Store, beginnings: Vec<String>) -> anyhow::Result<Vec<String>> {
    let mut keys = Vec::new();
    for beginning in beginnings {
        let item = find(store, QUARANTINE_GROUP, &beginning).await?;
        let key = item.and_then(|item| item.event_key().map(str::to_owned)).unwrap_or(beginning);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// The result of replaying one body.
enum Came {
    Moved {
        outcome: Outcome,
        event: String,
    },
    /// It was a batch: how many of its events came to what.
    Split(BTreeMap<&'static str, usize>),
    Stays(Unreadable),
    /// Another command has replayed it meanwhile.
    Gone,
    Missing,
    Failed(ReadError),
}

impl Came {
    async fn of(store: &Store, key: &str) -> Self {
        let replayed = match store.get(QUARANTINE_GROUP, key).await {
            Ok(Some(item)) => store.replay(&item).await,
            Ok(None) => return Self::Missing,
            Err(error) => Err(error.into()),
        };
        match replayed {
            Ok(Replayed::Moved { outcome, group, key }) => Self::Moved { outcome, event: format!("{group} / {key}") },
            Ok(Replayed::Split(outcomes)) => Self::Split(outcomes),
            Ok(Replayed::Stays(reason)) => Self::Stays(reason),
            Ok(Replayed::Gone) => Self::Gone,
            Err(error) => Self::Failed(error),
        }
    }

    /// One word for the result, and the details.
    fn described(&self) -> (&'static str, String) {
        match self {
            Self::Moved { outcome, event } => (outcome.as_str(), event.clone()),
            Self::Split(outcomes) => {
                let counts = outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}"));
                ("split", counts.collect::<Vec<_>>().join(", "))
            }
            Self::Stays(reason) => ("stays", reason.to_string()),
            Self::Gone => ("gone", "replayed meanwhile".to_owned()),
            Self::Missing => ("missing", "not in quarantine".to_owned()),
            Self::Failed(error) => ("failed", error.to_string()),
        }
    }
}

impl Replay {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.table.open().await?;
        let keys = if self.all { keys(&store, &BODIES, usize::MAX).await? } else { whole(&store, self.keys).await? };
        let mut replayed = Vec::new();
        let mut outage = Outage::default();
        for key in keys {
            let came = match Came::of(&store, &key).await {
                Came::Missing if self.all => Came::Gone,
                came => came,
            };
            outage.note(&came);
            replayed.push((key, came));
            if outage.is_there() {
                break;
            }
        }
        let json = replayed.iter().map(|(key, came)| {
            let (result, detail) = came.described();
            json!({ "key": key, "result": result, "detail": detail })
        });
        let json = json!({ "replayed": json.collect::<Vec<_>>() });
        self.output.print(&json, || {
            let row = |(key, came): &(String, Came)| {
                let (result, detail) = came.described();
                [key.clone(), result.to_owned(), detail]
            };
            table(["KEY", "RESULT", "EVENT OR REASON"], replayed.iter().map(row))
        })?;
        verdict(replayed.into_iter().map(|(_, came)| came).collect(), self.all)
    }
}

/// Detects an outage of DynamoDB, as opposed to a single body that cannot be replayed.
#[derive(Default)]
struct Outage {
    failures: u32,
    is_lasting: bool,
}

impl Outage {
    /// How many failures in a row count as an outage. Each takes seconds and there may be thousands of bodies, so the command
    /// does not try them all.
    const FAILURES: u32 = 5;

    fn note(&mut self, came: &Came) {
        match came {
            Came::Failed(ReadError::Store(error)) => {
                self.failures += 1;
                self.is_lasting =
                    matches!(error, StoreError::NoTable(_) | StoreError::NoCredentials(_) | StoreError::Denied(_));
            }
            _ => self.failures = 0,
        }
    }

    fn is_there(&self) -> bool {
        self.is_lasting || self.failures == Self::FAILURES
    }
}

fn verdict(came: Vec<Came>, all: bool) -> anyhow::Result<()> {
    let count = |is: fn(&Came) -> bool| came.iter().filter(|came| is(came)).count();
    let missing = count(|came| matches!(came, Came::Missing));
    let stays = count(|came| matches!(came, Came::Stays(_)));
    let failed = count(|came| matches!(came, Came::Failed(_)));
    let error = came.into_iter().rev().find_map(|came| match came {
        Came::Failed(error) => Some(error),
        _ => None,
    });
    match error {
        Some(error) => Err(error)
            .with_context(|| format!("replays that failed: {failed}; run the command again when the cause is gone")),
        None if missing > 0 => bail!("not in quarantine: {missing}; `kaizala quarantine list` shows keys"),
        None if stays > 0 && !all => {
            bail!("still not an event: {stays}; a later version may read what this one does not")
        }
        None => Ok(()),
    }
}
