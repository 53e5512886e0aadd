//! Receives Kaizala webhooks on AWS Lambda and keeps every event exactly once in a DynamoDB table.
//!
//! Arrows point one way: `event` and `token` use nothing of ours, `store` uses `event`, `receiver` uses all three. With
//! feature `cli`, `tables` uses `event` and `store`, `report` uses `event` and `tables`, `kaizala` uses `event`, `simulator`
//! uses `event`, `store` and `kaizala`, and `cli` uses everything.

#![warn(missing_docs)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod event;
#[cfg(feature = "cli")]
pub mod export_files;
#[cfg(feature = "cli")]
mod files;
#[cfg(feature = "cli")]
mod http_client;
#[cfg(feature = "cli")]
pub mod kaizala;
pub mod receiver;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod simulator;
pub mod store;
#[cfg(feature = "cli")]
pub mod tables;
pub mod token;
