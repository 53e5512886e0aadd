//! A Kaizala that sends: the service is gone, so the project brings its own.
//!
//! [`generator`] makes events, [`plan`] turns them into deliveries as Kaizala makes them, [`sender`] sends one, [`delivery`]
//! sends them all, [`tally`] counts what became of them, and [`ledger`] knows what a table must hold afterwards. [`api`] is
//! the other side, with which an operator talks.

pub mod api;
pub mod delivery;
pub mod generator;
pub mod ledger;
pub mod plan;
pub mod sender;
pub mod tally;
