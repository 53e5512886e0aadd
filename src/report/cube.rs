//! How often everything has happened, by series and bin of time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    counts::Counts,
    room,
    series::{List, Series},
    tally::Tallied,
};

/// The counts of events.
pub(super) struct Cube {
    pub(super) series: Series,
    counts: BTreeMap<&'static str, List>,
    /// The counts of quarantined bodies by reason.
    quarantine: BTreeMap<String, List>,
}

impl Cube {
    pub(super) fn of(tallied: &Tallied) -> Self {
        let quarantined = tallied.quarantine.keys().map(|(_, cell)| *cell);
        let series = Series::of_all(tallied.counts.keys().copied().chain(quarantined));
        let list = |of: fn(&Counts) -> u32| {
            let mut list = List::default();
            for (cell, counts) in tallied.counts.iter().filter(|(_, counts)| of(counts) > 0) {
                list.push(&series, *cell, [of(counts)]);
            }
            list
        };
        let counts = BTreeMap::from([
            ("events", list(|counts| counts.events)),
            ("revisions", list(|counts| counts.revisions)),
            ("cloudEvents", list(|counts| counts.cloud_events)),
            ("responses", list(|counts| counts.responses)),
            ("replaced", list(|counts| counts.replaced)),
            ("people", list(|counts| counts.people)),
            ("assigned", list(|counts| counts.assigned)),
            ("done", list(|counts| counts.done)),
            ("late", list(|counts| counts.late)),
        ]);
        let mut quarantine = BTreeMap::<_, List>::new();
        for ((reason, cell), count) in &tallied.quarantine {
            quarantine.entry(reason.clone()).or_default().push(&series, *cell, [*count]);
        }
        Self { series, counts, quarantine }
    }

    /// How many bytes it takes in the page.
    pub(super) fn bytes(&self) -> usize {
        room::bytes(&self.series.packed()) + room::bytes(&self.counts) + room::bytes(&self.quarantine)
    }

    pub(super) fn counts(&self) -> Value {
        json!(self.counts)
    }

    pub(super) fn quarantine(&self) -> Vec<Value> {
        self.quarantine.iter().map(|(reason, list)| json!({ "reason": reason, "counts": list })).collect()
    }
}
