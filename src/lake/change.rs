//! What a line of an export means for the tables.

use super::plan::Plan;
use crate::{
    event::Timestamp,
    store::{Change, ExportLine, ItemKind, StoredItem},
};

/// What a line means for the tables.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Effect {
    /// The item that becomes rows.
    pub(super) rows: Option<StoredItem>,
    /// The item whose rows in files of earlier exports go.
    pub(super) gone: Option<Gone>,
}

/// An item whose rows are to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) group: String,
    pub(super) key: String,
    /// When it arrived; `None` when it does not say so, and its rows may be anywhere.
    pub(super) received_at: Option<Timestamp>,
}

/// A line of an incremental export without the images that it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoImages;

/// What a line means within a plan.
pub(super) fn effect(line: ExportLine, plan: &Plan) -> Result<Effect, NoImages> {
    Ok(match line {
        ExportLine::Item(item) => Effect { rows: with_rows(item), gone: None },
        ExportLine::Change(Change { old: Some(old), new: Some(new), .. }) if old.equals_but_for_notes(&new) => {
            Effect::default()
        }
        ExportLine::Change(Change { old: Some(old), new: Some(new), .. }) => {
            Effect { rows: with_rows(new), gone: with_rows(old).and_then(|old| gone(&old)) }
        }
        ExportLine::Change(Change { old: Some(old), new: None, .. }) => {
            // Its files go with it: that is what the bucket's lifecycle is for.
            let has_expired = old.expires_at().is_some_and(|time| time <= plan.window.to.epoch_seconds());
            Effect { rows: None, gone: with_rows(old).filter(|_| !has_expired).and_then(|old| gone(&old)) }
        }
        ExportLine::Change(Change { old: None, new: Some(new), written_at_micros }) => {
            let written_before = i128::from(plan.overlap.written_before.epoch_millis()) * 1000;
            let may_be_there = i128::from(written_at_micros) < written_before
                || new.received_at().is_none_or(|time| time < plan.overlap.received_before);
            // What is left of an erased event may stand where the event was.
            let was_event = new.makes_rows() || new.kind() == ItemKind::Erased;
            let gone = Some(&new).filter(|_| may_be_there && was_event).and_then(gone);
            Effect { gone, rows: with_rows(new) }
        }
        ExportLine::Change(Change { old: None, new: None, .. }) => return Err(NoImages),
    })
}

/// The item, unless it is one that makes no rows.
fn with_rows(item: StoredItem) -> Option<StoredItem> {
    item.makes_rows().then_some(item)
}

fn gone(item: &StoredItem) -> Option<Gone> {
    let (group, key) = (item.group()?.to_owned(), item.event_key()?.to_owned());
    Some(Gone { group, key, received_at: item.received_at() })
}
