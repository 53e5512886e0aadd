//! What can go wrong between us and Kaizala.

use std::{error::Error, fmt, io, time::Duration};

use http::StatusCode;

use super::{base_url::BaseUrlError, state::StateError};

/// A call to Kaizala that did not do its work. No text of it holds a secret or a phone number.
#[derive(Debug)]
pub enum ApiError {
    /// The machine has no certificates to trust.
    Certificates(io::Error),
    /// A credential has characters that a header cannot hold; which one.
    Credential(&'static str),
    /// Nobody answered in time.
    TimedOut {
        /// What was asked.
        call: &'static str,
    },
    /// The connection could not be made, or broke.
    NoAnswer {
        /// What was asked.
        call: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Kaizala said no.
    Refused {
        /// What was asked.
        call: &'static str,
        /// The status of the answer; it may be 200.
        status: StatusCode,
        /// Kaizala's `errorCode`.
        code: Option<String>,
        /// Kaizala's `message`, without what may be private.
        message: String,
    },
    /// Kaizala asks for more patience than a command has.
    Busy {
        /// What was asked.
        call: &'static str,
        /// How long it wants to be left alone.
        retry_after: Duration,
    },
    /// Kaizala sent the call from one place to the next and never answered it.
    MovedTooOften {
        /// What was asked.
        call: &'static str,
    },
    /// Kaizala sent the call to a place where it must not go.
    BadEndpoint {
        /// What was asked.
        call: &'static str,
        /// What is wrong with the place.
        source: BaseUrlError,
    },
    /// The answer lacks something, or is no JSON.
    Unreadable {
        /// What was asked.
        call: &'static str,
        /// What it lacks.
        what: &'static str,
    },
    /// Tokens could not be kept.
    State(StateError),
}

impl ApiError {
    /// Whether Kaizala does not know the access token, or the credentials.
    pub(super) fn is_invalid_token(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => {
                *status == StatusCode::UNAUTHORIZED || code.as_deref() == Some("InvalidToken")
            }
            _ => false,
        }
    }

    /// Whether there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }

    /// Whether the call may have done its work all the same.
    pub(super) fn is_ambiguous(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => status.is_server_error(),
            _ => false,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificates(_) => f.write_str("the system's certificates cannot be read: install ca-certificates"),
            Self::Credential(name) => {
                write!(f, "{name} has characters that a header cannot hold: was it pasted whole?")
            }
            Self::TimedOut { call } => write!(f, "{call}: Kaizala did not answer in time"),
            Self::NoAnswer { call, .. } => write!(f, "{call}: Kaizala did not answer: check KAIZALA_API_URL"),
            Self::Refused { call, status, code, message } => {
                write!(f, "{call}: Kaizala refuses with {}", status.as_u16())?;
                if let Some(code) = code {
                    write!(f, " {code}")?;
                }
                if !message.is_empty() {
                    write!(f, ": {message}")?;
                }
                if self.is_invalid_token() {
                    f.write_str(
                        " (check KAIZALA_APPLICATION_ID, KAIZALA_APPLICATION_SECRET and KAIZALA_REFRESH_TOKEN; a refresh \
                         token ends after 365 days)",
                    )?;
                }
                Ok(())
            }
            Self::Busy { call, retry_after } => {
                write!(f, "{call}: Kaizala wants no call for {} s: run this again then", retry_after.as_secs())
            }
            Self::MovedTooOften { call } => write!(f, "{call}: Kaizala sends the call from one place to the next"),
            Self::BadEndpoint { call, .. } => write!(f, "{call}: Kaizala names an endpoint that cannot be used"),
            Self::Unreadable { call, what } => write!(f, "{call}: Kaizala's answer {what}"),
            Self::State(_) => f.write_str("tokens cannot be kept"),
        }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Certificates(error) => Some(error),
            Self::NoAnswer { source, .. } => Some(&**source),
            Self::BadEndpoint { source, .. } => Some(source),
            Self::State(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StateError> for ApiError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
