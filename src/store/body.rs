//! Where a body goes in the table: into its item, gzipped into its item, or gzipped and cut into items of its own.

use std::io::{self, Read, Write};

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::{
    attribute::{blob, digest, string},
    schema::{PARTS_SHA256, PAYLOAD, PAYLOAD_BYTES, PAYLOAD_GZIP, PAYLOAD_PARTS, PAYLOAD_SHA256},
};
use crate::event::Sha256Digest;

/// The largest item that is written. DynamoDB's limit is 400 KB; the distance pays for what its rule of counting and ours
/// may differ by.
const MAX_ITEM_BYTES: usize = 380 * 1024;

/// Bytes of gzip in a part. They leave its item room for the longest group id and key there are.
const PART_BYTES: usize = MAX_ITEM_BYTES - 4 * 1024;

/// The largest body that is read back. Lambda takes 6 MB; what unpacks to more than ten times that was not written by the
/// receiver, and must not fill the memory of whoever reads it.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A body in the form in which it is stored.
pub(super) enum Payload<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Gzip(Bytes),
    Parts(PayloadParts),
}

/// A gzipped body that is too large for one item.
pub(super) struct PayloadParts {
    /// Digest of the body, by which a reader checks what it has put together.
    body: Sha256Digest,
    /// Digest of the gzip, in the keys of the parts. Another version of the function or a command may gzip the same body to
    /// other bytes: with these in their keys, neither overwrites the parts of the other.
    pub(super) gzip_sha256: Sha256Digest,
    gzip: Bytes,
}

impl<'a> Payload<'a> {
    /// Decides on the form of `body` for an item that has `other_bytes` besides.
    pub(super) fn of(body: &'a [u8], other_bytes: usize) -> Self {
        let room = MAX_ITEM_BYTES.saturating_sub(other_bytes);
        if body.len() <= room {
            return match std::str::from_utf8(body) {
                Ok(text) => Self::Text(text),
                Err(_) => Self::Bytes(body),
            };
        }
        let gzip = gzip(body);
        if gzip.len() <= room {
            Self::Gzip(gzip)
        } else {
            let gzip_sha256 = Sha256Digest::of(&gzip);
            Self::Parts(PayloadParts { body: Sha256Digest::of(body), gzip_sha256, gzip })
        }
    }

    /// The attributes that hold the body, or tell where its parts are.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'static str, AttributeValue)> {
        let (first, of_parts) = match self {
            Self::Text(text) => ((PAYLOAD, string(text)), None),
            Self::Bytes(bytes) => ((PAYLOAD_BYTES, blob(bytes)), None),
            Self::Gzip(gzip) => ((PAYLOAD_GZIP, blob(gzip)), None),
            Self::Parts(parts) => (
                (PAYLOAD_PARTS, AttributeValue::N(parts.count().to_string())),
                Some([(PAYLOAD_SHA256, digest(&parts.body)), (PARTS_SHA256, digest(&parts.gzip_sha256))]),
            ),
        };
        [first].into_iter().chain(of_parts.into_iter().flatten())
    }
}

impl PayloadParts {
    fn count(&self) -> usize {
        self.gzip.len().div_ceil(PART_BYTES)
    }

    /// The parts in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = AttributeValue> {
        self.gzip.chunks(PART_BYTES).map(blob)
    }
}

/// Unpacks a body; one that is larger than [`MAX_BODY_BYTES`] is an error too.
pub(super) fn gunzip(gzip: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    GzDecoder::new(gzip).take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut body)?;
    if body.len() > MAX_BODY_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(body) }
}

/// Gzips at the fastest level: JSON shrinks tenfold at any, and a large body at a small CPU share has four seconds for all.
fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    let gzip = encoder.write_all(body).and_then(|()| encoder.finish());
    Bytes::from(gzip.expect("a Vec takes every write"))
}
