//! A table that remembers what was written when, and exports of it as AWS writes them, in plain `serde_json`: nothing of the
//! project's own reader or writer of such files is in here.

use std::{
    collections::{BTreeMap, HashMap},
    io::Write as _,
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use kaizala_webhook::{
    event::Timestamp,
    lake::Database,
    store::{ExportRequest, ExportStatus, StoreError, StoredItem},
};
use md5::{Digest, Md5};
use object_store::{ObjectStoreExt, memory::InMemory, path::Path as Key};
use serde_json::{Map, Value, json};

use super::storage::ready;

pub const TABLE_ARN: &str = "arn:aws:dynamodb:eu-west-1:123456789012:table/kaizala-events";
pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;

/// An item in DynamoDB JSON.
pub type Attributes = Map<String, Value>;
/// Group and event key.
pub type ItemKey = (String, String);

/// DynamoDB and the bucket that it exports to.
#[derive(Clone)]
pub struct Aws {
    table: Arc<Mutex<Table>>,
    pub bucket: Arc<InMemory>,
}

pub struct Table {
    /// Microseconds since the epoch.
    pub now: i64,
    pub items: BTreeMap<ItemKey, Attributes>,
    log: Vec<Write>,
    exports: HashMap<String, Export>,
    tokens: HashMap<String, String>,
    /// How far behind its time a full export may look, of the exports to come.
    pub looks_ahead: i64,
    /// How often the next exports are asked for before they are complete.
    pub takes: u8,
    /// The next export fails.
    pub fails: bool,
    pub earliest_restorable: Option<Timestamp>,
}

struct Write {
    at: i64,
    key: ItemKey,
    item: Option<Attributes>,
}

struct Export {
    left: u8,
    fails: bool,
}

impl Aws {
    /// An empty table at some time.
    pub fn new(now: &str) -> Self {
        let now = Timestamp::from_rfc3339(now).expect("it is a time");
        let table = Table {
            now: now.epoch_millis() * 1000,
            items: BTreeMap::new(),
            log: Vec::new(),
            exports: HashMap::new(),
            tokens: HashMap::new(),
            looks_ahead: 0,
            takes: 0,
            fails: false,
            earliest_restorable: Some(Timestamp::EPOCH),
        };
        Self { table: Arc::new(Mutex::new(table)), bucket: Arc::default() }
    }

    pub fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nobody panicked")
    }

    pub fn now(&self) -> Timestamp {
        time(self.table().now)
    }

    /// Puts an object into the bucket behind everybody's back.
    pub fn plant(&self, key: &str, content: impl Into<Vec<u8>>) {
        ready(self.bucket.put(&Key::from(key), content.into().into())).expect("memory takes it");
    }

    /// Writes an export in AWS's layout: `lines` in files of that many.
    pub fn plant_export(&self, id: &str, summary: Value, lines: &[String], files: usize) {
        let folder = if summary["exportType"] == "INCREMENTAL_EXPORT" {
            "lake/exports/AWSDynamoDB/data".to_owned()
        } else {
            format!("lake/exports/AWSDynamoDB/{id}/data")
        };
        let mut list = String::new();
        // Partitions without items have their files too.
        for number in 0..=files {
            let lines: Vec<_> = lines.iter().skip(number).step_by(files).filter(|_| number < files).collect();
            let text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            let gzip = gzip.write_all(text.as_bytes()).and_then(|()| gzip.finish()).expect("a Vec takes every write");
            // Random names, in AWS.
            let name = hex::encode(Md5::digest(format!("{id}{number}")));
            let md5 = Md5::digest(&gzip);
            let file = json!({
                "itemCount": lines.len(), "md5Checksum": STANDARD.encode(md5), "etag": hex::encode(md5),
                "dataFileS3Key": format!("{folder}/{name}.json.gz"),
            });
            list.extend([file.to_string(), "\n".to_owned()]);
            self.plant(&format!("{folder}/{name}.json.gz"), gzip);
        }
        let mut summary = summary;
        summary["itemCount"] = json!(lines.len());
        summary["outputFormat"] = json!("DYNAMODB_JSON");
        for (name, text) in [("manifest-files", list), ("manifest-summary", summary.to_string())] {
            let key = format!("lake/exports/AWSDynamoDB/{id}/{name}");
            self.plant(&format!("{key}.md5"), STANDARD.encode(Md5::digest(&text)));
            self.plant(&format!("{key}.json"), text);
        }
    }
}

pub fn time(micros: i64) -> Timestamp {
    Timestamp::from_epoch_millis(micros / 1000).expect("it is in range")
}

/// An item as DynamoDB JSON.
pub fn attributes(item: &StoredItem) -> Attributes {
    let mut line = Vec::new();
    item.write_export_line(&mut line);
    let line: Value = serde_json::from_slice(&line).expect("it is JSON");
    line["Item"].as_object().expect("it is an object").clone()
}

