//! The table: what a delivery costs, and what stands in it afterwards.

mod cost;
mod large_bodies;
mod pushed_and_pulled;
mod requests;
