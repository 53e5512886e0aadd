//! The connection to DynamoDB: one HTTP stack, TLS on ring, explicit timeouts.

use std::{env, fmt, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableRegionProvider, meta::region::ProvideRegion,
    retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::{
    Client,
    config::{Builder, Credentials, SharedHttpClient, retry::RetryPartition},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// A connection within a region takes milliseconds; one that takes longer is better tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One attempt, so that a hung connection leaves time for a second one.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// One operation with its retries; the receiver limits the delivery as a whole.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(3200);
/// Throttling passes, and giving up early uses up one of Kaizala's six retries. The pauses between six attempts add up to
/// 1.55 s at the most, so that what ends them is DynamoDB's last answer, which says more than a time-out.
const MAX_ATTEMPTS: u32 = 6;
/// The SDK's default of a second would use up the time that a delivery has.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// Why there is no connection to DynamoDB to be had.
#[derive(Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// Neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set, nor what else was asked.
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

/// A client as the environment describes it: `AWS_REGION`, credentials, `AWS_ENDPOINT_URL_DYNAMODB`.
///
/// The region comes from the environment alone. The SDK's default chain would ask the instance metadata service, which a
/// Lambda does not have, and wait for it.
///
/// # Errors
/// [`ConnectError::NoRegion`].
pub async fn connect() -> Result<Client, ConnectError> {
    let region = EnvironmentVariableRegionProvider::new().region().await.ok_or(ConnectError::NoRegion)?;
    let shared = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).region(region).load().await;
    let mut config = Builder::from(&shared);
    // `sam local` sets every variable of the template, also those that the template leaves out, and the SDK panics at an
    // empty URL.
    if env::var(ENDPOINT_VARIABLE).is_ok_and(|url| url.is_empty()) {
        config.set_endpoint_url(shared.endpoint_url().map(str::to_owned));
    }
    Ok(Client::from_conf(tuned(config)))
}

/// What a command line may say about the way to DynamoDB; the rest comes from the environment and the AWS configuration.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// URL of DynamoDB; by default that of the region.
    pub endpoint_url: Option<String>,
    /// Region of the table.
    pub region: Option<String>,
    /// Profile of the AWS configuration.
    pub profile: Option<String>,
}

/// A client for somebody at a terminal, with region and credentials from wherever the AWS tools take them.
///
/// # Errors
/// [`ConnectError::NoRegion`].
pub async fn connect_with(options: ConnectOptions) -> Result<Client, ConnectError> {
    let endpoint_url = options.endpoint_url.clone();
    let shared = sdk_config(options).await?;
    let mut config = Builder::from(&shared);
    if endpoint_url.is_some() {
        config.set_endpoint_url(endpoint_url);
    }
    Ok(Client::from_conf(tuned(config)))
}

/// Region and credentials from wherever the AWS tools take them, for any service.
///
/// # Errors
/// [`ConnectError::NoRegion`].
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

/// A client of a DynamoDB emulator at `endpoint_url`, with made-up credentials.
pub fn connect_local(endpoint_url: &str) -> Client {
    let credentials = Credentials::new("local", "local", None, None, "local emulator");
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .endpoint_url(endpoint_url)
        // The SDK lets all clients of a service and region in a process share an allowance of retries: one emulator that
        // fails would use up that of another.
        .retry_partition(RetryPartition::new(endpoint_url.to_owned()))
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials);
    Client::from_conf(tuned(config))
}

/// rustls on ring: aws-lc, the SDK's default, spends half a second on collecting entropy when a function has a small CPU
/// share.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn tuned(config: Builder) -> aws_sdk_dynamodb::Config {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    config
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_initial_backoff(FIRST_BACKOFF).with_max_attempts(MAX_ATTEMPTS))
        // It watches streams; every answer here is small and covered by the timeouts.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}
