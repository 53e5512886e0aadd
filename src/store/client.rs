//! The connection to DynamoDB: one HTTP stack, TLS on ring, explicit timeouts.

use std::{env, fmt, time::Duration};

#[cfg(feature = "lake")]
use aws_config::SdkConfig;
use aws_config::{
    BehaviorVersion, Region, environment::EnvironmentVariableRegionProvider, meta::region::ProvideRegion,
    retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::{
    Client,
    config::{
        Builder, Credentials, SharedHttpClient,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction, RetryPartition, TokenBucket},
    },
    operation::{delete_item::DeleteItemError, put_item::PutItemError},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// How long to wait for DynamoDB, and how often to try.
struct Tuning {
    connect: Duration,
    attempt: Duration,
    /// One operation with its retries.
    operation: Duration,
    attempts: u32,
    /// The longest pause before the first retry; it doubles with each further one.
    first_pause: Duration,
}

/// For a delivery, which the receiver limits as a whole.
const DELIVERY: Tuning = Tuning {
    // A connection within a region takes milliseconds; one that takes longer is better tried again.
    connect: Duration::from_secs(1),
    // A hung connection leaves time for a second one.
    attempt: Duration::from_millis(1500),
    operation: Duration::from_millis(3200),
    // Throttling passes, and giving up early uses up one of Kaizala's six retries. The pauses between six attempts add up
    // to 1.55 s at the most, so that what ends them is DynamoDB's last answer, which says more than a timeout.
    attempts: 6,
    // The SDK's default of a second would use up the time that a delivery has.
    first_pause: Duration::from_millis(50),
};

/// For a command, which somebody waits for. A page may be a megabyte on a slow line, but that no database is there should
/// show within seconds.
#[cfg(feature = "lake")]
const COMMAND: Tuning = Tuning {
    connect: Duration::from_secs(3),
    attempt: Duration::from_secs(30),
    operation: Duration::from_mins(3),
    attempts: 8,
    first_pause: Duration::from_millis(50),
};

/// Why a client of DynamoDB cannot be made.
#[derive(Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// No region is known: neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set, nor does the AWS configuration name one.
    NoRegion,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRegion => f.write_str("AWS_REGION is not set: set it to the region of the table"),
        }
    }
}

impl std::error::Error for ConnectError {}

/// The receiver's client, as the environment describes it: `AWS_REGION`, credentials, `AWS_ENDPOINT_URL_DYNAMODB`.
///
/// The region comes from the environment alone. The SDK's default chain would ask the instance metadata service, which a
/// Lambda does not have, and wait for it.
///
/// # Errors
/// [`ConnectError::NoRegion`] if no region is known.
pub async fn connect() -> Result<Client, ConnectError> {
    let region = EnvironmentVariableRegionProvider::new().region().await.ok_or(ConnectError::NoRegion)?;
    let shared = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).region(region).load().await;
    let mut config = Builder::from(&shared);
    // `sam local` sets every variable of the template, also those that the template leaves out, and the SDK panics at an
    // empty URL.
    if env::var(ENDPOINT_VARIABLE).is_ok_and(|url| url.is_empty()) {
        config.set_endpoint_url(shared.endpoint_url().map(str::to_owned));
    }
    Ok(Client::from_conf(tuned(config, &DELIVERY)))
}

/// What a command may say about the way to DynamoDB; the rest comes from the environment and the AWS configuration.
#[cfg(feature = "lake")]
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// URL of DynamoDB; by default that of the region.
    pub endpoint_url: Option<String>,
    /// Region of the table.
    pub region: Option<String>,
    /// Profile of the AWS configuration.
    pub profile: Option<String>,
}

/// A client for a command, with region and credentials from wherever the AWS tools take them, and with the patience of
/// somebody at a terminal.
///
/// # Errors
/// [`ConnectError::NoRegion`] if no region is known.
#[cfg(feature = "lake")]
pub async fn connect_with(options: ConnectOptions) -> Result<Client, ConnectError> {
    let endpoint_url = options.endpoint_url.clone();
    let shared = sdk_config(options).await?;
    let mut config = Builder::from(&shared);
    if endpoint_url.is_some() {
        config.set_endpoint_url(endpoint_url);
    }
    Ok(Client::from_conf(tuned(config, &COMMAND)))
}

/// Region and credentials from wherever the AWS tools take them, for any service.
///
/// # Errors
/// [`ConnectError::NoRegion`] if no region is known.
#[cfg(feature = "lake")]
pub async fn sdk_config(options: ConnectOptions) -> Result<SdkConfig, ConnectError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
    if let Some(region) = options.region {
        loader = loader.region(Region::new(region));
    }
    if let Some(profile) = options.profile {
        loader = loader.profile_name(profile);
    }
    let shared = loader.load().await;
    if shared.region().is_some() { Ok(shared) } else { Err(ConnectError::NoRegion) }
}

/// A client of a DynamoDB emulator at `endpoint_url`, with made-up credentials, for a receiver.
pub fn connect_local(endpoint_url: &str) -> Client {
    Client::from_conf(tuned(emulator(endpoint_url), &DELIVERY))
}

/// A client of a DynamoDB emulator at `endpoint_url`, with made-up credentials, for a command: as patient as that of
/// [`connect_with`].
#[cfg(feature = "cli")]
pub fn connect_local_patiently(endpoint_url: &str) -> Client {
    Client::from_conf(tuned(emulator(endpoint_url), &COMMAND))
}

fn emulator(endpoint_url: &str) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .endpoint_url(endpoint_url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local emulator"))
}

/// rustls on ring: aws-lc, the SDK's default, spends half a second on collecting entropy when a function has a small CPU
/// share.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn tuned(config: Builder, tuning: &Tuning) -> aws_sdk_dynamodb::Config {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(tuning.connect)
        .operation_attempt_timeout(tuning.attempt)
        .operation_timeout(tuning.operation)
        .build();
    let retries = RetryConfig::standard().with_initial_backoff(tuning.first_pause).with_max_attempts(tuning.attempts);
    // The SDK pays for retries out of an allowance that all clients of a service and region in a process share. It does not
    // grow back with time: after some twenty deliveries that DynamoDB throttled, each later one would get a single attempt.
    // Here the attempts and the timeouts bound the work of each operation, whatever became of those before it.
    let retries_cost_nothing = RetryPartition::custom("kaizala").token_bucket(TokenBucket::unlimited()).build();
    config
        .timeout_config(timeouts)
        .retry_config(retries)
        .retry_partition(retries_cost_nothing)
        .retry_classifier(TransactionConflicts)
        // It watches streams; every answer here is small and covered by the timeouts.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// Has a write tried again that meets a transaction on the same item, such as that of a pull or a replay. Such a
/// transaction is over within milliseconds, but the SDK takes the conflict for final.
#[derive(Debug)]
struct TransactionConflicts;

impl ClassifyRetry for TransactionConflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error());
        let is_conflict = error.is_some_and(|error| {
            error.downcast_ref().is_some_and(PutItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(DeleteItemError::is_transaction_conflict_exception)
        });
        if is_conflict { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "transaction conflicts"
    }
}
