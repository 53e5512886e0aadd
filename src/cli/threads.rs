//! How many threads read export files.

use std::{num::NonZeroUsize, thread};

/// One thread for each processor.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
