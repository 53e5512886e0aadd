//! Receives Kaizala webhooks on AWS Lambda and keeps every event exactly once in a DynamoDB table.
//!
//! Arrows point one way: `event` and `token` use nothing of ours, `store` uses `event`, `receiver` uses all three, `tables`
//! uses `event` and `store`, and `cli` (feature `cli`) uses everything.

#![warn(missing_docs)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod event;
pub mod receiver;
#[cfg(feature = "cli")]
pub mod simulator;
pub mod store;
#[cfg(feature = "cli")]
pub mod tables;
pub mod token;
