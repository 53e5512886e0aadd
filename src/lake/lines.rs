//! The lines of a data file, as it comes out of the bucket: what is in memory is one piece of it.

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::write::MultiGzDecoder;
use futures_util::TryStreamExt;
use md5::{Digest, Md5};

use super::{LakeError, export_id::export_id, objects::Objects, plan::PlannedFile};

/// Compressed bytes that are unpacked at once. Deflate makes no more than about a thousand out of one.
const PIECE_BYTES: usize = 16 * 1024;
/// The longest line. An item has at most 400 KB; as JSON, each byte is six at the most, and a line has two images.
const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

/// Calls `each` with the number of every line, from 1, and the line.
///
/// The file's checksum and number of lines are known at its end: until this function has returned, nothing may be made of
/// the lines that others see.
pub(super) async fn for_each_line(
    objects: &Objects,
    export_arn: &str,
    file: &PlannedFile,
    mut each: impl AsyncFnMut(u64, &[u8]) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let wrong =
        |what: String| LakeError::DataFile { export: export_id(export_arn).to_owned(), file: file.key.clone(), what };
    let unpacked = |error: io::Error| wrong(format!("it does not unpack ({error})"));
    let mut lines = Lines { gzip: MultiGzDecoder::new(Vec::new()), start: 0, count: 0 };
    let mut md5 = Md5::new();
    let mut object = objects.open(&file.key).await?.into_stream();
    while let Some(bytes) = object.try_next().await.map_err(LakeError::storage(&file.key))? {
        md5.update(&bytes);
        for piece in bytes.chunks(PIECE_BYTES) {
            lines.gzip.write_all(piece).map_err(unpacked)?;
            while let Some((number, line)) = lines.next() {
                each(number, line).await?;
            }
            if lines.forget_read() > MAX_LINE_BYTES {
                return Err(wrong(format!("line {} is longer than any that DynamoDB writes", lines.count + 1)));
            }
        }
    }
    lines.gzip.try_finish().map_err(unpacked)?;
    while let Some((number, line)) = lines.next() {
        each(number, line).await?;
    }
    if lines.forget_read() > 0 {
        return Err(wrong("its last line has no end".to_owned()));
    }
    if STANDARD.encode(md5.finalize()) != file.md5 {
        return Err(wrong("its MD5 checksum is not that of the manifest".to_owned()));
    }
    if lines.count != file.items {
        return Err(wrong(format!("it has {} lines, and {} in the manifest", lines.count, file.items)));
    }
    Ok(())
}

struct Lines {
    /// Unpacks into the bytes that were not read yet, and those from there to `start`.
    gzip: MultiGzDecoder<Vec<u8>>,
    start: usize,
    count: u64,
}

impl Lines {
    /// The next line that is whole.
    fn next(&mut self) -> Option<(u64, &[u8])> {
        let rest = &self.gzip.get_ref()[self.start..];
        let end = memchr::memchr(b'\n', rest)?;
        self.start += end + 1;
        self.count += 1;
        Some((self.count, &rest[..end]))
    }

    /// Makes room; returns how many bytes wait for the end of their line.
    fn forget_read(&mut self) -> usize {
        let bytes = self.gzip.get_mut();
        bytes.drain(..std::mem::take(&mut self.start));
        bytes.len()
    }
}
