//! Which rows come of an item.

mod flatten;
mod latest;
