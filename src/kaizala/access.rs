//! Access tokens: `GET /v1/accessToken`.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{base_url::BaseUrl, error::ApiError, secret::Secret, state::State, transport::Call};

const CALL: &str = "access token";

/// An access token that ends so soon is replaced: a call takes a while.
const MARGIN: Duration = Duration::from_mins(5);

/// What an application shows for an access token.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Header `applicationId`.
    pub application_id: Secret,
    /// Header `applicationSecret`.
    pub application_secret: Secret,
    /// Header `refreshToken`, until Kaizala gives a new one: from day 328 of its 365.
    pub refresh_token: Secret,
}

/// An access token, and where it is good.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Access {
    pub(super) token: Secret,
    pub(super) endpoint: BaseUrl,
    /// Milliseconds since the epoch.
    expires_at_ms: u64,
}

/// What comes in an answer.
pub(super) struct Grant {
    pub(super) access: Access,
    /// A new one that must be kept.
    pub(super) refresh_token: Option<Secret>,
}

impl Access {
    pub(super) fn is_good(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        now + MARGIN < Duration::from_millis(self.expires_at_ms)
    }
}

impl Credentials {
    pub(super) fn call() -> Call {
        Call::get(CALL, "/v1/accessToken".to_owned())
    }

    pub(super) fn headers(&self, state: &State) -> Result<HeaderMap, ApiError> {
        let mut headers = HeaderMap::new();
        for (header, variable, secret) in [
            ("applicationid", "KAIZALA_APPLICATION_ID", &self.application_id),
            ("applicationsecret", "KAIZALA_APPLICATION_SECRET", &self.application_secret),
            ("refreshtoken", "KAIZALA_REFRESH_TOKEN", state.refresh_token(&self.refresh_token)),
        ] {
            headers.insert(header, secret.header().map_err(|_| ApiError::Credential(variable))?);
        }
        Ok(headers)
    }
}

impl Grant {
    pub(super) fn read(answer: &[u8]) -> Result<Self, ApiError> {
        let lacks = |what| ApiError::Unreadable { call: CALL, what };
        let answer: Value = serde_json::from_slice(answer).map_err(|_| lacks("is no JSON"))?;
        let text = |name: &str| answer[name].as_str().filter(|text| !text.is_empty());
        let endpoint = text("endpointUrl").ok_or(lacks("has no endpointUrl"))?;
        let endpoint = endpoint.parse().map_err(|source| ApiError::BadEndpoint { call: CALL, source })?;
        let token = text("accessToken").ok_or(lacks("has no accessToken"))?;
        // A number in the sample; 64-bit numbers are often written as strings elsewhere.
        let expiry = &answer["accessTokenExpiry"];
        let expires_at_ms = expiry.as_u64().or_else(|| expiry.as_str()?.parse().ok()).unwrap_or_default();
        Ok(Self {
            access: Access { token: token.to_owned().into(), endpoint, expires_at_ms },
            // Null by the documentation's text before day 328, "" in its sample.
            refresh_token: text("refreshToken").map(|token| token.to_owned().into()),
        })
    }
}
