//! The client: an access token for every call, and every call through one transport.

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

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where access tokens come from. The answer names the endpoint of all other calls.
    pub api_url: BaseUrl,
    /// What access tokens are given for.
    pub credentials: Credentials,
    /// Where tokens are kept between runs, see [`default_state_file`](super::default_state_file).
    pub state_file: PathBuf,
    /// How fast, how often and how long.
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
    /// An access token that Kaizala no longer accepts, whatever its expiry says.
    refused: Option<Secret>,
}

/// Shows neither secrets nor calls.
impl fmt::Debug for Kaizala {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kaizala").field("api_url", &self.api_url).finish_non_exhaustive()
    }
}

impl Kaizala {
    /// A client that asks for access with its first call.
    ///
    /// # Errors
    /// [`ApiError::Certificates`].
    pub fn new(config: Config) -> Result<Self, ApiError> {
        Ok(Self {
            state: StateFile::new(config.state_file, &config.api_url, &config.credentials),
            transport: Transport::new(config.pace)?,
            api_url: config.api_url,
            credentials: config.credentials,
            current: Mutex::default(),
        })
    }

    /// Makes a call with an access token. If Kaizala no longer accepts the token, a fresh one is asked for, once.
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
                    // The endpoint may have moved.
                    current.access = Some(access);
                    return answer;
                }
            }
        }
    }

    /// A call that answers with a JSON object.
    pub(super) async fn ask(&self, call: Call) -> Result<Value, ApiError> {
        let name = call.name;
        let answer = self.call(call).await?;
        let is_object = |answer: &Value| answer.is_object();
        let answer = serde_json::from_slice(&answer).ok().filter(is_object);
        answer.ok_or(ApiError::Unreadable { call: name, what: "is not a JSON object" })
    }

    /// A call that changes something and may be repeated.
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
        // Before the access token is used: should this fail, the old refresh token is still good. It fails in the first
        // year as well, where it would do no harm, so that a folder that cannot be written is found in time.
        locked.save(&state)?;
        current.access = Some(grant.access.clone());
        Ok(grant.access)
    }
}

/// What stays as it is in an id that becomes part of a path or a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id for a path or a query. Ids may hold anything.
pub(super) fn encoded(id: &str) -> impl std::fmt::Display {
    utf8_percent_encode(id, PLAIN)
}
