//! Responses that were pulled, kept beside those that were pushed and never twice.
//!
//! Which of both comes first decides the item's body; the other one finds it by its answers. The receiver does so when the
//! item that refuses its write is pulled, or says which of its revisions are. That is written together with such a revision,
//! so that the receiver asks for nothing where nothing was pulled.
//!
//! One gap is left: an edit that arrives within the milliseconds in which the same edit is pulled may be there twice, as two
//! revisions.

use aws_sdk_dynamodb::types::{AttributeValue, Put as PutRequest, TransactWriteItem, Update};
use bytes::Bytes;

use super::{
    Store,
    attribute::key_of,
    body::Payload,
    error::{StoreError, build},
    item::Record,
    schema::{EVENT_KEY, GROUP_ID, PART, PULLED_REVISIONS},
    stored_item::{ItemKind, StoredItem},
    transact::Transacted,
    write::{Outcome, Put},
};
use crate::event::EventKey;

impl Store {
    /// Keeps a response that was pulled, unless something that says the same is there, pulled or pushed. `record` is one
    /// that is [pulled](Record::pulled).
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer. Then it may have been kept all the same; another pull sorts that out.
    pub async fn put_pulled(&self, record: &Record, body: &Bytes) -> Result<Outcome, StoreError> {
        let payload = Payload::of(body, record.size());
        loop {
            let versions = self.versions(&record.group, &record.key).await?;
            if versions.iter().any(|version| version.kind() == ItemKind::Erased) {
                return Ok(Outcome::Duplicate);
            }
            for version in &versions {
                if self.says_the_same(version, body).await? {
                    return Ok(Outcome::Duplicate);
                }
            }
            let is_first = versions.iter().all(|version| version.event_key() != Some(record.key.as_str()));
            if is_first {
                if let Put::Accepted = self.put_under(&record.key, record, &payload).await? {
                    return Ok(Outcome::Stored);
                }
            } else if let Some(outcome) = self.put_pulled_revision(record, &payload).await? {
                return Ok(outcome);
            }
            // The first came or went in between: look again.
        }
    }

    /// None when there is no first that it is a revision of.
    async fn put_pulled_revision(&self, record: &Record, payload: &Payload<'_>) -> Result<Option<Outcome>, StoreError> {
        let Some(content) = &record.content else { return Ok(Some(Outcome::Quarantined)) };
        let key = record.key.revision(content);
        if let Payload::Parts(parts) = payload {
            self.put_parts(&key, record, parts).await?;
        }
        let revision = PutRequest::builder()
            .table_name(&self.table)
            .set_item(Some(record.item(&key, payload, self.retention_days)))
            .condition_expression(format!("attribute_not_exists({EVENT_KEY})"));
        let note = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_of(&record.group, record.key.as_str())))
            .condition_expression(format!("attribute_exists({EVENT_KEY})"))
            .update_expression(format!("ADD {PULLED_REVISIONS} :revision"))
            .expression_attribute_values(":revision", AttributeValue::Ss(vec![key.to_string()]));
        let writes = [
            TransactWriteItem::builder().put(build(revision.build())?).build(),
            TransactWriteItem::builder().update(build(note.build())?).build(),
        ];
        Ok(match self.transact(&writes).await? {
            Transacted::Done => Some(Outcome::Revised),
            // Under that key is the same content.
            Transacted::Refused(failed) if failed.first() == Some(&true) => Some(Outcome::Duplicate),
            Transacted::Refused(_) => None,
        })
    }

    /// Everything under an event's key: the first, and its revisions.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn versions(&self, group: &str, key: &EventKey) -> Result<Vec<StoredItem>, StoreError> {
        let mut versions: Vec<_> = self.get(group, key.as_str()).await?.into_iter().collect();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!("{GROUP_ID} = :group AND begins_with({EVENT_KEY}, :prefix)"))
            .filter_expression(format!("attribute_not_exists({PART})"))
            .expression_attribute_values(":group", AttributeValue::S(group.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(key.revision_prefix()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            versions.extend(page?.items.unwrap_or_default().into_iter().map(StoredItem::from));
        }
        Ok(versions)
    }
}
