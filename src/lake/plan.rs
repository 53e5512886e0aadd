//! `plan`: the export's files, grouped once.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{
    Database, Lake, LakeError, Planned,
    export_id::{manifest_key, plan_key},
    state::{Export, Window, rfc3339},
};
use crate::{
    event::Timestamp,
    export_files::{Contents, ExportFile, Kind, contents},
};

/// Files whose sizes are asked for at once.
const SIZES: usize = 16;

/// What every step after `plan` works by. Written once: a later one with other groups would give files other names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    #[serde(flatten)]
    pub(super) window: Window,
    pub(super) overlap: Overlap,
    pub(super) groups: Vec<Vec<PlannedFile>>,
}

/// What of a window may be in the lake already: it begins before the last export has ended, by hand or because a full export
/// may hold what was written within the second of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overlap {
    /// What was written before then may be.
    #[serde(with = "rfc3339")]
    pub(super) written_before: Timestamp,
    /// What arrived before then may be, although it was written again since.
    #[serde(with = "rfc3339")]
    pub(super) received_before: Timestamp,
}

/// A data file of the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedFile {
    pub(super) key: String,
    pub(super) items: u64,
    pub(super) md5: String,
}

impl Plan {
    /// Whether anything of the window may be in the lake already.
    pub(super) fn has_overlap(&self) -> bool {
        let Overlap { written_before, received_before } = self.overlap;
        self.window.from.is_some_and(|from| from < written_before || from < received_before)
    }

    /// The day that the rows are filed under.
    pub(super) fn day(&self) -> String {
        self.window.to.to_string().split('T').next().unwrap_or_default().to_owned()
    }
}

impl<D: Database> Lake<D> {
    pub(super) async fn plan(&self, export_arn: &str) -> Result<Planned, LakeError> {
        let (export, last) = self.in_flight(export_arn).await?;
        let key = plan_key(export_arn);
        let plan = match self.objects.get(&key).await? {
            Some((json, _)) => serde_json::from_slice(&json).map_err(LakeError::Plan)?,
            None => {
                let plan = self.make_plan(&export, last.as_ref()).await?;
                let json = serde_json::to_vec(&plan).map_err(LakeError::Plan)?;
                if self.objects.create(&key, json.into()).await? { plan } else { self.read_plan(export_arn).await? }
            }
        };
        Ok(Planned { groups: (0..plan.groups.len()).collect() })
    }

    /// The plan of an export that is in flight.
    pub(super) async fn planned(&self, export_arn: &str) -> Result<Plan, LakeError> {
        self.in_flight(export_arn).await?;
        self.read_plan(export_arn).await
    }

    async fn read_plan(&self, export_arn: &str) -> Result<Plan, LakeError> {
        let key = plan_key(export_arn);
        let (json, _) = self.objects.get(&key).await?.ok_or(LakeError::Missing { key })?;
        serde_json::from_slice(&json).map_err(LakeError::Plan)
    }

    async fn make_plan(&self, export: &Export, last: Option<&Export>) -> Result<Plan, LakeError> {
        let contents = self.contents(&export.export_arn).await?;
        let covered = match contents.kind {
            Kind::Full { at } => Window { from: None, to: at },
            Kind::Incremental { from, to } => Window { from: Some(from), to },
        };
        if covered != export.window {
            return Err(LakeError::OtherWindow { export: export.export_arn.clone() });
        }
        Ok(Plan { window: export.window, overlap: overlap(last), groups: self.group(contents.files).await? })
    }

    async fn contents(&self, export_arn: &str) -> Result<Contents, LakeError> {
        let manifest = async |name: &str| {
            let key = manifest_key(export_arn, &format!("{name}.json"));
            let (json, _) = self.objects.get(&key).await?.ok_or(LakeError::Missing { key })?;
            let md5 = self.objects.get(&manifest_key(export_arn, &format!("{name}.md5"))).await?;
            Ok::<_, LakeError>((json, md5.map(|(md5, _)| md5)))
        };
        let (summary, summary_md5) = manifest("manifest-summary").await?;
        let (files, files_md5) = manifest("manifest-files").await?;
        contents((&summary, summary_md5.as_deref()), (&files, files_md5.as_deref()))
            .map_err(|source| LakeError::Manifest { export: export_arn.to_owned(), source })
    }

    /// Files in the order of their keys, as many in a group as are not too large together; at least one group.
    async fn group(&self, mut files: Vec<ExportFile>) -> Result<Vec<Vec<PlannedFile>>, LakeError> {
        files.sort_by(|a, b| a.key.cmp(&b.key));
        let sized = stream::iter(files).map(async |ExportFile { key, items, md5 }| {
            let size = self.objects.size(&key).await?;
            Ok::<_, LakeError>((PlannedFile { key, items, md5 }, size))
        });
        let mut sized = sized.buffered(SIZES);
        let mut groups = Vec::<Vec<_>>::new();
        let mut room = 0;
        while let Some((file, size)) = sized.try_next().await? {
            match groups.last_mut() {
                Some(group) if size <= room => group.push(file),
                _ => {
                    room = self.group_bytes.max(size);
                    groups.push(vec![file]);
                }
            }
            room -= size;
        }
        if groups.is_empty() {
            groups.push(Vec::new());
        }
        Ok(groups)
    }
}

fn overlap(last: Option<&Export>) -> Overlap {
    const SECOND: i64 = 1000;
    let Some(Export { window: Window { from, to }, .. }) = last else {
        return Overlap { written_before: Timestamp::EPOCH, received_before: Timestamp::EPOCH };
    };
    match from {
        Some(_) => Overlap { written_before: *to, received_before: Timestamp::EPOCH },
        None => {
            let second = Timestamp::from_epoch_millis(to.epoch_millis() + SECOND).unwrap_or(*to);
            Overlap { written_before: second, received_before: second }
        }
    }
}
