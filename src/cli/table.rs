//! How commands reach the table: the options that several commands share.

use std::{num::NonZeroU32, sync::OnceLock};

use anyhow::anyhow;
use clap::Args;
use http::Uri;

use super::output::shown_url;
use crate::store::{ConnectOptions, Store, StoreError, connect_local_patiently, connect_with};

/// Where `kaizala dev` serves its database by default.
const DEV_DATABASE: &str = "http://127.0.0.1:8000";

/// The table and how to reach it.
#[derive(Args)]
pub(super) struct TableOptions {
    /// Name of the table.
    #[arg(long = "table", env = "TABLE_NAME", default_value = "kaizala-events")]
    name: String,

    /// URL of DynamoDB [default: that of the region; http://127.0.0.1:8000 if --url is on this machine].
    #[arg(long, env = "AWS_ENDPOINT_URL_DYNAMODB", value_name = "URL")]
    endpoint_url: Option<String>,

    /// Region of the table.
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,

    /// AWS profile to take credentials from.
    #[arg(long, env = "AWS_PROFILE")]
    profile: Option<String>,
}

/// Context for an error of the store: the table does not answer.
pub(super) const UNREADABLE: &str = "the table cannot be read: check --table, --endpoint-url, --region and --profile";

/// The table that this process works on, for error messages. The functions that pass on errors of the store do not know it.
static OPENED: OnceLock<Opened> = OnceLock::new();

struct Opened {
    name: String,
    place: String,
}

/// The message for an error that would come again because a table, credentials or a permission are missing: `None` for any
/// other error. It replaces the error's context, which may advise to try again.
pub(super) fn explained(error: &anyhow::Error) -> Option<String> {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>())?;
    let Opened { name, place } = OPENED.get()?;
    match error {
        StoreError::NoTable(_) => {
            Some(format!("table {name} does not exist {place}: check --table, --endpoint-url, --region and --profile"))
        }
        StoreError::NoCredentials(_) => Some(format!(
            "{error}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that has some with --profile"
        )),
        StoreError::Denied(_) => Some(format!("{error}: check --profile and its permissions on table {name} {place}")),
        _ => None,
    }
}

impl TableOptions {
    /// Opens the table.
    pub(super) async fn open(&self) -> anyhow::Result<Store> {
        self.open_with_retention(None).await
    }

    /// Opens the table that the receiver at the URL `webhook` writes to.
    pub(super) async fn behind(mut self, webhook: &Uri) -> anyhow::Result<Store> {
        if self.endpoint_url.is_none() && is_local(webhook) {
            self.endpoint_url = Some(DEV_DATABASE.to_owned());
        }
        self.open().await
    }

    /// Opens the table for a command that writes items, which expire after `retention_days`.
    pub(super) async fn open_with_retention(&self, days: Option<NonZeroU32>) -> anyhow::Result<Store> {
        let client = match self.endpoint_url() {
            // An emulator does not need real credentials.
            Some(url) if self.is_emulator() => connect_local_patiently(url),
            _ => connect_with(self.connect_options())
                .await
                .map_err(|error| anyhow!("{error}, or name it with --region"))?,
        };
        let region = self.region.as_deref().filter(|region| !region.is_empty());
        let region = region.or_else(|| match self.endpoint_url() {
            Some(_) => None,
            None => client.config().region().map(AsRef::as_ref),
        });
        let place = [
            region.map(|region| format!("in {region}")),
            self.endpoint_url().map(|url| format!("at {}", shown_url(url))),
        ];
        let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
        OPENED.get_or_init(|| Opened { name: self.name.clone(), place });
        Ok(Store::new(client, &self.name, days))
    }

    /// Whether the table is in an emulator on this machine.
    pub(super) fn is_emulator(&self) -> bool {
        self.endpoint_url().and_then(|url| url.parse().ok()).is_some_and(|url| is_local(&url))
    }

    /// The name of the table.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How to reach AWS: for S3 as well as for DynamoDB.
    pub(super) fn connect_options(&self) -> ConnectOptions {
        ConnectOptions {
            endpoint_url: self.endpoint_url().map(str::to_owned),
            region: self.region.clone(),
            profile: self.profile.clone(),
        }
    }

    /// Identifies the table among all tables that the options can name.
    pub(super) fn place(&self) -> String {
        let options = [&self.endpoint_url, &self.region, &self.profile];
        let [url, region, profile] = options.map(|option| option.as_deref().unwrap_or_default());
        format!("{} {url} {region} {profile}", self.name)
    }

    fn endpoint_url(&self) -> Option<&str> {
        self.endpoint_url.as_deref().filter(|url| !url.is_empty())
    }
}

/// Whether the host of a URL is this machine.
pub(super) fn is_local(url: &Uri) -> bool {
    matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}
