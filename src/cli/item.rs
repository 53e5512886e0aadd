//! Finds and prints one whole item of the table, for `events show` and `quarantine show`.

use std::fmt::Write as _;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    output::{Output, harmless, printable, say, say_json, write},
    table::UNREADABLE,
};
use crate::store::{Store, StoredItem};

/// How to show an item.
#[derive(Args)]
pub(super) struct Show {
    /// Print only the body, byte for byte, even with --json.
    #[arg(long, env = "KAIZALA_RAW")]
    raw: bool,

    #[command(flatten)]
    output: Output,
}

impl Show {
    pub(super) async fn print(&self, store: &Store, group: &str, key: &str) -> anyhow::Result<()> {
        let item = find(store, group, key).await?;
        let item = item
            .with_context(|| format!("there is no item {} / {}: `list` shows keys", harmless(group), harmless(key)))?;
        let body = store.body(&item).await?;
        if self.raw {
            return write(&body);
        }
        if self.output.json { say_json(&as_json(&item, &body)) } else { say(as_text(&item, &body)) }
    }
}

/// How many keys an error names if a prefix fits several.
const MOST_KEYS: usize = 10;

/// Finds the item whose key is `key`, or the only one whose key begins with it.
///
/// # Errors
/// When several keys begin with it, or the table does not answer.
pub(super) async fn find(store: &Store, group: &str, key: &str) -> anyhow::Result<Option<StoredItem>> {
    if key.is_empty() {
        return Ok(None);
    }
    if let Some(item) = store.get(group, key).await.context(UNREADABLE)? {
        return Ok(Some(item));
    }
    let keys = store.keys_beginning(group, key, MOST_KEYS + 1).await.context(UNREADABLE)?;
    match &keys[..] {
        [] => Ok(None),
        [only] => store.get(group, only.as_str()).await.context(UNREADABLE),
        several => {
            let named = several.iter().take(MOST_KEYS).map(|key| format!("\n  {}", harmless(key.as_str())));
            let more = if several.len() > MOST_KEYS { "\n  …" } else { "" };
            bail!(
                "several keys begin with {}: type more of the one that you mean:{}{more}",
                harmless(key),
                named.collect::<String>()
            )
        }
    }
}

/// An item as JSON, with its body in one of three forms.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    attributes: Map<String, Value>,
    bytes: usize,
    /// JSON as it was received, not parsed: parsing could change a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
    /// A body that is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_text: Option<&'a str>,
    /// A body that is not UTF-8, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_hex: Option<String>,
}

fn as_json<'a>(item: &StoredItem, body: &'a [u8]) -> Shown<'a> {
    let mut shown = Map::new();
    shown.extend(item.description().map(|(name, text)| (name.to_owned(), json!(text))));
    shown.extend(item.is_pulled().then(|| ("pulled".to_owned(), json!(true))));
    shown.extend(item.is_imported().then(|| ("imported".to_owned(), json!(true))));
    let text = std::str::from_utf8(body).ok();
    let json = text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    Shown {
        attributes: shown,
        bytes: body.len(),
        payload: json,
        payload_text: text.filter(|_| json.is_none()),
        payload_hex: text.is_none().then(|| hex::encode(body)),
    }
}

fn as_text(item: &StoredItem, body: &[u8]) -> String {
    let mut shown = String::new();
    for (name, text) in item.description() {
        let _ = writeln!(shown, "{name:<12} {}", harmless(text));
    }
    if item.is_pulled() {
        let _ = writeln!(shown, "{:<12} yes", "pulled");
    }
    if item.is_imported() {
        let _ = writeln!(shown, "{:<12} yes", "imported");
    }
    let _ = writeln!(shown, "{:<12} {}", "bytes", body.len());
    let json = serde_json::from_slice::<Value>(body).ok();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    let pretty = pretty.map(|json| printable(&json));
    let lossy = || {
        let text = String::from_utf8_lossy(body);
        text.lines().map(harmless).collect::<Vec<_>>().join("\n")
    };
    format!("{shown}\n{}", pretty.unwrap_or_else(lossy))
}
