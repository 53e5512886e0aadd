//! The one state: how far the lake has come, and which export is in flight.

use serde::{Deserialize, Serialize};

use super::{Database, Lake, LakeError, STATE_KEY, objects::Version};
use crate::event::Timestamp;

/// `lake/state.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// Everything written before then is in the lake; `None` before the first export is done.
    #[serde(default, with = "optional_rfc3339", skip_serializing_if = "Option::is_none")]
    pub(super) done: Option<Timestamp>,
    /// The export that was done last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finished: Option<Export>,
    /// The export that is being waited for or worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) in_flight: Option<Export>,
}

/// An export and what it covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Export {
    pub(super) export_arn: String,
    #[serde(flatten)]
    pub(super) window: Window,
}

/// The period of an export, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The beginning; `None` of a full export, which holds the table as it was at `to`.
    #[serde(default, with = "optional_rfc3339")]
    pub from: Option<Timestamp>,
    /// The end, exclusive.
    #[serde(with = "rfc3339")]
    pub to: Timestamp,
}

/// How far the lake has come by its state, the object [`STATE_KEY`]; `None` before the first export is done.
///
/// # Errors
/// If it is not a state.
pub fn done(state: &[u8]) -> Result<Option<Timestamp>, LakeError> {
    let state: State = serde_json::from_slice(state).map_err(LakeError::State)?;
    Ok(state.done)
}

impl<D: Database> Lake<D> {
    /// The state, and what it takes to replace it.
    pub(super) async fn state(&self) -> Result<(State, Option<Version>), LakeError> {
        let Some((json, version)) = self.objects.get(STATE_KEY).await? else { return Ok((State::default(), None)) };
        let state = serde_json::from_slice(&json).map_err(LakeError::State)?;
        Ok((state, Some(version)))
    }

    /// Replaces the state that was read as `version`; false when it has changed since.
    pub(super) async fn write_state(&self, state: &State, version: Option<Version>) -> Result<bool, LakeError> {
        let json = serde_json::to_vec(state).map_err(LakeError::State)?;
        match version {
            Some(version) => self.objects.replace(STATE_KEY, json.into(), version).await,
            None => self.objects.create(STATE_KEY, json.into()).await,
        }
    }

    /// The export, if it is in flight, and the one before it.
    pub(super) async fn in_flight(&self, export_arn: &str) -> Result<(Export, Option<Export>), LakeError> {
        let (state, _) = self.state().await?;
        match state.in_flight {
            Some(export) if export.export_arn == export_arn => Ok((export, state.finished)),
            _ => Err(LakeError::NotInFlight { export: export_arn.to_owned() }),
        }
    }
}

/// Times as RFC 3339.
pub(super) mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::event::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(in crate::lake) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(in crate::lake) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Times as RFC 3339, where there are any.
mod optional_rfc3339 {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::event::Timestamp;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
