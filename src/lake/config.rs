//! The function's configuration, from the environment.

use std::{env, fmt};

/// The ARN of the table. Required.
pub const TABLE_ARN: &str = "TABLE_ARN";
/// Names the bucket of exports and tables. Required.
pub const BUCKET_NAME: &str = "BUCKET_NAME";

/// What the lake needs to know. Region, credentials and endpoints are left to the AWS SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The ARN of the table, from `TABLE_ARN`.
    pub table_arn: String,
    /// The bucket, from `BUCKET_NAME`.
    pub bucket: String,
}

/// A variable that keeps the function from starting.
#[derive(Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// It is not set, empty, or not Unicode.
    Missing(&'static str),
    /// It is not the ARN of a table.
    NotATable(&'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name} is not set"),
            Self::NotATable(name) => write!(f, "{name} is not the ARN of a DynamoDB table"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        let required = |name| env::var(name).ok().filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(name));
        let config = Self { table_arn: required(TABLE_ARN)?, bucket: required(BUCKET_NAME)? };
        if config.table().is_empty() { Err(ConfigError::NotATable(TABLE_ARN)) } else { Ok(config) }
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        self.table_arn.split_once(":table/").map_or("", |(_, name)| name)
    }
}
