//! Access tokens: given for credentials, good for 24 hours and for so many calls a minute.

use std::collections::{HashMap, VecDeque};

use axum::{extract::State, http::HeaderMap, response::Response};
use serde_json::json;
use uuid::Uuid;

use super::{
    Api, Credentials, DAY_MS, header,
    refusal::{Refusal, ok},
};

/// How long an access token is accepted.
const ACCESS_TOKEN_MS: u64 = DAY_MS;
/// How long a refresh token is accepted.
const REFRESH_TOKEN_MS: u64 = 365 * DAY_MS;
/// The age beyond which a refresh token is replaced.
const REPLACED_AFTER_MS: u64 = 327 * DAY_MS;
const MINUTE_MS: u64 = 60 * 1000;

pub(super) struct Access {
    application_id: String,
    application_secret: String,
    refresh_token: RefreshToken,
    /// The successor, which has been given out and not been used yet.
    next_refresh_token: Option<RefreshToken>,
    granted: HashMap<String, Granted>,
}

struct RefreshToken {
    value: String,
    issued_at_ms: u64,
}

/// An access token's share.
struct Granted {
    expires_at_ms: u64,
    /// When the calls of the last minute came.
    calls: VecDeque<u64>,
}

/// An access token with what comes with it.
struct Grant {
    access_token: String,
    expires_at_ms: u64,
    /// Empty unless it is time for a new one.
    refresh_token: String,
}

impl RefreshToken {
    fn fresh(now_ms: u64) -> Self {
        Self { value: Uuid::new_v4().simple().to_string(), issued_at_ms: now_ms }
    }

    fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.issued_at_ms)
    }
}

impl Access {
    pub(super) fn new(credentials: Credentials, now_ms: u64) -> Self {
        Self {
            application_id: credentials.application_id,
            application_secret: credentials.application_secret,
            refresh_token: RefreshToken { value: credentials.refresh_token, issued_at_ms: now_ms },
            next_refresh_token: None,
            granted: HashMap::new(),
        }
    }

    pub(super) fn age(&mut self, days: u32) {
        let issued_at_ms = &mut self.refresh_token.issued_at_ms;
        *issued_at_ms = issued_at_ms.saturating_sub(u64::from(days) * DAY_MS);
    }

    /// Lets a call pass, and counts it.
    pub(super) fn admit(&mut self, token: &str, now_ms: u64, calls_per_minute: Option<usize>) -> Result<(), Refusal> {
        let granted = self.granted.get_mut(token).filter(|granted| now_ms < granted.expires_at_ms);
        let granted = granted.ok_or(Refusal::InvalidToken)?;
        let Some(limit) = calls_per_minute else { return Ok(()) };
        while granted.calls.front().is_some_and(|call| call + MINUTE_MS <= now_ms) {
            granted.calls.pop_front();
        }
        if granted.calls.len() >= limit {
            let free_at_ms = granted.calls.front().map_or(now_ms, |call| call + MINUTE_MS);
            return Err(Refusal::TooManyRequests { retry_after: free_at_ms.saturating_sub(now_ms).div_ceil(1000) });
        }
        granted.calls.push_back(now_ms);
        Ok(())
    }

    fn grant(&mut self, headers: &HeaderMap, now_ms: u64) -> Result<Grant, Refusal> {
        let is_application = header(headers, "applicationId") == self.application_id
            && header(headers, "applicationSecret") == self.application_secret;
        if !is_application {
            return Err(Refusal::InvalidToken);
        }
        let shown = header(headers, "refreshToken");
        // The old one is worth something until its successor is seen: an answer may get lost on its way.
        if let Some(next) = self.next_refresh_token.take_if(|next| next.value == shown) {
            self.refresh_token = next;
        }
        let age_ms = self.refresh_token.age_ms(now_ms);
        if shown != self.refresh_token.value || age_ms >= REFRESH_TOKEN_MS {
            return Err(Refusal::InvalidToken);
        }
        let refresh_token = if age_ms > REPLACED_AFTER_MS {
            self.next_refresh_token.get_or_insert_with(|| RefreshToken::fresh(now_ms)).value.clone()
        } else {
            String::new()
        };
        // A real one is a JSON Web Token, and looks like it.
        let access_token = format!("eyJ{}", Uuid::new_v4().simple());
        let expires_at_ms = now_ms.saturating_add(ACCESS_TOKEN_MS);
        self.granted.retain(|_, granted| now_ms < granted.expires_at_ms);
        self.granted.insert(access_token.clone(), Granted { expires_at_ms, calls: VecDeque::new() });
        Ok(Grant { access_token, expires_at_ms, refresh_token })
    }
}

/// `GET /v1/accessToken`.
pub(super) async fn give(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Refusal> {
    let grant = api.known().access.grant(&headers, api.now_ms())?;
    Ok(ok(&json!({
        "accessToken": grant.access_token,
        "endpointUrl": api.config().endpoint_url,
        "accessTokenExpiry": grant.expires_at_ms,
        "refreshToken": grant.refresh_token,
        "scope": "token.write",
    })))
}
