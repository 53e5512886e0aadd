//! A DynamoDB export in a folder, as AWS writes it to S3: `AWSDynamoDB/<export>/manifest-summary.json`,
//! `manifest-files.json` and `data/*.json.gz`.
//!
//! The manifests' form is documented under "DynamoDB table export output format" in the DynamoDB developer guide.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::{
    contents::{BOTH_IMAGES, DYNAMODB_JSON, FULL, FULL_VERSION, INCREMENTAL, INCREMENTAL_VERSION},
    error::{ExportFilesError, file, quoted},
};
use crate::event::Timestamp;

pub(super) const FOLDER: &str = "AWSDynamoDB";
pub(super) const SUMMARY: &str = "manifest-summary.json";
pub(super) const FILES: &str = "manifest-files.json";
pub(super) const DATA: &str = "data";
/// How far below the folder that was named an export may be.
pub(super) const LEVELS: usize = 3;

/// A finished full export in a folder.
#[derive(Clone, Debug)]
pub struct ExportFolder {
    /// The export's own folder.
    pub folder: PathBuf,
    /// Of which point in time the export is, as its manifest says.
    pub exported_at: String,
    /// The data files.
    pub files: Vec<DataFile>,
}

/// A data file of an export: gzipped lines of DynamoDB JSON.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Where it is.
    pub path: PathBuf,
    /// How many items are in it.
    pub items: u64,
    /// MD5 of the file, in base64 as the manifest has it.
    pub md5: String,
    /// Its size.
    pub bytes: u64,
}

/// The members of `manifest-summary.json` that matter here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExportSummary {
    version: String,
    export_arn: String,
    start_time: String,
    end_time: String,
    table_arn: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) export_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_from_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_to_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_view: Option<String>,
    s3_bucket: Option<String>,
    s3_prefix: Option<String>,
    manifest_files_s3_key: String,
    item_count: u64,
    output_format: String,
    #[serde(default = "full")]
    export_type: String,
}

/// A line of `manifest-files.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileEntry {
    pub(super) item_count: u64,
    pub(super) md5_checksum: String,
    pub(super) etag: String,
    pub(super) data_file_s3_key: String,
}

fn full() -> String {
    FULL.to_owned()
}

impl ExportSummary {
    pub(super) fn parse(json: &[u8], path: &Path) -> Result<Self, ExportFilesError> {
        serde_json::from_slice(json)
            .map_err(|error| ExportFilesError::Broken { path: path.to_owned(), what: quoted(&error.to_string()) })
    }

    /// The summary of an export that AWS has not made: a full one, or one of a period.
    pub(super) fn of(
        table: &str,
        name: &str,
        (prefix, files_key): (&str, String),
        items: u64,
        at: Timestamp,
        from: Option<Timestamp>,
    ) -> Self {
        let arn = format!("arn:aws:dynamodb:local:000000000000:table/{table}");
        let of_period = |text: &str| from.map(|_| text.to_owned());
        Self {
            version: if from.is_some() { INCREMENTAL_VERSION } else { FULL_VERSION }.to_owned(),
            export_arn: format!("{arn}/export/{name}"),
            start_time: at.to_string(),
            end_time: at.to_string(),
            table_arn: arn,
            export_time: if from.is_some() { String::new() } else { at.to_string() },
            export_from_time: from.map(|from| from.to_string()),
            export_to_time: of_period(&at.to_string()),
            output_view: of_period(BOTH_IMAGES),
            s3_bucket: None,
            s3_prefix: Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()),
            manifest_files_s3_key: files_key,
            item_count: items,
            output_format: DYNAMODB_JSON.to_owned(),
            export_type: if from.is_some() { INCREMENTAL } else { FULL }.to_owned(),
        }
    }

    /// Fails unless it is a full export in DynamoDB JSON, the only kind that makes tables.
    pub(super) fn require_supported(&self, place: &str) -> Result<(), ExportFilesError> {
        let what = if self.export_type != FULL {
            let time = |time: &Option<String>| quoted(time.as_deref().unwrap_or("a time that it does not say"));
            let (from, to) = (time(&self.export_from_time), time(&self.export_to_time));
            format!(
                "it is an incremental export, with the changes from {from} to {to} alone: tables are made of a full export"
            )
        } else if self.output_format != DYNAMODB_JSON {
            "it is not in DynamoDB JSON: export with the format DYNAMODB_JSON".to_owned()
        } else {
            return Ok(());
        };
        Err(ExportFilesError::Unsupported { place: place.to_owned(), what })
    }
}

