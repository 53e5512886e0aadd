//! What the lake asks of DynamoDB. No emulator writes exports, so that tests stand in for the service here.

use crate::{
    event::Timestamp,
    store::{ExportRequest, ExportStatus, Store, StoreError, StoredItem},
};

/// DynamoDB, as far as the lake needs it.
pub trait Database {
    /// The earliest time of which an export can be had; `None` when point-in-time recovery is off.
    fn earliest_restorable(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>>;
    /// Begins an export and returns its ARN.
    fn start_export(&self, wanted: &ExportRequest) -> impl Future<Output = Result<String, StoreError>>;
    /// How far an export has come.
    fn export_status(&self, arn: &str) -> impl Future<Output = Result<ExportStatus, StoreError>>;
    /// The item under a key as it is now.
    fn item(&self, group: &str, key: &str) -> impl Future<Output = Result<Option<StoredItem>, StoreError>>;
}

impl Database for Store {
    async fn earliest_restorable(&self) -> Result<Option<Timestamp>, StoreError> {
        Self::earliest_restorable(self).await
    }

    async fn start_export(&self, wanted: &ExportRequest) -> Result<String, StoreError> {
        Self::start_export(self, wanted).await
    }

    async fn export_status(&self, arn: &str) -> Result<ExportStatus, StoreError> {
        Self::export_status(self, arn).await
    }

    async fn item(&self, group: &str, key: &str) -> Result<Option<StoredItem>, StoreError> {
        self.get(group, key).await
    }
}
