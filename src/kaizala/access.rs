//! Access tokens: `GET /v1/accessToken`.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{base_url::BaseUrl, error::ApiError, secret::Secret, transport::Call};

const CALL: &str = "access token";

/// An access token that ends within this time is replaced before a call, because the call itself takes some time.
const MARGIN: Duration = Duration::from_mins(5);

/// The credentials with which an application gets access tokens.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Header `applicationId`.
    pub application_id: Secret,
    /// Header `applicationSecret`.
    pub application_secret: Secret,
    /// Header `refreshToken`. It is valid for 365 days; from day 328 on, Kaizala returns a new one that takes its place.
    pub refresh_token: Secret,
}

/// An access token, and the endpoint that accepts it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Access {
    pub(super) token: Secret,
    pub(super) endpoint: BaseUrl,
    /// When the token ends, in milliseconds since 1970.
    expires_at_ms: u64,
}

/// What the answer of `GET /v1/accessToken` holds.
pub(super) struct Grant {
    pub(super) access: Access,
    /// A new refresh token, which must be kept: `None` if the old one stays valid.
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

    /// The headers of the call. `refresh_token` is the newest refresh token that Kaizala gave.
    pub(super) fn headers(&self, refresh_token: &Secret) -> Result<HeaderMap, ApiError> {
        let mut headers = HeaderMap::new();
        for (header, name, secret) in [
            ("applicationid", "the application id", &self.application_id),
            ("applicationsecret", "the application secret", &self.application_secret),
            ("refreshtoken", "the refresh token", refresh_token),
        ] {
            headers.insert(header, secret.header().map_err(|_| ApiError::Credential(name))?);
        }
        Ok(headers)
    }
}

impl Grant {
    pub(super) fn read(answer: &[u8]) -> Result<Self, ApiError> {
        let lacks = |what| ApiError::Unreadable { call: CALL, what };
        let answer: Value = serde_json::from_slice(answer).map_err(|_| lacks("is not JSON"))?;
        let text = |name: &str| answer[name].as_str().filter(|text| !text.is_empty());
        let endpoint = text("endpointUrl").ok_or(lacks("has no endpointUrl"))?;
        let endpoint = endpoint.parse().map_err(|source| ApiError::BadEndpoint { call: CALL, source })?;
        let token = text("accessToken").ok_or(lacks("has no accessToken"))?;
        // The documentation's sample has a number. A string is read too, since 64-bit numbers are often written so.
        let expiry = &answer["accessTokenExpiry"];
        let expires_at_ms = expiry.as_u64().or_else(|| expiry.as_str()?.parse().ok()).unwrap_or_default();
        Ok(Self {
            access: Access { token: token.to_owned().into(), endpoint, expires_at_ms },
            // Before day 328 the field is null in the documentation's text, and "" in its sample.
            refresh_token: text("refreshToken").map(|token| token.to_owned().into()),
        })
    }
}
