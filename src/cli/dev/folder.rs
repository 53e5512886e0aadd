//! `kaizala dev --deliver DIR`: delivers a folder of API Gateway events one after the other, and prints the rows that result.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::Value;

use super::{desk::Desk, places::places};
use crate::{
    cli::output::{say, table},
    event::{Event, Timestamp},
    store::StoredItem,
};

/// How many characters of a cell are printed.
const MOST_CHARACTERS: usize = 58;

/// The columns of a row that are shown.
const COLUMNS: [&str; 5] = ["group", "event key", "received at", "occurred at", "reason"];

/// The events of a folder.
pub(super) struct EventFolder {
    path: PathBuf,
    events: Vec<GatewayEvent>,
}

/// The request that API Gateway passed to the function in this event.
pub(super) struct GatewayEvent {
    name: String,
    pub(super) request: Request<Bytes>,
}

impl EventFolder {
    /// Reads every `.json` file of a folder.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let unreadable = || format!("the folder {} cannot be read", path.display());
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(unreadable)?;
        let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        ensure!(!files.is_empty(), "the folder {} has no .json files", path.display());
        // By name without extension: `x` before `x-edit`, as the edit comes after the original.
        files.sort_by(|one, other| one.file_stem().cmp(&other.file_stem()));
        let events = files.iter().map(|file| GatewayEvent::read(file)).collect::<anyhow::Result<_>>()?;
        Ok(Self { path: path.to_owned(), events })
    }

    /// Delivers the events in the order of their names. Prints the answer to each, and the rows that the table holds afterwards.
    pub(super) async fn deliver(self, desk: &Desk) -> anyhow::Result<()> {
        let store = &desk.store;
        say(format_args!("Delivered {} events from {}:", self.events.len(), self.path.display()))?;
        say("")?;
        let mut taken = BTreeSet::new();
        for GatewayEvent { name, request } in self.events {
            let event = Event::parse(request.body()).ok();
            taken.extend(places(event.as_ref(), request.body()).map(|(group, key)| (group, key.to_string())));
            let answer = desk.receive(request).await;
            say(format_args!("  {name:<42} {}  {}", answer.status().as_u16(), what_became(&answer)))?;
        }

        let mut rows = Vec::new();
        for (group, key) in taken {
            rows.extend(store.get(&group, &key).await?.map(|item| row(&item)));
        }
        say("")?;
        say(format_args!("{} rows in {} came of them:", rows.len(), store.table()))?;
        say("")?;
        say(table(COLUMNS, rows))?;
        say("")
    }
}

impl GatewayEvent {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&name, &text).with_context(|| {
            format!("{} is not an event of an API Gateway HTTP API (payload format 2.0)", file.display())
        })
    }

    /// Reads an event as API Gateway passes it.
    pub(super) fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let request = lambda_http::request::from_str(text)?;
        // The recorded request id is not used: it would make a second delivery look like the receiver's own retry instead of
        // a duplicate.
        let (mut head, body) = request.into_parts();
        head.extensions.clear();
        Ok(Self { name: name.to_owned(), request: Request::from_parts(head, Bytes::copy_from_slice(&body)) })
    }
}

fn what_became(answer: &http::Response<Bytes>) -> String {
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let code = body["outcome"].as_str().or(body["error"]["code"].as_str());
    match (code, answer.status()) {
        (Some(code), _) => code.to_owned(),
        (None, StatusCode::OK) => "validation token returned".to_owned(),
        (None, _) => String::new(),
    }
}

fn row(item: &StoredItem) -> [String; COLUMNS.len()] {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    [
        shortened(item.group().unwrap_or_default()),
        shortened(item.event_key().unwrap_or_default()),
        time(item.received_at()),
        time(item.occurred_at()),
        item.reason().unwrap_or_default().to_owned(),
    ]
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some(_) => text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
