//! The domain: what identifies an event, and what its data holds.

mod data;
mod identity;
mod same_answers;
