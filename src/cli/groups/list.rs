//! `kaizala groups list`.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        export_source::Source,
        output::{Output, table},
        progress,
        table::{TableOptions, UNREADABLE},
        threads::threads,
    },
    export_files::{ExportFolder, download},
    store::{Overview, sdk_config},
    tables::read::overview,
};

/// List the groups that have events, with their names, how many events they have and when the last one came.
///
/// A live table is read through its index, which holds only keys: that costs a few read units for a thousand events. Names are
/// those from `kaizala pull --groups`, `kaizala groups set` and imports.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala groups list --table NAME --region eu-west-1")]
pub(super) struct List {
    /// Where the events are: `table` (the live table), a folder with a DynamoDB export, or s3://bucket/prefix with one.
    #[arg(long, env = "KAIZALA_GROUPS_FROM", value_name = "table|FOLDER|s3://…", default_value = "table")]
    from: Source,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let overview = self.overview()?;
        let groups = overview.groups();
        let json = groups.iter().map(|(group, figures)| {
            let mut row = json!({ "groupId": group, "events": figures.events, "lastReceivedAt": figures.last });
            if let Some(name) = overview.name_of(group) {
                row["name"] = name.into();
            }
            row
        });
        let json = json!({ "groups": json.collect::<Vec<_>>() });
        self.output.print(&json, || {
            let row = |(group, figures): &(&str, &crate::store::GroupFigures)| {
                let name = overview.name_of(group).unwrap_or_default().to_owned();
                [figures.last.clone(), figures.events.to_string(), name, (*group).to_owned()]
            };
            table(["LAST EVENT", "EVENTS", "NAME", "GROUP"], groups.iter().map(row))
        })
    }

    fn overview(&self) -> anyhow::Result<Overview> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        match &self.from {
            Source::Table => runtime.block_on(async {
                let store = self.table.open().await?;
                let progress = progress::spinner("{spinner} {human_pos} events {per_sec}");
                let overview = store.overview(|more| progress.inc(more)).await;
                progress.finish_and_clear();
                let mut overview = overview.context(UNREADABLE)?;
                overview.name_all(store.group_names().await.context(UNREADABLE)?);
                Ok(overview)
            }),
            Source::Path(folder) => of_export(&ExportFolder::find(folder)?),
            Source::S3(location) => {
                let folder = tempfile::tempdir().context("temporary files cannot be written: set TMPDIR")?;
                let export = runtime.block_on(async {
                    let config = sdk_config(self.table.connect_options()).await?;
                    let progress = progress::spinner("{spinner} fetching {bytes} {bytes_per_sec}");
                    let counter = progress.clone();
                    let fetched = download(location, &config, folder.path(), move |more| counter.inc(more)).await;
                    progress.finish_and_clear();
                    fetched.context("S3 cannot be read: check --from, --region and --profile")
                })?;
                of_export(&export)
            }
        }
    }
}

fn of_export(export: &ExportFolder) -> anyhow::Result<Overview> {
    let progress = progress::bytes("counting", export.bytes());
    let overview = overview(export, threads(), &|bytes| progress.inc(bytes));
    progress.finish_and_clear();
    Ok(overview?)
}
