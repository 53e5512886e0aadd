//! Compares the table with what was sent, and prints the result.

use anyhow::{Context, bail};
use serde::Serialize;

use crate::cli::{output::say, table::UNREADABLE};
use crate::{
    event::{EventKey, Sha256Digest},
    simulator::{
        ledger::{Differences, Found, Ledger},
        plan::DeliveryPlan,
    },
    store::{ItemKind, ReadError, Store, StoredItem},
};

/// How many keys a list for people shows at most.
const MOST_KEYS: usize = 20;

/// The differences that the comparison has found.
#[derive(Serialize)]
pub(super) struct Verification {
    expected: u64,
    #[serde(flatten)]
    differences: Differences,
}

impl Verification {
    /// Compares the table with everything that `plan` sends, page by page.
    pub(super) async fn of(plan: DeliveryPlan, store: &Store) -> anyhow::Result<Self> {
        let ledger = Ledger::of(plan)?;
        let expected = ledger.items();
        let mut comparison = ledger.compare();
        let mut after = None;
        loop {
            let page = store.scan_page(0, 1, after.as_ref()).await.context(UNREADABLE)?;
            for item in &page.items {
                let group = item.group().unwrap_or_default();
                if comparison.knows(group) && matches!(item.kind(), ItemKind::Event | ItemKind::Quarantined) {
                    comparison.check_off(&found(group, item, store).await?);
                }
            }
            after = page.last;
            if after.is_none() {
                return Ok(Self { expected, differences: comparison.differences() });
            }
        }
    }

    pub(super) fn print(&self) -> anyhow::Result<()> {
        let Differences { lost, twice, changed, unexpected } = &self.differences;
        say(format_args!(
            "Verified     {} items expected: {} lost, {} twice, {} changed, {} unexpected",
            self.expected,
            lost.len(),
            twice.len(),
            changed.len(),
            unexpected.len()
        ))?;
        for (what, keys) in [("lost", lost), ("twice", twice), ("changed", changed), ("unexpected", unexpected)] {
            for key in keys.iter().take(MOST_KEYS) {
                say(format_args!("  {what}: {key}"))?;
            }
            if keys.len() > MOST_KEYS {
                say(format_args!("  {what}: and {} more; --json lists all", keys.len() - MOST_KEYS))?;
            }
        }
        Ok(())
    }

    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        if self.differences.is_empty() {
            Ok(())
        } else {
            bail!(
                "the table does not hold exactly what was sent; after a run with the same --seed and other options, choose \
                 another --seed"
            )
        }
    }
}

/// Reads the whole body of an item and returns the item with the digest of its body.
async fn found(group: &str, item: &StoredItem, store: &Store) -> anyhow::Result<Found> {
    let body = match store.body(item).await {
        Ok(body) => Some(Sha256Digest::of(&body)),
        Err(ReadError::Damaged { .. }) => None,
        Err(error) => return Err(error).context(UNREADABLE),
    };
    Ok(Found {
        group: group.to_owned(),
        key: EventKey::from_table(item.event_key().unwrap_or_default()),
        content: item.content_sha256(),
        body,
    })
}
