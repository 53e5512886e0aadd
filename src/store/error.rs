//! What can go wrong between us and DynamoDB.

use std::{error::Error, fmt};

use aws_sdk_dynamodb::{
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

/// A request to DynamoDB that did not do its work. Its text is fit for the log: codes and messages of AWS, and no item.
#[derive(Debug)]
pub enum StoreError {
    /// No answer in time.
    TimedOut,
    /// DynamoDB has no capacity for it now.
    Throttled(Failure),
    /// DynamoDB will not take this request, however often it is sent.
    Rejected(Failure),
    /// Anything else: no connection, no credentials, no permission, no table, an error of DynamoDB's own.
    Unavailable(Failure),
}

/// The failed request, in words and as the SDK reported it.
#[derive(Debug)]
pub struct Failure {
    summary: String,
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// The kind of error, for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed-out",
            Self::Throttled(_) => "throttled",
            Self::Rejected(_) => "rejected",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("DynamoDB did not answer in time"),
            Self::Throttled(failure) => write!(f, "DynamoDB is throttling: {}", failure.summary),
            Self::Rejected(failure) => write!(f, "DynamoDB rejected the request: {}", failure.summary),
            Self::Unavailable(failure) => write!(f, "DynamoDB is unavailable: {}", failure.summary),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TimedOut => None,
            Self::Throttled(failure) | Self::Rejected(failure) | Self::Unavailable(failure) => Some(&*failure.source),
        }
    }
}

/// Codes by which DynamoDB asks for patience.
const THROTTLING: [&str; 4] =
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling"];

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    fn from(error: SdkError<E, R>) -> Self {
        let request_id = error.request_id().unwrap_or("none").to_owned();
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
        let summary = match &error {
            SdkError::TimeoutError(_) => return Self::TimedOut,
            SdkError::ServiceError(service) => format!(
                "{}: {} (AWS request {request_id})",
                code.as_deref().unwrap_or("an error without a code"),
                service.err().message().unwrap_or("no message"),
            ),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => return Self::TimedOut,
            other => chain(other),
        };
        let failure = Failure { summary, source: error.into() };
        match code.as_deref() {
            Some(code) if THROTTLING.contains(&code) => Self::Throttled(failure),
            Some("ValidationException") => Self::Rejected(failure),
            _ => Self::Unavailable(failure),
        }
    }
}

/// A request that lacks a required field. Cannot happen with requests written out in this room.
impl From<BuildError> for StoreError {
    fn from(error: BuildError) -> Self {
        Self::Rejected(Failure { summary: chain(&error), source: error.into() })
    }
}

/// The messages of an error and of everything that caused it.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub(super) fn build<T>(built: Result<T, BuildError>) -> Result<T, StoreError> {
    built.map_err(StoreError::from)
}
