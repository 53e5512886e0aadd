//! The table: what a delivery costs, and what stands in it afterwards.

mod collisions;
mod cost;
mod expiry;
mod kinds;
mod large_bodies;
mod patience;
mod pushed_and_pulled;
mod requests;
mod transactions;
mod versions;
