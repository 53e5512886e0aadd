//! Hashes of 64 bits that stand for ids and texts.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Hashes a text, or several together, to 64 bits: the same in every run of a build. Millions of texts are told apart in a
/// fraction of their memory. With a million texts, the chance that any two have the same hash is below 1 in 30 million.
pub(super) fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
