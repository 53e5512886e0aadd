//! Which events `kaizala export` and `kaizala report` use: the options, and the error if they match nothing.

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;

use super::{progress, threads::threads, when::Period};
use crate::{
    event::Timestamp,
    export_files::quoted,
    tables::{Filter, read::StoredRows},
};

/// Options that choose events.
#[derive(Args)]
pub(super) struct ExportFilter {
    /// Only this group; may be given several times.
    #[arg(long = "group", env = "KAIZALA_EXPORT_GROUP", value_delimiter = ',')]
    groups: Vec<String>,

    /// Only this event type; may be given several times.
    #[arg(long = "type", env = "KAIZALA_EXPORT_TYPE", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,

    #[command(flatten)]
    period: Period,

    /// Write an empty result if the filters match nothing, instead of failing.
    #[arg(long, env = "KAIZALA_EXPORT_ALLOW_EMPTY")]
    allow_empty: bool,
}

impl ExportFilter {
    pub(super) fn filter(&self) -> Filter {
        Filter {
            groups: self.groups.iter().cloned().collect(),
            types: self.types.iter().cloned().collect(),
            since: self.period.since,
            until: self.period.until,
        }
    }

    /// Identifies the filters by how they were written, so that repeating a command with `--since 7d` gives the same key.
    pub(super) fn key(&self) -> [String; 3] {
        [self.groups.join(","), self.types.join(","), self.period.words().to_owned()]
    }

    /// The filters in words: one entry for each.
    pub(super) fn words(&self) -> Vec<String> {
        let among = |what, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let time = |what, time: Option<Timestamp>| time.map(|time| format!("received {what} {time}"));
        let all = [
            among("group", &self.groups),
            among("type", &self.types),
            time("from", self.period.since),
            time("before", self.period.until),
        ];
        all.into_iter().flatten().collect()
    }

    /// Fails if the filters have matched none of the items, unless that is allowed. A misspelt name matches nothing, and an
    /// empty result must not replace an earlier one by mistake.
    pub(super) fn require_match(&self, rows: &StoredRows, items: u64) -> anyhow::Result<()> {
        let filters = self.words();
        if items > 0 || self.allow_empty || filters.is_empty() {
            return Ok(());
        }
        let progress = progress::bytes("looking for names", rows.bytes());
        let names = rows.names(threads(), &|bytes| progress.inc(bytes))?;
        progress.finish_and_clear();
        let mut reasons = unknown("type", &self.types, &names.types);
        reasons.extend(unknown("group", &self.groups, &names.groups));
        if reasons.is_empty() {
            reasons.push(format!("there is none with {}", filters.join(", ")));
        }
        bail!(
            "no event matches the filters: {}. Nothing was written; --allow-empty writes an empty result",
            reasons.join("; ")
        )
    }
}

/// The names in a filter that do not occur among the events, each with the name that is most like it.
fn unknown(what: &str, wanted: &[String], known: &BTreeSet<String>) -> Vec<String> {
    let unknown = wanted.iter().filter(|name| !known.contains(*name));
    let reason = |name: &String| match nearest(name, known) {
        Some(nearest) => format!("there is no {what} {}, the nearest is {}", quoted(name), quoted(nearest)),
        None => format!("there is no {what} {}", quoted(name)),
    };
    unknown.map(reason).collect()
}

fn nearest<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a String> {
    let name = name.to_lowercase();
    let likeness = |other: &String| strsim::normalized_levenshtein(&name, &other.to_lowercase());
    known.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}
