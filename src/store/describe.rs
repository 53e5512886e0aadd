//! The table as it was deployed, for a command that looks for what is wrong with it.

use aws_sdk_dynamodb::types::{
    ExportDescription, ExportStatus, ExportType, KeySchemaElement, KeyType, ProjectionType, TableDescription,
    TableStatus, Tag, TimeToLiveDescription, TimeToLiveStatus,
};

use super::{
    Store,
    error::{StoreError, build},
    schema::{BY_TIME, EVENT_KEY, EXPIRES_AT, GROUP_ID, RECEIVED_AT, TEMPLATE_TAG, TOKENS_TAG},
};
use crate::event::Timestamp;

/// What DynamoDB says of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFacts {
    /// The table's ARN.
    pub arn: String,
    /// How many items there are about, parts of bodies among them: DynamoDB counts them every six hours.
    pub items: u64,
    /// What is not as `template.yaml` has it, in words.
    pub flaws: Vec<String>,
}

/// What a deployment says of itself, in the table's tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The version of this project that the table was deployed with.
    pub template: Option<String>,
    /// The SHA-256 digests of the callback tokens that the receiver accepts, in hex.
    pub tokens: Vec<String>,
}

/// An export of the table to S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedExport {
    /// Its ARN.
    pub arn: String,
    /// Whether it failed.
    pub has_failed: bool,
    /// Whether it holds the changes of a period, and not the whole table.
    pub is_incremental: bool,
}

impl ListedExport {
    /// When it was started, if its ARN says so: `…/export/01695353076000-a1b2c3d4` has the milliseconds since the epoch.
    pub fn started_at(&self) -> Option<Timestamp> {
        let (_, id) = self.arn.rsplit_once('/')?;
        let (millis, _) = id.split_once('-')?;
        Timestamp::from_epoch_millis(millis.parse().ok()?)
    }
}

/// Where an export lies in S3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPlace {
    /// The bucket.
    pub bucket: String,
    /// What the keys of its objects begin with.
    pub prefix: String,
}

impl Store {
    /// Looks at the table's state, keys, index and expiry.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not tell.
    pub async fn describe(&self) -> Result<TableFacts, StoreError> {
        let described = self.client.describe_table().table_name(&self.table).send().await?;
        let table = described.table.unwrap_or_else(|| TableDescription::builder().build());
        let mut flaws = flaws_of(&table);
        let expiry = self.client.describe_time_to_live().table_name(&self.table).send().await?;
        if !expires(expiry.time_to_live_description()) {
            flaws.push(format!("items do not expire by {EXPIRES_AT}"));
        }
        Ok(TableFacts {
            arn: table.table_arn.unwrap_or_default(),
            items: table.item_count.and_then(|items| items.try_into().ok()).unwrap_or_default(),
            flaws,
        })
    }

    /// What the table's tags say of the deployment. A table without them was not deployed with a template of today.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not tell.
    pub async fn deployment(&self, table: &TableFacts) -> Result<Deployment, StoreError> {
        let mut deployment = Deployment::default();
        let mut next = None;
        loop {
            let page = self.client.list_tags_of_resource().resource_arn(&table.arn).set_next_token(next).send().await?;
            for tag in page.tags() {
                match tag.key() {
                    TEMPLATE_TAG => deployment.template = Some(tag.value().to_owned()),
                    TOKENS_TAG => deployment.tokens = tag.value().split_whitespace().map(str::to_owned).collect(),
                    _ => {}
                }
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(deployment);
            }
        }
    }

    /// Writes what `template.yaml` writes into the table's tags.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not take it.
    pub async fn tag(&self, deployment: &Deployment) -> Result<(), StoreError> {
        let arn = self.describe().await?.arn;
        let tag = |name: &str, value: String| build(Tag::builder().key(name).value(value).build());
        let mut request = self.client.tag_resource().resource_arn(arn);
        if let Some(template) = &deployment.template {
            request = request.tags(tag(TEMPLATE_TAG, template.clone())?);
        }
        request.tags(tag(TOKENS_TAG, deployment.tokens.join(" "))?).send().await?;
        Ok(())
    }

    /// The exports of the table to S3, the newest first; none of more than 90 days ago, which is how long AWS lists them.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not tell.
    pub async fn exports(&self, table: &TableFacts) -> Result<Vec<ListedExport>, StoreError> {
        let mut exports = Vec::new();
        let mut pages = self.client.list_exports().table_arn(&table.arn).into_paginator().send();
        while let Some(page) = pages.next().await {
            let listed = page?.export_summaries.unwrap_or_default();
            exports.extend(listed.into_iter().map(|export| ListedExport {
                has_failed: export.export_status() == Some(&ExportStatus::Failed),
                is_incremental: export.export_type() == Some(&ExportType::IncrementalExport),
                arn: export.export_arn.unwrap_or_default(),
            }));
        }
        // The ARN ends in an id that begins with the time.
        exports.sort_by(|one, other| other.arn.cmp(&one.arn));
        Ok(exports)
    }

    /// Where an export lies.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not tell.
    pub async fn export_place(&self, arn: &str) -> Result<ExportPlace, StoreError> {
        let answer = self.client.describe_export().export_arn(arn).send().await?;
        let export = answer.export_description();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Ok(ExportPlace {
            bucket: text(export.and_then(ExportDescription::s3_bucket)),
            prefix: text(export.and_then(ExportDescription::s3_prefix)),
        })
    }
}

fn flaws_of(table: &TableDescription) -> Vec<String> {
    let mut flaws = Vec::new();
    if !matches!(table.table_status(), Some(TableStatus::Active | TableStatus::Updating)) {
        let status = table.table_status().map_or("unknown", TableStatus::as_str);
        flaws.push(format!("its status is {status}"));
    }
    if !is_keyed(table.key_schema(), GROUP_ID, EVENT_KEY) {
        flaws.push(format!("its keys are not {GROUP_ID} and {EVENT_KEY}"));
    }
    let by_time = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some(BY_TIME));
    match by_time {
        None => flaws.push(format!("there is no index {BY_TIME}")),
        Some(index) => {
            if !is_keyed(index.key_schema(), GROUP_ID, RECEIVED_AT) {
                flaws.push(format!("the keys of the index {BY_TIME} are not {GROUP_ID} and {RECEIVED_AT}"));
            }
            let projection = index.projection().and_then(|projection| projection.projection_type());
            if projection != Some(&ProjectionType::KeysOnly) {
                flaws.push(format!("the index {BY_TIME} holds more than keys"));
            }
        }
    }
    flaws
}

fn is_keyed(schema: &[KeySchemaElement], partition: &str, sort: &str) -> bool {
    let names = |kind: &KeyType| schema.iter().find(|key| key.key_type() == kind).map(KeySchemaElement::attribute_name);
    names(&KeyType::Hash) == Some(partition) && names(&KeyType::Range) == Some(sort)
}

fn expires(expiry: Option<&TimeToLiveDescription>) -> bool {
    let status = expiry.and_then(TimeToLiveDescription::time_to_live_status);
    matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        && expiry.and_then(TimeToLiveDescription::attribute_name) == Some(EXPIRES_AT)
}
