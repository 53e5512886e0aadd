//! Which rows come of an item.

mod cloud_events;
mod flatten;
mod latest;
mod people;
mod round_trip;
mod whole;