/// The lines of `manifest-files.json`.
pub(super) fn file_entries(json: &[u8], path: &Path) -> Result<Vec<FileEntry>, ExportFilesError> {
    serde_json::Deserializer::from_slice(json)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| ExportFilesError::Broken { path: path.to_owned(), what: quoted(&error.to_string()) })
}

/// Compares a manifest with the MD5 that AWS writes beside it, if there is one.
fn check_manifest(folder: &Path, name: &str) -> Result<(), ExportFilesError> {
    let path = folder.join(name);
    let Ok(wanted) = fs::read_to_string(path.with_extension("md5")) else { return Ok(()) };
    let found = Md5::digest(fs::read(&path).map_err(file(&path))?);
    if STANDARD.decode(wanted.trim()).is_ok_and(|md5| md5 == found[..]) {
        return Ok(());
    }
    Err(ExportFilesError::Broken { path, what: "its MD5 checksum is not the one beside it".to_owned() })
}

/// The last part of a key in S3: its name in a folder.
pub(super) fn base_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

impl ExportFolder {
    /// The newest finished export in a folder: the folder of an export itself, or one with exports up to three levels further
    /// down, as in `<prefix>/<date>/AWSDynamoDB/`.
    ///
    /// # Errors
    /// When there is no export, none of a supported kind, or its manifests are damaged.
    pub fn find(place: &Path) -> Result<Self, ExportFilesError> {
        fs::metadata(place).map_err(file(place))?;
        let mut folders = vec![place.to_owned()];
        let mut exports = Vec::new();
        for _ in 0..=LEVELS {
            let mut below = Vec::new();
            for folder in folders {
                let path = folder.join(SUMMARY);
                if path.is_file() {
                    let summary = ExportSummary::parse(&fs::read(&path).map_err(file(&path))?, &path)?;
                    exports.push((summary, folder));
                } else if let Ok(entries) = fs::read_dir(&folder) {
                    below.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
                }
            }
            folders = below;
        }
        // A supported one before any other; of those the newest.
        exports.sort_by_cached_key(|(summary, _)| (summary.require_supported("").is_ok(), summary.export_time.clone()));
        let Some((summary, folder)) = exports.pop() else {
            return Err(ExportFilesError::NoExport { place: place.display().to_string() });
        };
        summary.require_supported(&folder.display().to_string())?;
        Self::read(folder, summary)
    }

    fn read(folder: PathBuf, summary: ExportSummary) -> Result<Self, ExportFilesError> {
        for name in [SUMMARY, FILES] {
            check_manifest(&folder, name)?;
        }
        let path = folder.join(FILES);
        let entries = file_entries(&fs::read(&path).map_err(file(&path))?, &path)?;
        let items = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.item_count));
        if items != summary.item_count {
            let what = format!("it counts {items} items, and {SUMMARY} {}", summary.item_count);
            return Err(ExportFilesError::Broken { path, what });
        }
        let data = folder.join(DATA);
        let files = entries.into_iter().map(|entry| {
            let path = data.join(base_name(&entry.data_file_s3_key));
            let bytes = fs::metadata(&path).map_err(file(&path))?.len();
            Ok(DataFile { path, items: entry.item_count, md5: entry.md5_checksum, bytes })
        });
        Ok(Self { files: files.collect::<Result<_, ExportFilesError>>()?, exported_at: summary.export_time, folder })
    }

    /// Size of all data files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}
