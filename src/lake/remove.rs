//! `remove`: the rows of what was replaced or deleted within the window go from the files of earlier exports.

use std::{mem, str};

use futures_util::{StreamExt, stream};
use object_store::ObjectMeta;
use tracing::info;

use super::{
    Database, Lake, LakeError, Removed,
    change::effect,
    export_id::{export_id, export_of_table_key, table_prefix},
    gone::GoneItems,
    lines::for_each_line,
    plan::Plan,
};
use crate::{
    store::ExportLine,
    tables::{
        Table,
        lake_files::{FooterError, may_hold, without},
    },
};

/// Items that are removed in one go. More of them are removed in several, so that memory stays flat.
const MAX_ITEMS: usize = 200_000;
/// Footers that are read at once.
const FOOTERS: usize = 16;
/// Bytes at the end of a file that hold its footer, mostly.
const FOOTER_BYTES: u64 = 32 * 1024;

impl<D: Database> Lake<D> {
    /// To be done when all groups are converted: so nobody sees an event that is edited without either version.
    pub(super) async fn remove(&self, export_arn: &str) -> Result<Removed, LakeError> {
        let plan = self.planned(export_arn).await?;
        let mut removed = Removed::default();
        let mut gone = GoneItems::default();
        for file in plan.groups.iter().flatten() {
            for_each_line(&self.objects, export_arn, file, async |_, line| {
                collect(line, &plan, &mut gone);
                if gone.len() < MAX_ITEMS {
                    Ok(())
                } else {
                    self.remove_items(export_arn, &mut gone, &mut removed).await
                }
            })
            .await?;
        }
        self.remove_items(export_arn, &mut gone, &mut removed).await?;
        info!(export = export_arn, items = removed.items, files = removed.files, "removed");
        Ok(removed)
    }

    async fn remove_items(
        &self,
        export_arn: &str,
        gone: &mut GoneItems,
        removed: &mut Removed,
    ) -> Result<(), LakeError> {
        let mut gone = mem::take(gone);
        if gone.len() == 0 {
            return Ok(());
        }
        gone.sort();
        removed.items += gone.len() as u64;
        for table in Table::all_in_lake().rev() {
            let mut checks = stream::iter(self.candidates(table, export_arn, &gone).await?)
                .map(|file| self.may_hold(file, &gone))
                .buffer_unordered(FOOTERS);
            while let Some(file) = checks.next().await {
                if let Some(key) = file? {
                    removed.files += u64::from(self.remove_from(&key, &gone).await?);
                }
            }
        }
        Ok(())
    }

    /// The files of a table that were made of earlier exports, from the day on which the first item arrived.
    async fn candidates(&self, table: Table, export_arn: &str, gone: &GoneItems) -> Result<Vec<ObjectMeta>, LakeError> {
        let prefix = table_prefix(table);
        let offset = format!("{prefix}/day={}", gone.first_day().unwrap_or_default());
        let mut files = self.objects.list(&prefix, &offset).await?;
        files.retain(|file| {
            // Not only other ones: one that comes late must not take away what a later export has written.
            export_of_table_key(file.location.as_ref()).is_some_and(|export| export < export_id(export_arn))
        });
        Ok(files)
    }

    /// The key of a file, if by its footer it may hold rows of these items.
    async fn may_hold(&self, file: ObjectMeta, gone: &GoneItems) -> Result<Option<String>, LakeError> {
        let key = file.location.to_string();
        let mut bytes = FOOTER_BYTES;
        loop {
            let Some(tail) = self.objects.tail(&key, bytes).await? else { return Ok(None) };
            match may_hold(&tail, file.size, gone) {
                // A damaged one may have been replaced since it was listed: reading all of it tells.
                Ok(true) | Err(FooterError::Damaged(_)) => return Ok(Some(key)),
                Ok(false) => return Ok(None),
                Err(FooterError::TooShort(needed)) => bytes = needed,
            }
        }
    }

    /// Replaces a file by one without these items, if it has any.
    async fn remove_from(&self, key: &str, gone: &GoneItems) -> Result<bool, LakeError> {
        loop {
            let Some((content, version)) = self.objects.get(key).await? else { return Ok(false) };
            let rest = without(content, |group, key| gone.contains(group, key)).map_err(LakeError::parquet(key))?;
            // A file that is left without rows stays: a late `convert` must find it.
            let Some(rest) = rest else { return Ok(false) };
            if self.objects.replace(key, rest.into(), version).await? {
                return Ok(true);
            }
        }
    }
}

/// Adds what a line says is gone. A line that cannot be read was put away when it was converted.
fn collect(line: &[u8], plan: &Plan, gone: &mut GoneItems) {
    // Most lines are new items, which are not worth reading where nothing can have been there before.
    let is_first = plan.window.from.is_none();
    if is_first || (!plan.has_overlap() && memchr::memmem::find(line, b"\"OldImage\"").is_none()) {
        return;
    }
    let line = str::from_utf8(line).ok().and_then(|line| ExportLine::parse(line).ok());
    if let Some(item) = line.and_then(|line| effect(line, plan).ok()?.gone) {
        gone.add(item);
    }
}
