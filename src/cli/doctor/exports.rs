//! What the doctor finds out about exports: the last one, and the tables for dashboards that are made of them.

use std::time::Duration;

use object_store::{Error as S3Error, ObjectStoreExt, path::Path as Key};

use super::{
    Finding,
    Finding::{NotChecked, Ok as Fine, ToDo},
    TableOptions, age, in_words, is_older,
};
use crate::{
    event::Timestamp,
    export_files::open_bucket,
    lake::{self, EXPORTS_PREFIX, STATE_KEY},
    store::{ListedExport, Store, StoreError, TableFacts, sdk_config},
};

pub(super) const LAST_EXPORT: &str = "last export";
pub(super) const TABLES: &str = "tables";

/// The template allows two hours between exports. The alarm `lake-behind` waits as long.
const IS_BEHIND: Duration = Duration::from_hours(3);

pub(super) async fn checks(store: &Store, facts: &TableFacts, options: &TableOptions) -> [(&'static str, Finding); 2] {
    if options.is_emulator() {
        return [LAST_EXPORT, TABLES].map(|name| (name, NotChecked("an emulator exports nothing to S3".to_owned())));
    }
    let exports = match store.exports(facts).await {
        Ok(exports) => exports,
        Err(error) => {
            let unknown = NotChecked("without the list of exports".to_owned());
            return [(LAST_EXPORT, ToDo(format!("the exports cannot be listed: {error}"))), (TABLES, unknown)];
        }
    };
    let bucket = bucket_of_the_lake(store, &exports).await;
    let tables = match &bucket {
        Ok(Some(bucket)) => tables(bucket, options).await,
        Ok(None) => NotChecked("no export was made for them: see DashboardTables".to_owned()),
        Err(error) => ToDo(format!("an export cannot be looked at: {error}")),
    };
    [(LAST_EXPORT, last_export(exports.first(), matches!(bucket, Ok(Some(_))))), (TABLES, tables)]
}

fn last_export(last: Option<&ListedExport>, is_on_schedule: bool) -> Finding {
    let Some(export) = last else {
        return NotChecked("there is none of the last 90 days; the tables for dashboards need them".to_owned());
    };
    if export.has_failed {
        return ToDo("the last export failed: see `lake-failed` in docs/runbook.md".to_owned());
    }
    match export.started_at() {
        Some(time) if is_on_schedule && is_older(time, IS_BEHIND) => {
            ToDo(format!("the last is of {time}, {} ago: see `lake-behind` in docs/runbook.md", age(time)))
        }
        Some(time) => Fine(format!("{time}, {} ago", age(time))),
        None => Fine("there is one".to_owned()),
    }
}

/// The bucket with the tables for dashboards: that of the exports which the deployment makes for them. Those that somebody
/// makes by hand are of the whole table, and lie elsewhere.
async fn bucket_of_the_lake(store: &Store, exports: &[ListedExport]) -> Result<Option<String>, StoreError> {
    let Some(export) = exports.iter().find(|export| export.is_incremental).or(exports.first()) else {
        return Ok(None);
    };
    let place = store.export_place(&export.arn).await?;
    Ok((place.prefix == EXPORTS_PREFIX).then_some(place.bucket))
}

/// How far the tables have come.
async fn tables(bucket: &str, options: &TableOptions) -> Finding {
    let unreadable =
        |why: String| ToDo(format!("s3://{bucket}/{STATE_KEY}, which says how old they are, cannot be read: {why}"));
    let state = match read_state(bucket, options).await {
        Ok(state) => state,
        Err(error) => return unreadable(in_words(&error)),
    };
    match lake::done(&state) {
        Ok(Some(done)) => freshness(done),
        Ok(None) => NotChecked("the first export is on its way".to_owned()),
        Err(error) => unreadable(format!("{error}; see docs/runbook.md")),
    }
}

fn freshness(done: Timestamp) -> Finding {
    if is_older(done, IS_BEHIND) {
        return ToDo(format!(
            "they hold what was written before {done}, {} ago: see `lake-behind` in docs/runbook.md",
            age(done)
        ));
    }
    Fine(format!("they hold what was written before {done}, {} ago", age(done)))
}

async fn read_state(bucket: &str, options: &TableOptions) -> anyhow::Result<Vec<u8>> {
    let config = sdk_config(options.connect_options()).await?;
    let bucket = open_bucket(bucket, &config)?;
    match bucket.get(&Key::from(STATE_KEY)).await {
        // Before the first export was asked for, or while the tables are rebuilt.
        Err(S3Error::NotFound { .. }) => Ok(b"{}".to_vec()),
        state => Ok(state?.bytes().await?.to_vec()),
    }
}
