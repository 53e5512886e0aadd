//! `kaizala import`: Kaizala's own downloads into the table.

mod describe;
mod groups;
mod keep;

use std::{num::NonZeroU32, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use self::{
    groups::Targets,
    keep::{Kept, keep},
};
use super::{
    output::{Output, note},
    progress,
    table::TableOptions,
    threads::threads,
};
use crate::{
    archive::{Archive, FileKind, GroupIds, Survey},
    clock::now,
    store::{GroupSource, NamedGroup},
};

/// Put Kaizala's own downloads into the table: card reports (SurveyResponse.csv) and a tenant's messages.
///
/// The same rows in several downloads, or in a copy that a spreadsheet has saved, are one event; a changed row is kept as a
/// revision. So it does no harm to import anything again, and the same command goes on with a run that was interrupted. A
/// download knows its group by name alone: with --group it goes to the group that the webhook knows, else to
/// `name:<Group Name>`.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala import SurveyResponse.zip --group 74943849802190eaea3810 --dry-run\n  \
                        kaizala import downloads/ --groups groups.csv\n  \
                        kaizala import --describe unknown.csv")]
pub(super) struct Import {
    /// A ZIP, a CSV or a folder of them.
    #[arg(env = "KAIZALA_ARCHIVE", value_name = "ARCHIVE")]
    archive: PathBuf,

    /// The id of the group, for a download of one group.
    #[arg(long, env = "KAIZALA_IMPORT_GROUP", value_name = "ID", conflicts_with = "groups", value_parser = groups::id)]
    group: Option<String>,

    /// A CSV with the ids of groups by name: `name,id`, or an activity report of the portal.
    #[arg(long, env = "KAIZALA_IMPORT_GROUPS", value_name = "FILE")]
    groups: Option<PathBuf>,

    /// Say what would happen, and change nothing.
    #[arg(long, env = "KAIZALA_DRY_RUN")]
    dry_run: bool,

    /// Leave out rows and files that cannot be read, and say which, instead of failing.
    #[arg(long, env = "KAIZALA_IMPORT_SKIP_DAMAGED")]
    skip_damaged: bool,

    /// Describe the columns of a file of any format without a single value of it, to report a format that is not read yet.
    #[arg(long, env = "KAIZALA_DESCRIBE", conflicts_with_all = ["group", "groups", "dry_run", "skip_damaged"])]
    describe: bool,

    /// Days after which the items expire, as in the deployment (RetentionDays), from now on; by default they stay.
    #[arg(long, env = "RETENTION_DAYS")]
    retention_days: Option<NonZeroU32>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

/// What came of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImportSummary {
    dry_run: bool,
    files: Vec<Value>,
    groups: Vec<Value>,
    rows: u64,
    #[serde(flatten)]
    kept: Kept,
    /// Rows that another row of the same archive says already.
    repeated: u64,
    /// Rows and files that could not be read.
    unreadable: u64,
}

impl Import {
    pub(super) fn run(self) -> anyhow::Result<()> {
        if self.describe {
            return describe::run(&self.archive, self.output);
        }
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(self.import())
    }

    async fn import(self) -> anyhow::Result<()> {
        let ids = self.groups.as_deref().map(GroupIds::read).transpose()?;
        let archive = Archive::open(&self.archive)?;
        let survey = survey(&archive)?;
        self.require_readable(&survey)?;
        let targets = Targets::of(&survey, self.group.as_deref(), ids.as_ref())?;
        let store = self.table.open_with_retention(self.retention_days).await?;
        targets.require_new_place(&store, &survey).await?;
        targets.warn_of_webhook(&store).await?;

        let (archive, survey, targets, at) = (Arc::new(archive), Arc::new(survey), Arc::new(targets), now());
        let kept = keep(&store, &archive, &survey, &targets, at, self.dry_run).await?;
        if !self.dry_run {
            for (name, id) in targets.named() {
                let group = NamedGroup { id: id.to_owned(), name: name.to_owned(), group_type: None };
                if group.is_usable() {
                    store
                        .put_group(&group, GroupSource::Archive, at)
                        .await
                        .context("the groups' names are not all there")?;
                }
            }
        }
        tell(&archive, &survey);
        let summary = ImportSummary {
            dry_run: self.dry_run,
            files: files(&archive, &survey),
            groups: targets.json(&survey),
            rows: survey.rows(),
            kept,
            repeated: survey.counts.iter().map(|count| count.repeated).sum(),
            unreadable: survey.damaged,
        };
        self.output.print(&summary, || summary.in_words())
    }

    fn require_readable(&self, survey: &Survey) -> anyhow::Result<()> {
        let Some(first) = survey.damage.first() else { return Ok(()) };
        if survey.rows() == 0 {
            bail!("nothing could be read: {first}");
        }
        if !self.skip_damaged {
            let more = survey.damaged - 1;
            let others = if more > 0 { format!(", and {more} more like it") } else { String::new() };
            bail!(
                "{first}{others}: nothing was imported; --skip-damaged leaves out what cannot be read, and says where it is"
            );
        }
        Ok(())
    }
}

fn survey(archive: &Archive) -> anyhow::Result<Survey> {
    let scratch = tempfile::tempdir().context("there is no place for temporary files: set TMPDIR")?;
    let progress = progress::bytes("reading", archive.bytes());
    let survey = Survey::read(archive, threads(), scratch.path(), &|bytes| progress.inc(bytes));
    progress.finish_and_clear();
    Ok(survey?)
}

/// Says what was left out.
fn tell(archive: &Archive, survey: &Survey) {
    for damage in &survey.damage {
        note(format_args!("left out: {damage}"));
    }
    if survey.more_damage() > 0 {
        note(format_args!("left out: {} more rows", survey.more_damage()));
    }
    for file in archive.files.iter().filter(|file| matches!(file.kind, FileKind::Unknown)) {
        note(format_args!(
            "not read: {}, which is of no known format (--describe tells what it looks like)",
            file.name
        ));
    }
}

fn files(archive: &Archive, survey: &Survey) -> Vec<Value> {
    let files = archive.files.iter().zip(&survey.counts).map(|(file, count)| {
        let event_type = match &file.kind {
            FileKind::Rows(layout) => Some(layout.imported().name()),
            _ => None,
        };
        json!({
            "file": file.name, "type": event_type, "rows": count.rows, "repeated": count.repeated,
            "unreadable": count.unreadable,
        })
    });
    files.collect()
}

impl ImportSummary {
    fn in_words(&self) -> String {
        let Kept { stored, revised, already_there } = &self.kept;
        let [store, revise] =
            if self.dry_run { ["would be stored", "would be revised"] } else { ["stored", "revised"] };
        let lines = [
            ("Rows", self.rows),
            (store, *stored),
            (revise, *revised),
            ("already there", *already_there),
            ("repeated", self.repeated),
            ("Not readable", self.unreadable),
        ];
        lines.map(|(name, count)| format!("{name:<18}{count}")).join("\n")
    }
}
