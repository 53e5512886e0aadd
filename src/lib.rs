//! Receives Kaizala webhooks on AWS Lambda and keeps every event exactly once in a DynamoDB table, from which an operator's
//! command line makes tables and pages.
//!
//! # The life of a delivery
//!
//! API Gateway hands Kaizala's HTTP request to [`receiver::lambda`], which reads it into a [`receiver::WebhookRequest`];
//! `kaizala dev` makes one of plain HTTP. [`Receiver::answer`](receiver::Receiver::answer) finds out what is asked for: a
//! handshake gets its token back, a callback is [`Unverified`](receiver::Unverified) until its token is one of the
//! [`AcceptedTokens`](token::AcceptedTokens), and only a [`Verified`](receiver::Verified) one gives out its body.
//! [`Event::parse`](event::Event::parse) reads from that what identifies the event; a [`Record`](store::Record) holds what
//! the item will hold, and [`Store::put`](store::Store::put) writes it under the condition that the key is free. Whether it
//! was, and what was there instead, is the [`Outcome`](store::Outcome) with which the delivery is answered and logged.
//!
//! # The life of a row
//!
//! Rows come from a DynamoDB export: one that AWS wrote, or one that [`export_files::scan`] makes of a live table.
//! [`StoredRows`](tables::read::StoredRows) reads it once: it checks that everything is there, lets [`tables::flatten`] make
//! rows of each [`StoredItem`](store::StoredItem) and its body, keeps them on disk, and finds out which version of a response
//! is the latest. [`tables::write`](mod@tables::write) puts the rows into CSV, Parquet or NDJSON; [`report`] counts them, and
//! makes of the counts one page.
//!
//! In a deployment, a state machine leads the [`lake`] from step to step: each hour DynamoDB exports what has changed, and
//! the same [`tables::flatten`] makes rows of the new items in Parquet files, which are never touched again but to take out
//! what was edited or deleted since.
//!
//! # The life of a subscription
//!
//! An operator says in a file which objects send which events where. `kaizala webhook sync` asks Kaizala, through
//! [`kaizala::Kaizala`], what there is, and [`kaizala::SyncPlan`] says what has to be done: register, change, renew, enable,
//! delete. On registering, Kaizala validates the callback URL with a handshake, delivers from then on, and disables the
//! webhook when a delivery keeps failing; the next `sync` enables it again, and `kaizala pull` fetches the responses that
//! were missed.
//!
//! # Terms
//!
//! * **Event**: what happened in Kaizala, identified by type, id and content. **Delivery**: one attempt of Kaizala to tell
//!   us. An event is delivered several times; those after the first are **duplicates**.
//! * **Revision**: an event with the type and id of an earlier one and other content, such as an edited response. It is
//!   stored beside the first, under a key with a suffix.
//! * **Item**: what the table holds of an event. Its **payload** is the body as it was sent; a body too large for one item is
//!   cut into **parts**, which are items of their own.
//! * **Quarantine**: the partition for bodies that are not events, kept whole, and answered as stored.
//! * **Group**: the Kaizala group to which an event belongs, and the partition in which it lies.
//! * **Row**: what a flat table has of an item, which may make several. **Cube**: the counts behind the report's page, by
//!   group, type, action and time.
//! * **Card**: an action card, survey or job that was sent to a group. Its **package** is the kind of card.
//! * **Pushed** and **pulled**: what came by webhook, and what an operator fetched through the API.
//!
//! Which room may use which other one, and what happens in a deployment step by step, is in `docs/architecture.md`.

#[cfg(feature = "cli")]
pub mod archive;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod event;
#[cfg(feature = "lake")]
pub mod export_files;
#[cfg(feature = "cli")]
mod files;
#[cfg(feature = "cli")]
mod http_client;
#[cfg(feature = "cli")]
pub mod kaizala;
#[cfg(feature = "lake")]
pub mod lake;
pub mod receiver;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod simulator;
pub mod store;
#[cfg(feature = "lake")]
pub mod tables;
pub mod token;
