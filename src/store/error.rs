//! What can go wrong between us and DynamoDB.

use std::{error::Error, fmt};

use aws_credential_types::provider::error::CredentialsError;
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
    /// A revision's key is taken by another one, whose digest begins with the same 16 hex digits.
    DigestCollision,
    /// There is no such table.
    NoTable(Failure),
    /// There are no credentials to sign the request with.
    NoCredentials(Failure),
    /// The credentials are not accepted, or do not allow the request.
    Denied(Failure),
    /// Anything else: no connection, an error of DynamoDB's own.
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
            Self::DigestCollision => "digest-collision",
            Self::NoTable(_) => "no-table",
            Self::NoCredentials(_) => "no-credentials",
            Self::Denied(_) => "denied",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Whether the same request may succeed later, without anybody changing anything.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Throttled(_) | Self::Unavailable(_))
    }
}

#[cfg(feature = "lake")]
impl StoreError {
    /// An answer that lacks what every such answer holds.
    pub(super) fn incomplete(what: &str) -> Self {
        let summary = format!("it answered with {what}");
        Self::Unavailable(Failure { source: summary.clone().into(), summary })
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("DynamoDB did not answer in time"),
            Self::Throttled(failure) => write!(f, "DynamoDB is throttling: {}", failure.summary),
            Self::Rejected(failure) => write!(f, "DynamoDB rejected the request: {}", failure.summary),
            Self::DigestCollision => {
                f.write_str("another revision of the event has the same key: their digests begin alike")
            }
            Self::NoTable(failure) => write!(f, "the table does not exist: {}", failure.summary),
            Self::NoCredentials(failure) => write!(f, "no AWS credentials: {}", failure.summary),
            Self::Denied(failure) => write!(f, "AWS denies access: {}", failure.summary),
            Self::Unavailable(failure) => write!(f, "DynamoDB is unavailable: {}", failure.summary),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TimedOut | Self::DigestCollision => None,
            Self::Throttled(failure)
            | Self::Rejected(failure)
            | Self::NoTable(failure)
            | Self::NoCredentials(failure)
            | Self::Denied(failure)
            | Self::Unavailable(failure) => Some(&*failure.source),
        }
    }
}

/// Why a body could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// DynamoDB did not answer.
    Store(StoreError),
    /// The item holds no body, or not all of it, or one that is damaged.
    Damaged {
        /// The partition.
        group: String,
        /// The sort key.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Damaged { group, key, what } => write!(f, "item {group} / {key}: {what}"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Damaged { .. } => None,
        }
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Codes by which DynamoDB asks for patience.
const THROTTLING: [&str; 4] =
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling"];

/// Codes by which AWS says that the credentials are not good for the request.
const DENIAL: [&str; 6] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

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
            other => match why_no_credentials(other) {
                Some(summary) => return Self::NoCredentials(Failure { summary, source: error.into() }),
                None => chain(other),
            },
        };
        let failure = Failure { summary, source: error.into() };
        match code.as_deref() {
            Some(code) if THROTTLING.contains(&code) => Self::Throttled(failure),
            Some("ValidationException") => Self::Rejected(failure),
            Some("ResourceNotFoundException") => Self::NoTable(failure),
            Some(code) if DENIAL.contains(&code) => Self::Denied(failure),
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

/// Why there are no credentials, if that is what an error is about.
fn why_no_credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    match causes.find_map(|cause| cause.downcast_ref())? {
        // The SDK's own text goes through all the places where it looked, on a line each.
        CredentialsError::CredentialsNotLoaded(_) => Some("none were found".to_owned()),
        CredentialsError::ProviderTimedOut(_) => None,
        other => Some(chain(other)),
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
