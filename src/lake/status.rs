//! `status`: how far DynamoDB has come.

use super::{Database, Lake, LakeError, Progress};
use crate::store::ExportStatus;

impl<D: Database> Lake<D> {
    pub(super) async fn status(&self, export_arn: &str) -> Result<Progress, LakeError> {
        self.in_flight(export_arn).await?;
        match self.database.export_status(export_arn).await? {
            ExportStatus::InProgress => Ok(Progress::Running),
            ExportStatus::Completed => Ok(Progress::Complete),
            ExportStatus::Failed { code, message } => {
                Err(LakeError::ExportFailed { export: export_arn.to_owned(), why: format!("{code}: {message}") })
            }
        }
    }
}
