//! The behaviour of the whole, through its public face: the real service over a real DynamoDB engine, the release binary
//! under the real Lambda runtime interface emulator, the command line as a process. One file per behaviour.

mod answers;
mod concurrency;
mod configuration;
mod cost;
mod dashboards;
mod data;
mod delivery;
mod dev;
mod failures;
mod fixtures;
mod generator;
mod identity;
mod lambda;
mod large_bodies;
mod ledger;
mod metrics;
mod properties;
mod quarantine;
mod requests;
mod simulate;
mod simulator_api;
mod support;
mod template;
mod tokens;
