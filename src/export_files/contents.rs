//! What an export holds, as its two manifests say: of which kind it is, and which files are its own.
//!
//! The files of incremental exports lie together in one folder, so that nothing but the manifest tells whose file is whose.
//! The manifests' form is documented under "DynamoDB table export output format" in the DynamoDB developer guide.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde::Deserialize;

use crate::event::Timestamp;

/// The version of the manifest of a full export.
pub const FULL_VERSION: &str = "2020-06-30";
/// The version of the manifest of an incremental export.
pub const INCREMENTAL_VERSION: &str = "2023-08-01";
/// The only view that tells what an item was before.
pub const BOTH_IMAGES: &str = "NEW_AND_OLD_IMAGES";
pub(super) const FULL: &str = "FULL_EXPORT";
pub(super) const INCREMENTAL: &str = "INCREMENTAL_EXPORT";
pub(super) const DYNAMODB_JSON: &str = "DYNAMODB_JSON";

/// An export as its manifests describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Full or incremental, and of when.
    pub kind: Kind,
    /// Its data files, those without items left out.
    pub files: Vec<ExportFile>,
}

/// What an export covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole table.
    Full {
        /// As of when.
        at: Timestamp,
    },
    /// What was changed within a period, with the items before and after it.
    Incremental {
        /// The beginning of the period.
        from: Timestamp,
        /// Its end, exclusive.
        to: Timestamp,
    },
}

/// A data file: gzipped lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    /// Its key in the bucket.
    pub key: String,
    /// How many lines it has.
    pub items: u64,
    /// MD5 of the file, in base64.
    pub md5: String,
}

/// Why manifests cannot be used.
#[derive(Debug)]
pub enum ContentsError {
    /// A manifest is not JSON of the documented form.
    Json(serde_json::Error),
    /// A manifest is not the one that its checksum belongs to.
    Checksum,
    /// It describes something that cannot be read here: what.
    Unsupported(String),
    /// The two manifests count differently.
    Count {
        /// Items by the summary.
        summary: u64,
        /// Items by the list of files.
        files: u64,
    },
}

impl fmt::Display for ContentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "it is not a manifest ({error})"),
            Self::Checksum => f.write_str("its MD5 checksum is not the one beside it"),
            Self::Unsupported(what) => f.write_str(what),
            Self::Count { summary, files } => {
                write!(f, "the summary counts {summary} items, the list of files {files}")
            }
        }
    }
}

impl std::error::Error for ContentsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    version: String,
    #[serde(default = "full")]
    export_type: String,
    output_format: String,
    output_view: Option<String>,
    export_time: Option<String>,
    export_from_time: Option<String>,
    export_to_time: Option<String>,
    item_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    item_count: u64,
    md5_checksum: String,
    data_file_s3_key: String,
}

fn full() -> String {
    FULL.to_owned()
}

/// A manifest, and the checksum that AWS writes beside it, where it is there.
pub type Manifest<'a> = (&'a [u8], Option<&'a [u8]>);

/// Reads the manifests of an export: `manifest-summary.json` and `manifest-files.json`.
///
/// # Errors
/// [`ContentsError`] if they are damaged, of another version, or of an export without the images before and after.
pub fn contents(summary: Manifest<'_>, files: Manifest<'_>) -> Result<Contents, ContentsError> {
    check(summary)?;
    check(files)?;
    let summary: Summary = serde_json::from_slice(summary.0).map_err(ContentsError::Json)?;
    let files: Vec<File> = serde_json::Deserializer::from_slice(files.0)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(ContentsError::Json)?;
    let count = files.iter().map(|file| file.item_count).sum();
    if count != summary.item_count {
        return Err(ContentsError::Count { summary: summary.item_count, files: count });
    }
    let files = files.into_iter().filter(|file| file.item_count > 0).map(|file| ExportFile {
        key: file.data_file_s3_key,
        items: file.item_count,
        md5: file.md5_checksum,
    });
    Ok(Contents { kind: summary.kind()?, files: files.collect() })
}

fn check((manifest, md5): Manifest<'_>) -> Result<(), ContentsError> {
    let Some(md5) = md5 else { return Ok(()) };
    let is_right = STANDARD.decode(md5.trim_ascii()).is_ok_and(|md5| md5 == Md5::digest(manifest)[..]);
    if is_right { Ok(()) } else { Err(ContentsError::Checksum) }
}

impl Summary {
    fn kind(&self) -> Result<Kind, ContentsError> {
        let unsupported = |what: String| Err(ContentsError::Unsupported(what));
        if self.output_format != DYNAMODB_JSON {
            return unsupported(format!("its format is {}, not {DYNAMODB_JSON}", self.output_format));
        }
        let version = match self.export_type.as_str() {
            FULL => FULL_VERSION,
            INCREMENTAL => INCREMENTAL_VERSION,
            other => return unsupported(format!("its type is {other}, neither {FULL} nor {INCREMENTAL}")),
        };
        if self.version != version {
            return unsupported(format!("its version is {}, not {version}", self.version));
        }
        if self.export_type == FULL {
            return Ok(Kind::Full { at: time("exportTime", self.export_time.as_deref())? });
        }
        match self.output_view.as_deref() {
            Some(BOTH_IMAGES) => Ok(Kind::Incremental {
                from: time("exportFromTime", self.export_from_time.as_deref())?,
                to: time("exportToTime", self.export_to_time.as_deref())?,
            }),
            view => unsupported(format!("its view is {}, not {BOTH_IMAGES}", view.unwrap_or("not given"))),
        }
    }
}

fn time(name: &str, text: Option<&str>) -> Result<Timestamp, ContentsError> {
    text.and_then(Timestamp::from_rfc3339)
        .ok_or_else(|| ContentsError::Unsupported(format!("{name} is not a time in RFC 3339")))
}
