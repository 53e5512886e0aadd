//! The simulated Kaizala: its events, its API, its account of what must have arrived.

mod api;
mod generator;
mod ledger;
mod soak;
