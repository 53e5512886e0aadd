//! Callback tokens, known here by their digests alone.
//!
//! `kz-callback-token` is all the authentication that Kaizala offers: no signature, no timestamp. A leak of the
//! deployment's configuration must therefore not be a leak of the token, so only SHA-256 digests are configured. A plain
//! digest suffices because tokens are random (`kaizala token new` makes 256 bits); it would not protect a password.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

const DIGEST_BYTES: usize = 32;

/// The SHA-256 digest of a callback token; displays as lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDigest([u8; DIGEST_BYTES]);

impl TokenDigest {
    /// The digest of a token, byte for byte as the header carries it.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The tokens that are accepted: one, or several while they are being rotated.
#[derive(Clone, Debug)]
pub struct AcceptedTokens(Vec<TokenDigest>);

impl AcceptedTokens {
    /// Accepts one token.
    pub fn only(digest: TokenDigest) -> Self {
        Self(vec![digest])
    }

    /// Whether `token` is one of the accepted ones. Takes the same time whether it is, and whichever of them it is.
    pub fn accepts(&self, token: &[u8]) -> bool {
        let presented = TokenDigest::of(token);
        self.0.iter().fold(Choice::from(0), |found, accepted| found | accepted.0.ct_eq(&presented.0)).into()
    }
}

/// Why a list of digests is refused. Says where, never what: somebody may have pasted the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidDigests {
    /// The list holds no digest.
    Empty,
    /// One digest of the list is not 64 hex digits.
    Malformed {
        /// Which one, counted from 1.
        position: usize,
        /// How many characters it has.
        length: usize,
    },
}

impl fmt::Display for InvalidDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("holds no digest"),
            Self::Malformed { position, length } => {
                write!(f, "digest {position} is not 64 hex digits (it has {length} characters)")
            }
        }
    }
}

impl std::error::Error for InvalidDigests {}

/// Reads hex digests separated by commas, in either case, with white space around them.
impl FromStr for AcceptedTokens {
    type Err = InvalidDigests;

    fn from_str(list: &str) -> Result<Self, InvalidDigests> {
        if list.trim().is_empty() {
            return Err(InvalidDigests::Empty);
        }
        let digest = |(index, text): (usize, &str)| {
            let mut digest = [0; DIGEST_BYTES];
            hex::decode_to_slice(text.trim(), &mut digest)
                .map(|()| TokenDigest(digest))
                .map_err(|_| InvalidDigests::Malformed { position: index + 1, length: text.trim().chars().count() })
        };
        list.split(',').enumerate().map(digest).collect::<Result<_, _>>().map(Self)
    }
}
