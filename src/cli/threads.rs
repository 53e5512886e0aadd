//! How many threads read export files.

use std::{num::NonZeroUsize, thread};

/// As many threads as there are processors.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
