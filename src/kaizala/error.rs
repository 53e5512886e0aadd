//! Errors of calls to the Kaizala API, and of the file that keeps its tokens.

use std::{error::Error, fmt, io, path::PathBuf, time::Duration};

use http::StatusCode;

use super::base_url::BaseUrlError;

/// Why a call to Kaizala has failed. The text never holds a secret or a phone number.
#[derive(Debug)]
pub enum ApiError {
    /// The certificates that the system trusts cannot be read.
    Certificates(io::Error),
    /// The named credential has characters that a header cannot hold.
    Credential(&'static str),
    /// Kaizala did not answer in time.
    TimedOut {
        /// What the call does, in words.
        call: &'static str,
    },
    /// The connection could not be made, or it broke.
    NoAnswer {
        /// What the call does, in words.
        call: &'static str,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Kaizala refused the call.
    Refused {
        /// What the call does, in words.
        call: &'static str,
        /// The status of the answer; it may be 200.
        status: StatusCode,
        /// Kaizala's `errorCode`.
        code: Option<String>,
        /// Kaizala's `message`, without anything that may be private.
        message: String,
    },
    /// Kaizala asks for a longer pause than a command can make.
    Busy {
        /// What the call does, in words.
        call: &'static str,
        /// How long Kaizala asks to wait.
        retry_after: Duration,
    },
    /// Kaizala redirected the call again and again and never answered it.
    MovedTooOften {
        /// What the call does, in words.
        call: &'static str,
    },
    /// Kaizala redirected the call to a URL that must not be called.
    BadEndpoint {
        /// What the call does, in words.
        call: &'static str,
        /// What is wrong with the URL.
        source: BaseUrlError,
    },
    /// The answer lacks something, or is not JSON.
    Unreadable {
        /// What the call does, in words.
        call: &'static str,
        /// What is wrong with the answer, in words.
        what: &'static str,
    },
    /// The tokens could not be read from their file, or written to it.
    State(StateError),
}

impl ApiError {
    /// Whether Kaizala has refused the access token or the credentials.
    pub fn is_invalid_token(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => {
                *status == StatusCode::UNAUTHORIZED || code.as_deref() == Some("InvalidToken")
            }
            _ => false,
        }
    }

    /// Whether Kaizala says that the object of the call does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }

    /// Whether the call may have done its work although it failed.
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
            Self::Certificates(_) => f.write_str("the system's certificates cannot be read"),
            Self::Credential(name) => {
                write!(f, "{name} has characters that a header cannot hold: was it pasted whole?")
            }
            Self::TimedOut { call } => write!(f, "{call}: Kaizala did not answer in time"),
            Self::NoAnswer { call, .. } => write!(f, "{call}: Kaizala did not answer"),
            Self::Refused { call, status, code, message } => {
                write!(f, "{call}: Kaizala refuses with {}", status.as_u16())?;
                if let Some(code) = code {
                    write!(f, " {code}")?;
                }
                if !message.is_empty() {
                    write!(f, ": {message}")?;
                }
                Ok(())
            }
            Self::Busy { call, retry_after } => {
                write!(f, "{call}: Kaizala takes no calls for {} s", retry_after.as_secs())
            }
            Self::MovedTooOften { call } => write!(f, "{call}: Kaizala redirects the call again and again"),
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

/// Why the file that keeps tokens cannot be used.
#[derive(Debug)]
pub enum StateError {
    /// The file, or its folder, cannot be read or written.
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file does not hold tokens.
    Malformed {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file holds the tokens of another application.
    OtherApplication {
        /// The path of the file.
        path: PathBuf,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, .. } => write!(f, "{} cannot be used", path.display()),
            Self::Malformed { path } => write!(f, "{} is damaged", path.display()),
            Self::OtherApplication { path } => write!(f, "{} holds the tokens of another application", path.display()),
        }
    }
}

impl Error for StateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
