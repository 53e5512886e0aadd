//! The table: how an event becomes an item, the one conditional write that keeps it exactly once, and the way back.
//!
//! The only room that knows attribute names.

mod body;
mod client;
#[cfg(feature = "cli")]
mod dynamodb_json;
mod error;
mod item;
#[cfg(feature = "cli")]
mod pulled;
#[cfg(feature = "cli")]
mod query;
mod read;
#[cfg(feature = "cli")]
mod replay;
#[cfg(feature = "cli")]
mod scan;
pub mod schema;
#[cfg(feature = "cli")]
mod transact;
mod write;

use std::num::NonZeroU32;

use aws_sdk_dynamodb::Client;

#[cfg(feature = "cli")]
pub use self::scan::{Page, PageKey};
pub use self::{
    client::{ConnectError, ConnectOptions, connect, connect_local, connect_with, sdk_config},
    error::StoreError,
    item::{Arrival, QuarantineReason, Record},
    read::{ReadError, StoredBody, StoredItem, StoredParts},
    write::Outcome,
};
#[cfg(feature = "cli")]
pub use self::{
    query::{Listed, TimeRange},
    replay::Replay,
};

/// The events table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    retention_days: Option<NonZeroU32>,
}

impl Store {
    /// The table of that name, through `client`. With `retention_days`, items that are written expire that long after they
    /// were received.
    pub fn new(client: Client, table: impl Into<String>, retention_days: Option<NonZeroU32>) -> Self {
        Self { client, table: table.into(), retention_days }
    }

    /// Creates the table as `template.yaml` does, with keys, index and expiry, for local use.
    ///
    /// # Errors
    /// As DynamoDB answers; a table that exists already is left as it is.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        schema::create_table(&self.client, &self.table).await
    }
}
