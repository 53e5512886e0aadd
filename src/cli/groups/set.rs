//! `kaizala groups set`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::file;
use crate::{
    cli::{output::Output, progress, table::TableOptions},
    clock::now,
    store::GroupSource,
};

/// Say by hand what groups are called.
///
/// The file is CSV in UTF-8 with a line for each group, `id,name` or `id,name,type`; a first line with these words is a heading.
/// Names by hand beat those that `kaizala pull --groups`, archives and events tell. Groups that the file does not name stay as
/// they are; a file with a broken line changes nothing.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala groups set groups.csv --table NAME --region eu-west-1")]
pub(super) struct Set {
    /// The file.
    #[arg(env = "KAIZALA_GROUPS_FILE", value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

impl Set {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let groups = file::read(&self.file)?;
        let count = groups.len() as u64;
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let store = self.table.open().await?;
            let progress = progress::bar(count, "{wide_bar} {pos}/{len} groups");
            for group in &groups {
                let put = store.put_group(group, GroupSource::File, now()).await;
                put.context("run this again, what is done stays done")?;
                progress.inc(1);
            }
            progress.finish_and_clear();
            anyhow::Ok(())
        })?;
        self.output.print(&json!({ "groups": count }), || match count {
            1 => "1 group is named.".to_owned(),
            count => format!("{count} groups are named."),
        })
    }
}
