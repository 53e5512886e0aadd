//! `convert`: the lines of a group's files become one Parquet file per table.

use std::{
    fs::File,
    io::{self, Read, Seek},
    str,
};

use tracing::error;

use super::{
    Converted, Database, Lake, LakeError, TABLES_PREFIX,
    change::effect,
    export_id::{export_id, rejected_key, table_key},
    lines::for_each_line,
    metrics,
    parts::Body,
    plan::Plan,
};
use crate::{
    store::{ExportLine, StoredBody, StoredItem},
    tables::{Flattened, Table, flatten, lake_files::LakeFiles},
};

/// A group that is being converted.
struct Conversion<'a, D> {
    lake: &'a Lake<D>,
    export_arn: &'a str,
    plan: &'a Plan,
    files: LakeFiles,
    converted: Converted,
    has_parts: bool,
}

/// Where a line is, which may be said in a log.
struct Place<'a> {
    file: &'a str,
    line: u64,
}

impl<D: Database> Lake<D> {
    pub(super) async fn convert(&self, export_arn: &str, group: usize) -> Result<Converted, LakeError> {
        let plan = self.planned(export_arn).await?;
        let Some(files) = plan.groups.get(group) else {
            return Err(LakeError::NoGroup { export: export_arn.to_owned(), group });
        };
        let mut conversion = Conversion {
            lake: self,
            export_arn,
            plan: &plan,
            files: LakeFiles::new(),
            converted: Converted::default(),
            has_parts: false,
        };
        for file in files {
            for_each_line(&self.objects, export_arn, file, async |line, text| {
                conversion.line(&Place { file: &file.key, line }, text).await
            })
            .await?;
        }
        let converted = conversion.finish(group).await?;
        metrics::converted(export_arn, group, &converted);
        Ok(converted)
    }
}

impl<D: Database> Lake<D> {
    /// The tables that no reader finds, as they have no file: those that are new, and those whose files have all expired. The
    /// first group of an export gives them one without rows, so that a query over them has an answer.
    async fn tables_without_files(&self, group: usize) -> Result<Vec<Table>, LakeError> {
        if group > 0 {
            return Ok(Vec::new());
        }
        let folders = self.objects.folders(TABLES_PREFIX).await?;
        Ok(Table::all_in_lake().filter(|table| !folders.contains(table.name())).collect())
    }
}

impl<D: Database> Conversion<'_, D> {
    async fn line(&mut self, place: &Place<'_>, line: &[u8]) -> Result<(), LakeError> {
        let Some(read) = str::from_utf8(line).ok().and_then(|line| ExportLine::parse(line).ok()) else {
            return self.reject(place, line, "it is not an item").await;
        };
        match effect(read, self.plan) {
            Ok(effect) => match effect.rows {
                Some(item) => self.item(place, line, &item).await,
                None => Ok(()),
            },
            Err(_) => self.reject(place, line, "it has neither image").await,
        }
    }

    async fn item(&mut self, place: &Place<'_>, line: &[u8], item: &StoredItem) -> Result<(), LakeError> {
        self.has_parts |= matches!(item.body(), Ok(StoredBody::Parts(_)));
        let body = match self.lake.body(item).await? {
            Body::Whole(body) => body,
            Body::Gone => {
                self.converted.gone += 1;
                return Ok(());
            }
            Body::Damaged(what) => return self.reject(place, line, what).await,
        };
        // The column is not in the lake.
        let is_latest = true;
        match flatten(item, &body, is_latest, &mut |row| self.files.row(row)) {
            Flattened::Rows => self.converted.items += 1,
            Flattened::Unreadable(what) => return self.reject(place, line, what).await,
        }
        self.files.flush().map_err(LakeError::parquet(place.file))
    }

    /// Puts a line away that makes no rows, so that its window can go on. What is in it is not in the log.
    async fn reject(&mut self, place: &Place<'_>, line: &[u8], why: &'static str) -> Result<(), LakeError> {
        let Place { file, line: number } = place;
        error!(export = self.export_arn, file, line = number, why, "a line of an export makes no rows");
        self.converted.rejected += 1;
        let key = rejected_key(self.export_arn, file, *number);
        self.lake.objects.put_again(&key, line.to_vec().into()).await
    }

    /// Creates the files, `answers` before `responses`. What an earlier attempt has created stays as it is.
    async fn finish(self, group: usize) -> Result<Converted, LakeError> {
        let Self { lake, export_arn, plan, files, mut converted, has_parts } = self;
        // An attempt that still found the parts of a body makes rows that a later one does not. When it comes last, with the
        // item deleted and its window past, nothing would remove them: so every table gets its file, whoever is first.
        let lacking = lake.tables_without_files(group).await?;
        let files = files.finish(|table| has_parts || lacking.contains(&table));
        let files = files.map_err(LakeError::parquet(export_id(export_arn)))?;
        for (table, file) in files {
            let key = table_key(table, &plan.day(), export_arn, group);
            let content = read_whole(file).map_err(LakeError::parquet(&key))?;
            converted.files += u64::from(lake.objects.create(&key, content.into()).await?);
        }
        Ok(converted)
    }
}

/// S3 takes a new object under a condition in one request alone, so that a file is in memory when it is sent; one at a time.
fn read_whole(mut file: File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}
