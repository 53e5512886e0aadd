//! A live table, page by page, for whoever looks at each item once and keeps little of it.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{ScanOptions, pace::ReadPace};
use crate::store::{Store, StoreError, StoredItem};

/// All items of a table, in no order. Each item comes as it was when its page was read. After an error the pages that are
/// missing do not come.
pub fn pages(store: &Store, options: ScanOptions) -> mpsc::Receiver<Result<Vec<StoredItem>, StoreError>> {
    let segments = usize::from(options.segments.max(1));
    let pace = options.read_rate.map(|rate| Arc::new(ReadPace::new(rate)));
    // As many pages wait as are read: a slow reader holds the scan back.
    let (sender, receiver) = mpsc::channel(segments);
    for segment in 0..segments {
        let (store, pace, sender) = (store.clone(), pace.clone(), sender.clone());
        tokio::spawn(async move {
            let mut after = None;
            loop {
                if let Some(pace) = &pace {
                    pace.wait().await;
                }
                let read = store.scan_page(segment, segments, after.as_ref()).await;
                if let (Some(pace), Ok(page)) = (&pace, &read) {
                    pace.took(page.read_units);
                }
                after = read.as_ref().ok().and_then(|page| page.last.clone());
                let is_unread = sender.send(read.map(|page| page.items)).await.is_err();
                if is_unread || after.is_none() {
                    return;
                }
            }
        });
    }
    receiver
}
