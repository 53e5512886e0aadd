//! The behaviour of the whole, through its public face: the real service over a real DynamoDB engine, the release binary
//! under the real Lambda runtime interface emulator, the command line as a process. One file per behaviour.

mod answers;
mod concurrency;
mod configuration;
mod dashboards;
mod data;
mod delivery;
mod dev;
mod events;
mod failures;
mod fixtures;
mod generator;
mod help;
mod identity;
mod kaizala_client;
mod lambda;
mod large_bodies;
mod ledger;
mod metrics;
mod properties;
mod pull;
mod pushed_and_pulled;
mod quarantine;
mod quarantine_replay;
mod requests;
mod same_answers;
mod simulate;
mod simulator_api;
mod support;
mod template;
mod tokens;
mod webhook;
mod webhook_sync;
