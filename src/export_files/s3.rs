//! An export in S3, fetched into a folder: all of it is there before it is read, and fetching is what can be resumed.

use std::{
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
};

use aws_config::SdkConfig;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectStore, ObjectStoreExt, aws::AmazonS3, path::Path as Key};

use super::{
    ExportFolder,
    bucket::open_bucket,
    error::{ExportFilesError, file},
    manifest::{DATA, ExportSummary, FILES, LEVELS, SUMMARY, base_name, file_entries},
};
use crate::files::{self, FileAside, Readers};

/// Data files that are fetched at once.
const FETCHES: usize = 4;

/// `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Location {
    bucket: String,
    prefix: String,
}

impl S3Location {
    /// The place that a URL names: `None` unless it is one in S3.
    pub fn parse(url: &str) -> Option<Self> {
        let (bucket, prefix) = url.strip_prefix("s3://")?.split_once('/').unwrap_or((&url["s3://".len()..], ""));
        (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() })
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// Fetches the newest finished export at a place in S3 into `folder`, which only its owner can look into. The place holds
/// `AWSDynamoDB`, or is that, or is the folder of one export. Files that are there from an earlier run are not fetched again.
/// `fetched` is told how many more bytes have come.
///
/// # Errors
/// When there is no export, or S3 does not answer; what was fetched is still there then.
pub async fn download(
    location: &S3Location,
    config: &SdkConfig,
    folder: &Path,
    fetched: impl Fn(u64),
) -> Result<ExportFolder, ExportFilesError> {
    let bucket = Bucket::open(location, config)?;
    let export = bucket.find().await?;
    let manifest = bucket.get(&export.clone().join(FILES)).await?;
    // Its id in the path: what was fetched of another export is not mixed with this one.
    let local = folder.join(export.filename().unwrap_or("export"));
    let data = local.join(DATA);
    files::private_folder(folder).map_err(file(folder))?;
    fs::create_dir_all(&data).map_err(file(&data))?;
    let entries = file_entries(&manifest, &local.join(FILES))?;
    let requests = entries.iter().map(|entry| {
        let name = base_name(&entry.data_file_s3_key);
        bucket.fetch(export.clone().join(DATA).join(name), data.join(name), &fetched)
    });
    stream::iter(requests).buffer_unordered(FETCHES).try_collect::<()>().await?;
    let summary = bucket.get(&export.clone().join(SUMMARY)).await?;
    for (name, text) in [(FILES, &manifest), (SUMMARY, &summary)] {
        fs::write(local.join(name), text).map_err(file(local.join(name)))?;
    }
    ExportFolder::find(&local)
}

struct Bucket<'a> {
    location: &'a S3Location,
    objects: AmazonS3,
}

impl<'a> Bucket<'a> {
    fn open(location: &'a S3Location, config: &SdkConfig) -> Result<Self, ExportFilesError> {
        let failed = |source| ExportFilesError::S3 { place: location.to_string(), source };
        Ok(Self { location, objects: open_bucket(&location.bucket, config).map_err(failed)? })
    }

    fn failed(&self, key: &Key) -> impl FnOnce(object_store::Error) -> ExportFilesError {
        let place = format!("s3://{}/{key}", self.location.bucket);
        |source| ExportFilesError::S3 { place, source }
    }

    async fn get(&self, key: &Key) -> Result<Vec<u8>, ExportFilesError> {
        let object = self.objects.get(key).await.map_err(self.failed(key))?;
        Ok(object.bytes().await.map_err(self.failed(key))?.into())
    }

    /// The key of the newest finished export. Names below a prefix begin with a date, those below `AWSDynamoDB` with a time:
    /// the greatest name is the newest, so that years of exports need not be looked into.
    async fn find(&self) -> Result<Key, ExportFilesError> {
        let mut unsupported = None;
        // Still to be looked at, the next one last; with the levels that may be looked at below.
        let mut candidates = vec![(Key::from(self.location.prefix.as_str()), LEVELS)];
        while let Some((candidate, levels)) = candidates.pop() {
            let key = candidate.clone().join(SUMMARY);
            match self.get(&key).await {
                Ok(text) => {
                    let summary = ExportSummary::parse(&text, &PathBuf::from(key.to_string()))?;
                    match summary.require_supported(&format!("s3://{}/{candidate}", self.location.bucket)) {
                        Ok(()) => return Ok(candidate),
                        Err(error) => unsupported = Some(error),
                    }
                }
                Err(ExportFilesError::S3 { source: object_store::Error::NotFound { .. }, .. }) if levels > 0 => {
                    let list = self.objects.list_with_delimiter(Some(&candidate)).await;
                    let mut below = list.map_err(self.failed(&candidate))?.common_prefixes;
                    below.sort();
                    candidates.extend(below.into_iter().map(|key| (key, levels - 1)));
                }
                Err(ExportFilesError::S3 { source: object_store::Error::NotFound { .. }, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(unsupported.unwrap_or(ExportFilesError::NoExport { place: self.location.to_string() }))
    }

    async fn fetch(&self, key: Key, path: PathBuf, fetched: &impl Fn(u64)) -> Result<(), ExportFilesError> {
        if path.exists() {
            return Ok(());
        }
        let mut out = FileAside::new(&path, Readers::Owner).map_err(file(&path))?;
        let mut object = self.objects.get(&key).await.map_err(self.failed(&key))?.into_stream();
        while let Some(bytes) = object.next().await {
            let bytes = bytes.map_err(self.failed(&key))?;
            out.write_all(&bytes).map_err(file(&path))?;
            fetched(bytes.len() as u64);
        }
        out.finish().map_err(file(path))
    }
}
