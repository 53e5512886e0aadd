//! Lines of exports, full and incremental: an item, or what became of one within a period.
//!
//! Their form is documented under "DynamoDB table export output format" in the DynamoDB developer guide.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, de::Error};

use super::{
    attribute::Item,
    dynamodb_json::{All, Attributes, ForRows},
    schema,
    stored_item::{ItemKind, StoredItem},
};

/// A line of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportLine {
    /// Of a full export: an item, without the attributes that no row is made of.
    Item(StoredItem),
    /// Of an incremental export: what became of an item.
    Change(Change),
}

/// What became of an item within the period of an incremental export, whatever happened in between.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When it was last written, in microseconds since the epoch.
    pub written_at_micros: u64,
    /// The item before the period; `None` when there was none.
    pub old: Option<StoredItem>,
    /// The item at the end of the period; `None` when it was deleted.
    pub new: Option<StoredItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    // Two images are compared, this one becomes rows.
    item: Option<Attributes<ForRows>>,
    metadata: Option<Metadata>,
    old_image: Option<Attributes<All>>,
    new_image: Option<Attributes<All>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    write_timestamp_micros: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Number {
    n: String,
}

impl ExportLine {
    /// Reads a line.
    ///
    /// # Errors
    /// If the line is not one that DynamoDB writes.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        let Line { item, metadata, old_image, new_image } = serde_json::from_str(line)?;
        if let Some(item) = item {
            return Ok(Self::Item(item.0.into()));
        }
        let metadata = metadata.ok_or_else(|| serde_json::Error::custom("neither Item nor Metadata"))?;
        let written_at_micros = metadata.write_timestamp_micros.n.parse().map_err(serde_json::Error::custom)?;
        let image = |attributes: Attributes<All>| StoredItem::from(attributes.0);
        let (old, new) = (old_image.map(image), new_image.map(image));
        Ok(Self::Change(Change { written_at_micros, old, new }))
    }
}

impl Change {
    /// Appends the change as a line of an incremental export with the view `NEW_AND_OLD_IMAGES`.
    pub fn write_export_line(&self, out: &mut Vec<u8>) {
        let Some(either) = self.new.as_ref().or(self.old.as_ref()) else { return };
        let micros = self.written_at_micros;
        out.extend_from_slice(format!(r#"{{"Metadata":{{"WriteTimestampMicros":{{"N":"{micros}"}}}}"#).as_bytes());
        out.extend_from_slice(br#","Keys":"#);
        either.keys().write_attributes(out);
        for (name, image) in [("OldImage", &self.old), ("NewImage", &self.new)] {
            if let Some(image) = image {
                out.extend_from_slice(format!(r#","{name}":"#).as_bytes());
                image.write_attributes(out);
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

impl StoredItem {
    /// Whether two items say the same, apart from the notes about an event's pulled revisions, which make no rows.
    pub fn equals_but_for_notes(&self, other: &Self) -> bool {
        fn said(item: &StoredItem) -> impl Iterator<Item = (&String, &AttributeValue)> {
            item.attributes().iter().filter(|(name, _)| *name != schema::PULLED_REVISIONS)
        }
        said(self).count() == said(other).count()
            && said(self).all(|(name, value)| other.attributes().get(name) == Some(value))
    }

    /// Whether rows come of it.
    pub fn makes_rows(&self) -> bool {
        match self.kind() {
            ItemKind::Event | ItemKind::Quarantined | ItemKind::Group => true,
            ItemKind::Part | ItemKind::Erased => false,
        }
    }

    /// The key attributes alone.
    fn keys(&self) -> Self {
        let is_key = |name: &str| [schema::GROUP_ID, schema::EVENT_KEY].contains(&name);
        let keys = self.attributes().iter().filter(|(name, _)| is_key(name));
        Self::from(keys.map(|(name, value)| (name.clone(), value.clone())).collect::<Item>())
    }
}