/// An item from DynamoDB JSON.
pub fn stored_item(attributes: &Attributes) -> StoredItem {
    StoredItem::from_export_line(&json!({ "Item": attributes }).to_string()).expect("it is an item")
}

impl Table {
    /// Writes an item, or deletes one.
    pub fn write(&mut self, key: ItemKey, item: Option<Attributes>) {
        match &item {
            Some(item) => self.items.insert(key.clone(), item.clone()),
            None => self.items.remove(&key),
        };
        self.log.push(Write { at: self.now, key, item });
    }

    /// Writes an item under its own key.
    pub fn put(&mut self, item: Attributes) {
        let text = |name: &str| item[name]["S"].as_str().expect("it has a key").to_owned();
        self.write((text("groupId"), text("eventKey")), Some(item));
    }

    /// The table before everything that was written from then on.
    fn before(&self, micros: i64) -> BTreeMap<&ItemKey, &Attributes> {
        let mut items = BTreeMap::new();
        for write in self.log.iter().filter(|write| write.at < micros) {
            match &write.item {
                Some(item) => items.insert(&write.key, item),
                None => items.remove(&write.key),
            };
        }
        items
    }

    fn full_lines(&self, at: i64) -> Vec<String> {
        let items = self.before(at + self.looks_ahead);
        items.values().map(|item| json!({ "Item": item }).to_string()).collect()
    }

    fn incremental_lines(&self, from: i64, to: i64) -> Vec<String> {
        let (before, after) = (self.before(from), self.before(to));
        let mut written = BTreeMap::new();
        for write in self.log.iter().filter(|write| (from..to).contains(&write.at)) {
            written.insert(&write.key, write.at);
        }
        let line = |(key, at): (&ItemKey, i64)| {
            let (old, new) = (before.get(key), after.get(key));
            if old.is_none() && new.is_none() {
                return None;
            }
            let mut line = json!({
                "Metadata": {"WriteTimestampMicros": {"N": at.to_string()}},
                "Keys": {"groupId": {"S": key.0}, "eventKey": {"S": key.1}},
            });
            for (name, image) in [("OldImage", old), ("NewImage", new)] {
                if let Some(image) = image {
                    line[name] = json!(image);
                }
            }
            Some(line.to_string())
        };
        written.into_iter().filter_map(line).collect()
    }
}

impl Database for Aws {
    async fn earliest_restorable(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.table().earliest_restorable)
    }

    async fn start_export(&self, wanted: &ExportRequest) -> Result<String, StoreError> {
        let mut table = self.table();
        if let Some(arn) = table.tokens.get(&wanted.client_token) {
            return Ok(arn.clone());
        }
        assert_eq!(wanted.table_arn, TABLE_ARN);
        assert!(wanted.to.epoch_millis() * 1000 < table.now, "DynamoDB refuses a time in the future");
        let number = table.exports.len();
        let id = format!("{:014}-{number:08x}", table.now / 1000 + i64::try_from(number).expect("there are few"));
        let arn = format!("{TABLE_ARN}/export/{id}");
        let micros = |time: Timestamp| time.epoch_millis() * 1000;
        let (summary, lines) = match wanted.from {
            None => (
                json!({"version": "2020-06-30", "exportType": "FULL_EXPORT", "exportTime": wanted.to.to_string()}),
                table.full_lines(micros(wanted.to)),
            ),
            Some(from) => (
                json!({"version": "2023-08-01", "exportType": "INCREMENTAL_EXPORT", "outputView": "NEW_AND_OLD_IMAGES",
                       "exportFromTime": from.to_string(), "exportToTime": wanted.to.to_string()}),
                table.incremental_lines(micros(from), micros(wanted.to)),
            ),
        };
        let fails = std::mem::take(&mut table.fails);
        let left = table.takes;
        table.exports.insert(arn.clone(), Export { left, fails });
        table.tokens.insert(wanted.client_token.clone(), arn.clone());
        drop(table);
        if !fails {
            self.plant_export(&id, summary, &lines, 1 + number % 3);
        }
        Ok(arn)
    }

    async fn export_status(&self, arn: &str) -> Result<ExportStatus, StoreError> {
        let mut table = self.table();
        let export = table.exports.get_mut(arn).expect("it was begun");
        if export.left > 0 {
            export.left -= 1;
            return Ok(ExportStatus::InProgress);
        }
        Ok(if export.fails {
            ExportStatus::Failed { code: "S3NoSuchBucket".to_owned(), message: "no bucket".to_owned() }
        } else {
            ExportStatus::Completed
        })
    }

    async fn item(&self, group: &str, key: &str) -> Result<Option<StoredItem>, StoreError> {
        Ok(self.table().items.get(&(group.to_owned(), key.to_owned())).map(stored_item))
    }
}
