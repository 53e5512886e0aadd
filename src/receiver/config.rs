//! The function's configuration, from the environment.

use std::{
    env::{self, VarError},
    fmt,
    num::NonZeroU32,
};

use crate::token::{AcceptedTokens, InvalidDigests};

/// Names the table. Required.
pub const TABLE_NAME: &str = "TABLE_NAME";
/// SHA-256 digests of the accepted callback tokens, hex, comma-separated. Required.
pub const CALLBACK_TOKEN_SHA256: &str = "CALLBACK_TOKEN_SHA256";
/// Days after which items expire, a positive integer. Optional: without it, items stay.
pub const RETENTION_DAYS: &str = "RETENTION_DAYS";

/// What the receiver needs to know. Region, credentials and endpoint are left to the AWS SDK.
#[derive(Clone, Debug)]
pub struct Config {
    /// The table, from `TABLE_NAME`.
    pub table: String,
    /// The accepted callback tokens, from `CALLBACK_TOKEN_SHA256`.
    pub tokens: AcceptedTokens,
    /// Days after which items expire, from `RETENTION_DAYS`.
    pub retention_days: Option<NonZeroU32>,
}

/// A variable that keeps the function from starting.
#[derive(Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    Missing(&'static str),
    /// The variable is not Unicode.
    NotUnicode(&'static str),
    /// The variable does not hold digests of tokens.
    Digests(&'static str, InvalidDigests),
    /// The variable is not a positive integer.
    NotAPositiveInteger(&'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name} is not set"),
            Self::NotUnicode(name) => write!(f, "{name} is not Unicode"),
            Self::Digests(name, error) => {
                write!(
                    f,
                    "{name} {error}; `kaizala token digest` prints the digest of a token, `kaizala token new` makes one"
                )
            }
            Self::NotAPositiveInteger(name) => {
                write!(f, "{name} is not a positive integer; leave it unset to keep items forever")
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Digests(_, error) => Some(error),
            _ => None,
        }
    }
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        let tokens = required(CALLBACK_TOKEN_SHA256)?;
        Ok(Self {
            table: required(TABLE_NAME)?,
            tokens: tokens.parse().map_err(|error| ConfigError::Digests(CALLBACK_TOKEN_SHA256, error))?,
            retention_days: optional(RETENTION_DAYS)?
                .map(|days| days.trim().parse().map_err(|_| ConfigError::NotAPositiveInteger(RETENTION_DAYS)))
                .transpose()?,
        })
    }
}

fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name)?.ok_or(ConfigError::Missing(name))
}

/// The variable's value; an empty one counts as unset, since templates cannot always leave a variable out.
fn optional(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ConfigError::NotUnicode(name)),
    }
}
