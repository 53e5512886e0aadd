//! DynamoDB's own exports to S3: how far back they can reach, begun and watched.

use aws_sdk_dynamodb::{
    primitives::DateTime,
    types::{
        ExportDescription, ExportFormat, ExportStatus as Status, ExportType, ExportViewType,
        IncrementalExportSpecification, PointInTimeRecoveryStatus, S3SseAlgorithm,
    },
};

use super::{Store, error::StoreError};
use crate::event::Timestamp;

/// An export that DynamoDB is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// The table's ARN.
    pub table_arn: String,
    /// The bucket that the export is written to.
    pub bucket: String,
    /// What the names of its objects begin with, without a slash at the end.
    pub prefix: String,
    /// The beginning of the period whose changes are exported; `None` exports the whole table as it was at `to`.
    pub from: Option<Timestamp>,
    /// The end of the period, exclusive.
    pub to: Timestamp,
    /// The same request with the same token within eight hours makes one export.
    pub client_token: String,
}

/// How far an export has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportStatus {
    /// DynamoDB is at work.
    InProgress,
    /// All files are there.
    Completed,
    /// It will never be complete. DynamoDB's own code and message: they say nothing about what is in the table.
    Failed {
        /// DynamoDB's code of the failure, such as `S3NoSuchBucket`.
        code: String,
        /// DynamoDB's explanation.
        message: String,
    },
}

impl Store {
    /// The earliest time of which an export can be had; `None` when point-in-time recovery is off.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer.
    pub async fn earliest_restorable(&self) -> Result<Option<Timestamp>, StoreError> {
        let request = self.client.describe_continuous_backups().table_name(&self.table);
        let answer = request.send().await?;
        let recovery = answer
            .continuous_backups_description()
            .and_then(|backups| backups.point_in_time_recovery_description())
            .filter(|recovery| recovery.point_in_time_recovery_status() == Some(&PointInTimeRecoveryStatus::Enabled));
        let earliest = recovery.and_then(|recovery| recovery.earliest_restorable_date_time());
        Ok(earliest.and_then(|time| time.to_millis().ok()).and_then(Timestamp::from_epoch_millis))
    }

    /// Begins an export and returns its ARN.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer or refuses.
    pub async fn start_export(&self, wanted: &ExportRequest) -> Result<String, StoreError> {
        let request = self
            .client
            .export_table_to_point_in_time()
            .table_arn(&wanted.table_arn)
            .s3_bucket(&wanted.bucket)
            .s3_prefix(&wanted.prefix)
            .s3_sse_algorithm(S3SseAlgorithm::Aes256)
            .export_format(ExportFormat::DynamodbJson)
            .client_token(&wanted.client_token);
        let time = |time: Timestamp| DateTime::from_secs(time.epoch_seconds());
        let request = match wanted.from {
            None => request.export_type(ExportType::FullExport).export_time(time(wanted.to)),
            Some(from) => request.export_type(ExportType::IncrementalExport).incremental_export_specification(
                IncrementalExportSpecification::builder()
                    .export_from_time(time(from))
                    .export_to_time(time(wanted.to))
                    .export_view_type(ExportViewType::NewAndOldImages)
                    .build(),
            ),
        };
        let answer = request.send().await?;
        let arn = answer.export_description().and_then(ExportDescription::export_arn);
        arn.map(str::to_owned).ok_or_else(|| StoreError::incomplete("an export without an ARN"))
    }

    /// How far an export has come.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not answer, or does not know the export.
    pub async fn export_status(&self, arn: &str) -> Result<ExportStatus, StoreError> {
        let answer = self.client.describe_export().export_arn(arn).send().await?;
        let export = answer.export_description();
        let text = |text: Option<&str>| text.unwrap_or("none given").to_owned();
        Ok(match export.and_then(ExportDescription::export_status) {
            Some(Status::Completed) => ExportStatus::Completed,
            Some(Status::Failed) => ExportStatus::Failed {
                code: text(export.and_then(ExportDescription::failure_code)),
                message: text(export.and_then(ExportDescription::failure_message)),
            },
            _ => ExportStatus::InProgress,
        })
    }
}
