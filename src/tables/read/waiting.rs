//! Items whose bodies are in parts.

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{
    RowsError,
    spill::{Span, Spill},
};
use crate::store::{MAX_BODY_BYTES, StoredBody, StoredItem, StoredParts};

/// Items whose bodies are in parts, until all parts were read. They wait on disk; memory holds where they are.
pub(super) struct Waiting {
    spill: Spill,
    parts: Mutex<HashMap<(String, String), Span>>,
    items: Mutex<Vec<Span>>,
}

impl Waiting {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { spill: Spill::new(folder)?, parts: Mutex::default(), items: Mutex::default() })
    }

    pub(super) fn part(&self, item: &StoredItem) -> Result<(), RowsError> {
        let (Some(group), Some(key), Some(piece)) = (item.group(), item.event_key(), item.part()) else {
            return Ok(());
        };
        let place = self.spill.put(piece).map_err(RowsError::Scratch)?;
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert((group.to_owned(), key.to_owned()), place);
        Ok(())
    }

    pub(super) fn item(&self, line: &str) -> Result<(), RowsError> {
        let place = self.spill.put(line.as_bytes()).map_err(RowsError::Scratch)?;
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        Ok(())
    }

    /// Calls `each` with every item and its body, or why there is none, now that all parts were read.
    pub(super) fn resume(
        &self,
        mut each: impl FnMut(&StoredItem, Result<Vec<u8>, RowsError>) -> Result<(), RowsError>,
    ) -> Result<(), RowsError> {
        let items = std::mem::take(&mut *self.items.lock().unwrap_or_else(PoisonError::into_inner));
        for place in items {
            let mut line = Vec::new();
            self.spill.get(place, &mut line).map_err(RowsError::Scratch)?;
            // It was an item with parts when it was put away.
            let Ok(item) = StoredItem::for_rows_of_export_line(&String::from_utf8_lossy(&line)) else { continue };
            let Ok(StoredBody::Parts(parts)) = item.body() else { continue };
            each(&item, self.join(&item, &parts))?;
        }
        Ok(())
    }

    fn join(&self, item: &StoredItem, parts: &StoredParts<'_>) -> Result<Vec<u8>, RowsError> {
        let group = item.group().unwrap_or_default();
        let places = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gzip = Vec::new();
        for key in parts.keys() {
            let place = places.get(&(group.to_owned(), key.as_str().to_owned())).ok_or_else(|| parts.missing())?;
            self.spill.get(*place, &mut gzip).map_err(RowsError::Scratch)?;
            // What unpacks to a body that is read is not larger than it, and must not fill the memory.
            if gzip.len() > MAX_BODY_BYTES {
                return Err(item.damaged("its parts are larger than any body that is received").into());
            }
        }
        Ok(parts.join(&gzip)?)
    }
}
