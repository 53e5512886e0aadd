//! Which rows come of an item.

mod flatten;
mod latest;
mod round_trip;
