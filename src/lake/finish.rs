//! `finish`: everything up to the end of the window is in the lake.

use super::{Database, Finished, Lake, LakeError, metrics, state::State};
use crate::event::Timestamp;

impl<D: Database> Lake<D> {
    /// May be repeated until another export is done.
    pub(super) async fn finish(&self, export_arn: &str, now: Timestamp) -> Result<Finished, LakeError> {
        loop {
            let (state, version) = self.state().await?;
            let export = match (state.in_flight, &state.finished) {
                (Some(export), _) if export.export_arn == export_arn => export,
                (_, Some(finished)) if finished.export_arn == export_arn => {
                    return Ok(Finished { done: finished.window.to });
                }
                _ => return Err(LakeError::NotInFlight { export: export_arn.to_owned() }),
            };
            let done = export.window.to;
            let state = State { done: Some(done), finished: Some(export), in_flight: None };
            if self.write_state(&state, version).await? {
                let finished = Finished { done };
                metrics::finished(export_arn, finished, now);
                return Ok(finished);
            }
        }
    }
}
