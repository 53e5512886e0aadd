//! Where a command finds the table: options that several commands share.

use std::num::NonZeroU32;

use clap::Args;
use http::Uri;

use crate::store::{ConnectOptions, Store, connect_local, connect_with};

/// Where `kaizala dev` serves its database unless told otherwise.
const DEV_DATABASE: &str = "http://127.0.0.1:8000";

/// The table, and the way to it.
#[derive(Args)]
pub(super) struct Table {
    /// Name of the table.
    #[arg(long = "table", env = "TABLE_NAME", default_value = "kaizala-events")]
    name: String,

    /// URL of DynamoDB; by default that of the region. With a --url on this machine, http://127.0.0.1:8000.
    #[arg(long, env = "AWS_ENDPOINT_URL_DYNAMODB", value_name = "URL")]
    endpoint_url: Option<String>,

    /// Region of the table.
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,

    /// Profile of the AWS configuration to take credentials from.
    #[arg(long, env = "AWS_PROFILE")]
    profile: Option<String>,
}

/// What to say when the table does not answer.
pub(super) const UNREADABLE: &str = "the table cannot be read: check --table, --endpoint-url, --region and --profile";

impl Table {
    /// The table.
    pub(super) async fn open(self) -> anyhow::Result<Store> {
        self.open_at(None, None).await
    }

    /// The table, for a command that writes items with an expiry.
    pub(super) async fn open_with_retention(self, days: Option<NonZeroU32>) -> anyhow::Result<Store> {
        self.open_at(None, days).await
    }

    /// The table that the webhook at `webhook` writes to.
    pub(super) async fn behind(self, webhook: &Uri) -> anyhow::Result<Store> {
        self.open_at(is_local(webhook).then_some(DEV_DATABASE), None).await
    }

    async fn open_at(self, default_endpoint: Option<&str>, days: Option<NonZeroU32>) -> anyhow::Result<Store> {
        let endpoint_url = match self.endpoint_url {
            None => default_endpoint.map(str::to_owned),
            given => given.filter(|url| !url.is_empty()),
        };
        let client = match endpoint_url {
            // An emulator, which has no use for anybody's credentials.
            Some(url) if url.parse().is_ok_and(|url| is_local(&url)) => connect_local(&url),
            endpoint_url => {
                connect_with(ConnectOptions { endpoint_url, region: self.region, profile: self.profile }).await?
            }
        };
        Ok(Store::new(client, self.name, days))
    }
}

/// Whether a URL's host is this machine.
pub(super) fn is_local(url: &Uri) -> bool {
    matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}
