//! The table: how an event becomes an item, the one conditional write that keeps it exactly once, and the way back.
//!
//! This is the only room that knows attribute names: the others ask [`StoredItem`].

mod attribute;
mod body;
mod client;
mod create_table;
#[cfg(feature = "cli")]
mod describe;
#[cfg(feature = "lake")]
mod dynamodb_json;
#[cfg(feature = "cli")]
mod erase;
mod error;
#[cfg(feature = "lake")]
mod export_line;
#[cfg(feature = "lake")]
mod exports;
#[cfg(feature = "cli")]
mod fingerprint;
#[cfg(feature = "lake")]
mod groups;
mod item;
#[cfg(feature = "cli")]
mod overview;
#[cfg(feature = "cli")]
mod pulled;
#[cfg(feature = "cli")]
mod query;
mod read;
#[cfg(feature = "cli")]
mod replay;
#[cfg(feature = "cli")]
mod scan;
mod schema;
mod stored_item;
#[cfg(feature = "cli")]
mod transact;
mod write;

use std::num::NonZeroU32;

use aws_sdk_dynamodb::Client;

#[cfg(feature = "cli")]
pub(crate) use self::body::MAX_BODY_BYTES;
#[cfg(feature = "cli")]
pub use self::scan::{Page, PageKey};
#[cfg(feature = "cli")]
pub use self::{
    client::connect_local_patiently,
    describe::{Deployment, ExportPlace, ListedExport, TableFacts},
    erase::Erasure,
    overview::{GroupFigures, Overview},
    query::{Listed, TimeRange},
    replay::Replay,
};
pub use self::{
    client::{ConnectError, connect, connect_local},
    error::{ReadError, StoreError},
    item::{Arrival, QuarantineReason, Record},
    read::{StoredBody, StoredParts},
    stored_item::{ItemKind, StoredItem},
    write::Outcome,
};
#[cfg(feature = "lake")]
pub use self::{
    client::{ConnectOptions, connect_with, sdk_config},
    export_line::{Change, ExportLine},
    exports::{ExportRequest, ExportStatus},
    groups::{GroupSource, MAX_GROUP_KEY_BYTES, MAX_GROUP_NAME_BYTES, NamedGroup},
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
}
