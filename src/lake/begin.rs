//! `begin`: goes on with the export in flight, or asks for the next one.

use super::{
    Begun, Database, EXPORTS_PREFIX, Lake, LakeError,
    export_id::export_id,
    state::{Export, State},
    window,
};
use crate::{
    event::Timestamp,
    store::{ExportRequest, ExportStatus},
};

impl<D: Database> Lake<D> {
    /// Killed between the request and the state, it leaves an export behind that nobody reads, as every step refuses it.
    pub(super) async fn begin(&self, now: Timestamp) -> Result<Begun, LakeError> {
        loop {
            let (state, version) = self.state().await?;
            let mut failed = None;
            if let Some(export) = &state.in_flight {
                match self.database.export_status(&export.export_arn).await? {
                    ExportStatus::Failed { .. } => failed = Some(export_id(&export.export_arn).to_owned()),
                    ExportStatus::InProgress | ExportStatus::Completed => return Ok(begun(export)),
                }
            }
            let earliest = self.database.earliest_restorable().await?.ok_or(LakeError::RecoveryOff)?;
            let window = match window::next(state.done, earliest, now)? {
                Ok(window) => window,
                Err(because) => return Ok(Begun::Nothing { because }),
            };
            // Without the failed one in it, DynamoDB would answer with that.
            let from = window.from.map_or_else(|| "full".to_owned(), |from| from.epoch_seconds().to_string());
            let again = failed.map(|failed| format!("-{failed}")).unwrap_or_default();
            let wanted = ExportRequest {
                table_arn: self.config.table_arn.clone(),
                bucket: self.config.bucket.clone(),
                prefix: EXPORTS_PREFIX.to_owned(),
                from: window.from,
                to: window.to,
                client_token: format!("{from}-{}{again}", window.to.epoch_seconds()),
            };
            let export = Export { export_arn: self.database.start_export(&wanted).await?, window };
            let begun = begun(&export);
            if self.write_state(&State { in_flight: Some(export), ..state }, version).await? {
                return Ok(begun);
            }
            // Somebody else was faster: go on with what they have begun.
        }
    }
}

fn begun(export: &Export) -> Begun {
    Begun::Export { export_arn: export.export_arn.clone(), window: export.window }
}
