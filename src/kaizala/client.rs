//! The client of the API. It gets the access token for each call, and sends every call through one transport.

use std::{fmt, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    access::{Access, Credentials, Grant},
    base_url::BaseUrl,
    error::ApiError,
    pace::Pace,
    secret::Secret,
    state::StateFile,
    transport::{Call, Transport},
};

/// The configuration of a client.
#[derive(Clone, Debug)]
pub struct Config {
    /// The API that grants access tokens. Its answer names the endpoint of all other calls.
    pub api_url: BaseUrl,
    /// The credentials for which it grants access tokens.
    pub credentials: Credentials,
    /// The file that keeps tokens between runs: see [`default_state_file`](super::default_state_file).
    pub state_file: PathBuf,
    /// How fast Kaizala is called, how often a call is repeated, and how long it may take.
    pub pace: Pace,
}

/// A client of the Kaizala API.
pub struct Kaizala {
    api_url: BaseUrl,
    credentials: Credentials,
    state: StateFile,
    transport: Transport,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    access: Option<Access>,
    /// An access token that Kaizala has refused although it has not expired.
    refused: Option<Secret>,
}

/// Shows neither secrets nor calls.
impl fmt::Debug for Kaizala {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kaizala").field("api_url", &self.api_url).finish_non_exhaustive()
    }
}

impl Kaizala {
    /// Makes a client. It asks for an access token when it makes its first call.
    ///
    /// # Errors
    /// [`ApiError::Certificates`] when the system's certificates cannot be read.
    pub fn new(config: Config) -> Result<Self, ApiError> {
        Ok(Self {
            state: StateFile::new(config.state_file, &config.api_url, &config.credentials),
            transport: Transport::new(config.pace)?,
            api_url: config.api_url,
            credentials: config.credentials,
            current: Mutex::default(),
        })
    }

    /// Makes a call with an access token. If Kaizala refuses the token, asks for a fresh one and repeats the call once.
    pub(super) async fn call(&self, call: Call) -> Result<Bytes, ApiError> {
        let mut may_renew = true;
        loop {
            let mut access = self.access().await?;
            let mut headers = HeaderMap::new();
            let token = access.token.header().map_err(|_| ApiError::Credential("the access token"))?;
            headers.insert("accesstoken", token);
            let answer = self.transport.run(&call, &headers, &mut access.endpoint).await;
            let mut current = self.current.lock().await;
            match answer {
                Err(error) if error.is_invalid_token() && may_renew => {
                    may_renew = false;
                    *current = Current { access: None, refused: Some(access.token) };
                }
                answer => {
                    // The endpoint may have moved during the call.
                    current.access = Some(access);
                    return answer;
                }
            }
        }
    }

    /// Makes a call whose answer is a JSON object.
    pub(super) async fn ask(&self, call: Call) -> Result<Value, ApiError> {
        let name = call.name;
        let answer = self.call(call).await?;
        let is_object = |answer: &Value| answer.is_object();
        let answer = serde_json::from_slice(&answer).ok().filter(is_object);
        answer.ok_or(ApiError::Unreadable { call: name, what: "is not a JSON object" })
    }

    /// Makes a call that changes something and may be repeated.
    pub(super) async fn change(
        &self,
        name: &'static str,
        method: Method,
        path: String,
        body: Bytes,
    ) -> Result<(), ApiError> {
        self.call(Call { name, method, path, body, is_repeatable: true }).await.map(|_| ())
    }

    async fn access(&self) -> Result<Access, ApiError> {
        let mut current = self.current.lock().await;
        if let Some(access) = current.access.as_ref().filter(|access| access.is_good()) {
            return Ok(access.clone());
        }
        let locked = self.state.lock().await?;
        let mut state = locked.load()?;
        let is_refused = |access: &Access| current.refused.as_ref() == Some(&access.token);
        if let Some(access) = state.access.as_ref().filter(|access| access.is_good() && !is_refused(access)) {
            current.access = Some(access.clone());
            return Ok(access.clone());
        }
        let headers = self.credentials.headers(state.refresh_token(&self.credentials.refresh_token))?;
        let answer = self.transport.run(&Credentials::call(), &headers, &mut self.api_url.clone()).await?;
        let grant = Grant::read(&answer)?;
        if let Some(refresh_token) = grant.refresh_token {
            state.set_refresh_token(&self.credentials.refresh_token, refresh_token);
        }
        state.access = Some(grant.access.clone());
        // The state is written before the access token is used, so that a failure leaves the old refresh token valid. It is
        // written even if there is no new refresh token to keep, so that a folder that cannot be written is found in time.
        locked.save(&state)?;
        current.access = Some(grant.access.clone());
        Ok(grant.access)
    }
}

/// The characters that are not percent-encoded in an id.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes an id for a path or a query. Ids may hold any character.
pub(super) fn encoded(id: &str) -> impl std::fmt::Display {
    utf8_percent_encode(id, PLAIN)
}
