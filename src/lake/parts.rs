//! The body of an item. Its parts may be in another file or window than the item, so that they are read from the table.

use std::borrow::Cow;

use super::{Database, Lake, LakeError};
use crate::store::{ReadError, StoredBody, StoredItem, StoredParts};

/// The body of an item, or why there is none.
pub(super) enum Body<'a> {
    /// All of it.
    Whole(Cow<'a, [u8]>),
    /// The item was deleted or replaced since: its end comes with a later window, and what replaced it too.
    Gone,
    /// The item is damaged: how.
    Damaged(&'static str),
}

impl<D: Database> Lake<D> {
    pub(super) async fn body<'a>(&self, item: &'a StoredItem) -> Result<Body<'a>, LakeError> {
        let damaged = match item.body() {
            Ok(StoredBody::Whole(body)) => return Ok(Body::Whole(body)),
            Ok(StoredBody::Parts(parts)) => match self.join(item, &parts).await? {
                Ok(body) => return Ok(Body::Whole(body.into())),
                Err(damaged) => damaged,
            },
            Err(error) => error,
        };
        let ReadError::Damaged { group, key, what } = damaged else { return Ok(Body::Damaged("it has no body")) };
        let now = self.database.item(&group, &key).await?;
        let is_there = now.is_some_and(|now| now.equals_but_for_notes(item));
        Ok(if is_there { Body::Damaged(what) } else { Body::Gone })
    }

    async fn join(&self, item: &StoredItem, parts: &StoredParts<'_>) -> Result<Result<Vec<u8>, ReadError>, LakeError> {
        let group = item.group().unwrap_or_default();
        let mut gzip = Vec::new();
        for key in parts.keys() {
            let part = self.database.item(group, key.as_str()).await?;
            match part.as_ref().and_then(|part| part.part()) {
                Some(piece) => gzip.extend_from_slice(piece),
                None => return Ok(Err(parts.missing())),
            }
        }
        Ok(parts.join(&gzip))
    }
}
