//! `kaizala events`: lists, shows and follows the events in the table, by group, type and time.

use std::{collections::HashMap, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    item::Show,
    output::{Output, harmless, note, say, say_json, table},
    preview::Preview,
    serving::shutdown,
    table::{TableOptions, UNREADABLE},
    when::{Window, when},
};
use crate::{
    clock::now,
    event::Timestamp,
    store::{Listed, Store, TimeRange},
};

/// How far back each query of `tail` looks. The index gets an item a moment after the table, and deliveries overtake each other,
/// so an event may appear after later ones.
const LOOK_BACK: Duration = Duration::from_mins(1);
/// After how many failures of DynamoDB in a row `tail` gives up.
const MOST_FAILURES: u32 = 5;

/// List, show or follow the events of a group.
#[derive(Args)]
pub(super) struct Events {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Subcommand)]
enum EventsCommand {
    List(List),
    Show(ShowEvent),
    Tail(Tail),
}

/// Options that choose the events of a group.
#[derive(Args)]
struct OfGroup {
    /// The group; `ungrouped` for events that name none.
    #[arg(long, env = "KAIZALA_GROUP")]
    group: String,

    /// Only events of this type.
    #[arg(long = "type", env = "KAIZALA_EVENT_TYPE", value_name = "TYPE")]
    event_type: Option<String>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

/// List the events of a group with their senders, the newest first.
///
/// The list is read from the index, so an event of the last moments may be missing.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala events list --group 74943849802190eaea3810 --type SurveyResponse --since 7d"
)]
struct List {
    #[command(flatten)]
    window: Window,

    /// Also show the beginning of what people wrote.
    #[arg(long, env = "KAIZALA_SHOW_TEXT")]
    show_text: bool,

    #[command(flatten)]
    of: OfGroup,
}

/// Show an event with its attributes and its body.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala events show --group 74943849802190eaea3810 'SurveyResponse#6e8cbb5c-9a3f-4d61-8f0e-2a9be1c7a604'"
)]
struct ShowEvent {
    /// The key, as `kaizala events list` prints it, or its beginning.
    #[arg(env = "KAIZALA_EVENT_KEY")]
    key: String,

    /// The group.
    #[arg(long, env = "KAIZALA_GROUP")]
    group: String,

    #[command(flatten)]
    show: Show,

    #[command(flatten)]
    table: TableOptions,
}

/// Follow a group: print events as they arrive, until Ctrl-C.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala events tail --group 74943849802190eaea3810 --since 10m")]
struct Tail {
    /// Begin with events received since then [default: now].
    #[arg(long, env = "KAIZALA_SINCE", value_parser = when, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Seconds between two queries.
    #[arg(long, env = "KAIZALA_INTERVAL", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,

    #[command(flatten)]
    of: OfGroup,
}

impl Events {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            match self.command {
                EventsCommand::List(list) => list.run().await,
                EventsCommand::Show(show) => {
                    let store = show.table.open().await?;
                    show.show.print(&store, &show.group, &show.key).await
                }
                EventsCommand::Tail(tail) => tail.run().await,
            }
        })
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let Self { window: Window { period, limit }, show_text, of } = self;
        let store = of.table.open().await?;
        let range = TimeRange {
            since: period.since,
            until: period.until,
            event_type: of.event_type,
            is_newest_first: true,
            ..TimeRange::default()
        };
        let mut events = store.list(&of.group, &range, limit as usize + 1).await.context(UNREADABLE)?;
        let is_more = events.len() > limit as usize;
        events.truncate(limit as usize);
        let keys: Vec<_> = events.iter().map(|event| &event.key).collect();
        let items = store.get_all(&of.group, &keys).await.context(UNREADABLE)?;
        let previews = |event: &Listed| items.get(event.key.as_str()).map(Preview::of).unwrap_or_default();
        let json: Vec<_> =
            events.iter().map(|event| with_preview(to_json(event), &previews(event), show_text)).collect();
        of.output.print(&json!({ "groupId": of.group, "events": json, "more": is_more }), || {
            let columns = |event: &Listed| {
                let (event_type, _) = event.key.event_type_and_id().unwrap_or_default();
                (event.received_at.clone(), event_type, previews(event), event.key.to_string())
            };
            let rows = events.iter().map(columns);
            if show_text {
                let rows = rows.map(|(received, kind, preview, key)| {
                    [received, kind, preview.shown_sender(), preview.shown_text(), key]
                });
                table(["RECEIVED", "TYPE", "SENDER", "TEXT", "KEY"], rows)
            } else {
                let rows = rows.map(|(received, kind, preview, key)| [received, kind, preview.shown_sender(), key]);
                table(["RECEIVED", "TYPE", "SENDER", "KEY"], rows)
            }
        })?;
        if is_more && !of.output.json {
            note(format_args!("more: --limit {}", limit.saturating_mul(2)));
        }
        Ok(())
    }
}

fn with_preview(mut event: Value, preview: &Preview, show_text: bool) -> Value {
    event["fromUserId"] = json!(preview.sender_id);
    event["fromUserName"] = json!(preview.sender_name);
    if show_text {
        event["text"] = json!(preview.text);
    }
    event
}

impl Tail {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.of.table.open().await?;
        let follow = async {
            let begin = self.since.unwrap_or_else(now);
            let mut range = TimeRange { since: Some(begin), event_type: self.of.event_type, ..TimeRange::default() };
            let mut seen = HashMap::new();
            let mut failures = 0;
            loop {
                match look(&store, &self.of.group, &range, &mut seen).await {
                    Ok(events) => {
                        failures = 0;
                        for event in events {
                            if self.of.output.json { say_json(&to_json(&event)) } else { say(to_line(&event)) }?;
                        }
                    }
                    Err(error) if failures < MOST_FAILURES && error.may_pass() => {
                        failures += 1;
                        note(format_args!("warning: {error}; trying again"));
                    }
                    Err(error) => return Err(error).context(UNREADABLE),
                }
                sleep(Duration::from_secs(self.interval)).await;
                range.since = Some(begin.max(before(now(), LOOK_BACK)));
                // Later queries do not list older events again.
                let oldest = range.since.unwrap_or(begin).to_string();
                seen.retain(|_, received_at: &mut String| *received_at >= oldest);
            }
        };
        tokio::select! {
            ended = follow => ended,
            () = shutdown() => Ok(()),
        }
    }
}

/// Prints the events that have not been printed before.
async fn look(
    store: &Store,
    group: &str,
    range: &TimeRange,
    seen: &mut HashMap<String, String>,
) -> Result<Vec<Listed>, crate::store::StoreError> {
    let mut events = store.list(group, range, usize::MAX).await?;
    events.retain(|event| seen.insert(event.key.to_string(), event.received_at.clone()).is_none());
    Ok(events)
}

fn before(time: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_epoch_millis(time.epoch_millis().saturating_sub(millis)).unwrap_or(Timestamp::EPOCH)
}

fn to_json(event: &Listed) -> Value {
    let (event_type, event_id) = event.key.event_type_and_id().unwrap_or_default();
    json!({
        "receivedAt": event.received_at,
        "eventType": event_type,
        "eventId": event_id,
        "eventKey": event.key.as_str(),
        "isRevision": event.key.is_revision(),
    })
}

fn to_line(event: &Listed) -> String {
    format!("{}  {}", event.received_at, harmless(event.key.as_str()))
}
