//! The bucket: what is read, created once, or replaced if nobody else has.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::{
    Error, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    UpdateVersion, path::Path as Key,
};

use super::LakeError;

/// The version of an object that was read.
pub(super) type Version = UpdateVersion;

/// The objects of the bucket, by their keys.
pub(super) struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    pub(super) fn new(bucket: Arc<dyn ObjectStore>) -> Self {
        Self(bucket)
    }

    /// A small object; `None` when there is none.
    pub(super) async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, LakeError> {
        let object = match self.0.get(&Key::from(key)).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            object => object.map_err(LakeError::storage(key))?,
        };
        let version = Version { e_tag: object.meta.e_tag.clone(), version: None };
        Ok(Some((object.bytes().await.map_err(LakeError::storage(key))?, version)))
    }

    /// A large object, to be read as it comes.
    pub(super) async fn open(&self, key: &str) -> Result<GetResult, LakeError> {
        self.0.get(&Key::from(key)).await.map_err(LakeError::storage(key))
    }

    /// The last bytes of an object; `None` when there is none.
    pub(super) async fn tail(&self, key: &str, bytes: u64) -> Result<Option<Bytes>, LakeError> {
        let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..GetOptions::default() };
        let object = match self.0.get_opts(&Key::from(key), options).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            object => object.map_err(LakeError::storage(key))?,
        };
        Ok(Some(object.bytes().await.map_err(LakeError::storage(key))?))
    }

    pub(super) async fn size(&self, key: &str) -> Result<u64, LakeError> {
        Ok(self.0.head(&Key::from(key)).await.map_err(LakeError::storage(key))?.size)
    }

    /// The objects whose keys begin with `prefix` and a slash, from `offset` on.
    pub(super) async fn list(&self, prefix: &str, offset: &str) -> Result<Vec<ObjectMeta>, LakeError> {
        let list = self.0.list_with_offset(Some(&Key::from(prefix)), &Key::from(offset));
        list.try_collect().await.map_err(LakeError::storage(prefix))
    }

    /// The names of the folders in `prefix`, that is of what stands between it and the next slash in keys.
    pub(super) async fn folders(&self, prefix: &str) -> Result<HashSet<String>, LakeError> {
        let list = self.0.list_with_delimiter(Some(&Key::from(prefix))).await.map_err(LakeError::storage(prefix))?;
        Ok(list.common_prefixes.iter().filter_map(|folder| folder.filename().map(str::to_owned)).collect())
    }

    /// Creates an object; false when there is one already.
    pub(super) async fn create(&self, key: &str, content: Bytes) -> Result<bool, LakeError> {
        match self.put(key, content, PutMode::Create).await {
            Ok(()) => Ok(true),
            // S3 answers the same while another one is being written, which may yet fail: only what can be read is there.
            Err(Error::AlreadyExists { .. }) => self.size(key).await.map(|_| false),
            Err(error) => Err(LakeError::storage(key)(error)),
        }
    }

    /// Replaces an object; false when it is no longer the one that was read.
    pub(super) async fn replace(&self, key: &str, content: Bytes, version: Version) -> Result<bool, LakeError> {
        match self.put(key, content, PutMode::Update(version)).await {
            Ok(()) => Ok(true),
            Err(Error::Precondition { .. } | Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(LakeError::storage(key)(error)),
        }
    }

    /// Puts an object, whether there is one or not.
    pub(super) async fn put_again(&self, key: &str, content: Bytes) -> Result<(), LakeError> {
        self.put(key, content, PutMode::Overwrite).await.map_err(LakeError::storage(key))
    }

    async fn put(&self, key: &str, content: Bytes, mode: PutMode) -> Result<(), Error> {
        self.0.put_opts(&Key::from(key), content.into(), PutOptions::from(mode)).await.map(drop)
    }
}
