//! Which rows come of an item.

mod cloud_events;
mod flatten;
mod latest;
mod round_trip;
