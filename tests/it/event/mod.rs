//! The domain: what identifies an event, and what its data holds.

mod cloud_events;
mod data;
mod identity;
mod latest;
mod same_answers;
mod who;
