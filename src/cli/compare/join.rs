//! Two sets of items, compared in bounded memory: both are dealt into files by the digests of their keys, so that each file is
//! small and holds both copies of an item.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use tempfile::TempDir;

use crate::{event::Sha256Digest, store::StoredItem};

/// Into how many files the items are dealt: of 100 million, 400,000 are in memory at once. Fewer than a process may have open.
const BUCKETS: usize = 256;
/// Bytes of a digest that are kept.
const DIGEST_BYTES: usize = 16;

/// Where an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Export,
    Table,
}

/// How the two copies of an item differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    OnlyInExport,
    OnlyInTable,
    OtherContent,
}

/// The items, without their contents.
pub(super) struct Dealt {
    buckets: Vec<Mutex<BufWriter<File>>>,
    folder: TempDir,
}

impl Dealt {
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let buckets = (0..BUCKETS).map(|bucket| Ok(Mutex::new(BufWriter::new(File::create(path(&folder, bucket))?))));
        Ok(Self { buckets: buckets.collect::<io::Result<_>>()?, folder })
    }

    /// Takes an item of one side.
    pub(super) fn add(&self, side: Side, item: &StoredItem) -> io::Result<()> {
        let (group, key) = (item.group().unwrap_or_default(), item.event_key().unwrap_or_default());
        // DynamoDB's limits on keys are far below.
        let length = |text: &str| u16::try_from(text.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
        let mut record = vec![u8::from(side == Side::Table)];
        record.extend_from_slice(&item.fingerprint().as_bytes()[..DIGEST_BYTES]);
        for text in [group, key] {
            record.extend_from_slice(&length(text)?.to_le_bytes());
            record.extend_from_slice(text.as_bytes());
        }
        let bucket = Sha256Digest::of(&record[1 + DIGEST_BYTES..]).as_bytes()[0];
        let bucket = &self.buckets[usize::from(bucket)];
        bucket.lock().unwrap_or_else(PoisonError::into_inner).write_all(&record)
    }

    /// Calls `each` with every item that is not the same on both sides, and returns how many are.
    pub(super) fn compare(self, mut each: impl FnMut(Difference, String, String)) -> io::Result<u64> {
        let Self { buckets, folder } = self;
        for bucket in buckets {
            bucket.into_inner().unwrap_or_else(PoisonError::into_inner).flush()?;
        }
        let mut same = 0;
        for bucket in 0..BUCKETS {
            let bytes = fs::read(path(&folder, bucket))?;
            let mut items = BTreeMap::<(&[u8], &[u8]), [Option<&[u8]>; 2]>::new();
            let mut rest = &bytes[..];
            while let Some(Record { side, digest, place }) = Record::next(&mut rest) {
                items.entry(place).or_default()[side] = Some(digest);
            }
            for ((group, key), sides) in items {
                let difference = match sides {
                    [Some(one), Some(other)] if one == other => {
                        same += 1;
                        continue;
                    }
                    [Some(_), Some(_)] => Difference::OtherContent,
                    [Some(_), None] => Difference::OnlyInExport,
                    [None, _] => Difference::OnlyInTable,
                };
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                each(difference, text(group), text(key));
            }
        }
        Ok(same)
    }
}

/// An item in a file.
struct Record<'a> {
    /// 0 for the export, 1 for the table.
    side: usize,
    digest: &'a [u8],
    /// Group and key.
    place: (&'a [u8], &'a [u8]),
}

impl<'a> Record<'a> {
    /// Takes a record off the front.
    fn next(rest: &mut &'a [u8]) -> Option<Self> {
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at_checked(count)?;
            *rest = left;
            Some(taken)
        };
        let side = usize::from(take(1)?[0] != 0);
        let digest = take(DIGEST_BYTES)?;
        let mut text = || {
            let length = u16::from_le_bytes(take(2)?.try_into().ok()?);
            take(usize::from(length))
        };
        Some(Self { side, digest, place: (text()?, text()?) })
    }
}

fn path(folder: &TempDir, bucket: usize) -> PathBuf {
    folder.path().join(bucket.to_string())
}
