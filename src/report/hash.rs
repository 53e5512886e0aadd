//! Texts by 64 bits.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A text, or several together, by 64 bits. Millions of them are told apart in a fraction of their memory; that two of them
/// fall together is less likely than a broken disk.
pub(super) fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
