//! The receiver: what each request is answered, and what is kept of it.

mod batches;
mod binary_mode;
mod cloud_events;
mod cloud_events_samples;
mod concurrency;
mod configuration;
mod delivery;
mod failures;
mod fixtures;
mod gateway_events;
mod http_contract;
mod lambda;
mod log;
mod metrics;
mod properties;
mod quarantine;
mod senders_page;
