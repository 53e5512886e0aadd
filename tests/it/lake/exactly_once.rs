//! Whatever happens to the table and to those who work on the lake, in whatever order, the lake has the rows of a fresh
//! export.

use std::{
    collections::{BTreeMap, HashMap},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use bytes::Bytes;
use kaizala_webhook::{
    event::{Event, Sha256Digest, Timestamp},
    store::{Arrival, QuarantineReason, Record, StoredItem},
    tables::{Flattened, flatten},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use super::{
    aws::{Attributes, Aws, ItemKey, MINUTE, SECOND, attributes, stored_item, time},
    happening::{Happening, happening},
    storage::{Shaky, execute, finished, keys, lake, lake_over, rows},
};
use crate::support::{
    events::noise,
    tables::{json_row, sorted},
};

const SEQUENCES: u32 = 1000;
/// How long what expires is kept.
const RETENTION: i64 = 40 * MINUTE;

/// A deployment, and what there is to know about it.
struct Deployment {
    aws: Aws,
    executions: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    bodies: HashMap<ItemKey, Bytes>,
    /// When versions of items expire, by key and arrival.
    expiries: HashMap<(String, String, String), i64>,
}

impl Deployment {
    fn new() -> Self {
        let aws = Aws::new("2026-11-23T20:00:00.300Z");
        Self { aws, executions: Vec::new(), bodies: HashMap::new(), expiries: HashMap::new() }
    }

    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Deliver { id, version, expires } => self.deliver(*id, *version, *expires),
            Happening::Pull { id, version } => self.pull(*id, *version),
            Happening::Replace { id, version } => {
                let key = key_of(&event_items(*id, *version, self.aws.now(), false));
                let there = self.aws.table().items.get(&key).cloned();
                if let Some(arrival) = there.as_ref().and_then(arrival) {
                    self.put(event_items(*id, *version, arrival, false), &body(*id, *version), false);
                }
            }
            Happening::Quarantine { number } => self.quarantine(*number),
            Happening::Replay { number } => self.replay(*number),
            Happening::Erase { id } => self.erase(*id),
            Happening::Expire => {
                let now = self.aws.table().now;
                self.delete(|item| expires_at(item).is_some_and(|at| at * SECOND < now));
            }
            Happening::Wait { minutes, millis } => {
                let mut table = self.aws.table();
                let next = table.now / MINUTE * MINUTE + i64::from(*minutes) * MINUTE + i64::from(*millis) * 1000;
                table.now = table.now.max(next);
            }
            Happening::Begin { group_bytes, faults, calls } => {
                let bucket = Shaky::new(self.aws.bucket.clone(), faults.iter().copied());
                let lake = lake_over(&self.aws, Arc::new(bucket)).grouping_by(*group_bytes);
                let aws = self.aws.clone();
                self.executions.push(Box::pin(async move {
                    // Whoever fails is repeated an hour later.
                    let _ = execute(&lake, || aws.now()).await;
                }));
                self.go_on(self.executions.len() - 1, *calls);
            }
            Happening::GoOn { which, calls } if !self.executions.is_empty() => {
                let at = which.index(self.executions.len());
                self.go_on(at, *calls);
            }
            Happening::Kill { which } if !self.executions.is_empty() => {
                drop(self.executions.swap_remove(which.index(self.executions.len())));
            }
            Happening::GoOn { .. } | Happening::Kill { .. } => {}
            Happening::Run => self.run(),
            Happening::Exports { takes, fails } => {
                let mut table = self.aws.table();
                (table.takes, table.fails) = (*takes, *fails);
            }
        }
        self.aws.table().now += 1000;
    }

    fn deliver(&mut self, id: u8, version: u8, expires: bool) {
        let now = self.aws.now();
        let first = key_of(&event_items(id, version, now, false));
        let there = self.aws.table().items.get(&first).cloned();
        match there {
            None => self.put(event_items(id, version, now, false), &body(id, version), expires),
            Some(item) if item.contains_key("erased") || self.bodies[&first] == body(id, version) => {}
            Some(_) => self.put_new(event_items(id, version, now, true), &body(id, version), expires),
        }
    }

    fn pull(&mut self, id: u8, version: u8) {
        let now = self.aws.now();
        let first = key_of(&event_items(id, version, now, false));
        let there = self.aws.table().items.get(&first).cloned();
        let Some(mut item) = there.filter(|item| !item.contains_key("erased")) else { return };
        let revision = event_items(id, version, now, true);
        item.insert("pulledRevisions".to_owned(), json!({"SS": [key_of(&revision).1]}));
        self.aws.table().put(item);
        self.put_new(revision, &body(id, version), false);
    }

    fn quarantine(&mut self, number: u8) {
        // DynamoDB says of an item that comes and goes within a window nothing at all. If the full export before the window
        // has looked ahead and seen it, nobody can know that it went; so nothing comes in that second that may go.
        let mut table = self.aws.table();
        if table.now % MINUTE < SECOND {
            table.now += SECOND;
        }
        drop(table);
        let body = quarantined_body(number);
        let reason = QuarantineReason::Unreadable(Event::parse(b"{").expect_err("it is not an event"));
        let arrival = Arrival { received_at: self.aws.now(), request_id: None };
        self.put_new(Record::of_quarantined(&body, reason, arrival).stored_items(&body, false), &body, false);
    }

    /// Both halves in one transaction, at one time.
    fn replay(&mut self, number: u8) {
        let key = ("quarantine".to_owned(), Sha256Digest::of(&quarantined_body(number)).to_string());
        let there = self.aws.table().items.get(&key).cloned();
        let Some(arrival) = there.as_ref().and_then(arrival) else { return };
        self.aws.table().write(key, None);
        self.put_new(event_items(number, 9, arrival, false), &body(number, 9), false);
    }

    fn erase(&mut self, id: u8) {
        let now = self.aws.table().now;
        let key = key_of(&event_items(id, 0, self.aws.now(), false));
        let prefix = format!("{}#", key.1);
        let keys: Vec<_> = {
            let table = self.aws.table();
            let all = table.items.iter().filter(|(item, _)| item.1 == key.1 || item.1.starts_with(&prefix));
            all.filter(|(_, item)| !item.contains_key("erased"))
                .map(|(key, item)| (key.clone(), item.contains_key("part")))
                .collect()
        };
        for (key, is_part) in keys {
            let mark = json!({
                "groupId": {"S": key.0}, "eventKey": {"S": key.1}, "erased": {"BOOL": true},
                "expiresAt": {"N": (now / SECOND + 3 * 24 * 3600).to_string()},
            });
            self.aws.table().write(key, mark.as_object().filter(|_| !is_part).cloned());
        }
    }

    fn delete(&mut self, is_wanted: impl Fn(&Attributes) -> bool) {
        let mut table = self.aws.table();
        let keys: Vec<_> = table.items.iter().filter(|(_, item)| is_wanted(item)).map(|(key, _)| key.clone()).collect();
        for key in keys {
            table.write(key, None);
        }
    }

    fn put_new(&mut self, items: Vec<StoredItem>, body: &Bytes, expires: bool) {
        let is_there = self.aws.table().items.contains_key(&key_of(&items));
        if !is_there {
            self.put(items, body, expires);
        }
    }

    fn put(&mut self, items: Vec<StoredItem>, body: &Bytes, expires: bool) {
        let mut table = self.aws.table();
        let key = key_of(&items);
        for item in items {
            let mut item = attributes(&item);
            if expires {
                let at = (table.now + RETENTION) / SECOND;
                item.insert("expiresAt".to_owned(), json!({"N": at.to_string()}));
            }
            if let Some(received_at) = item.get("receivedAt").and_then(|time| time["S"].as_str()) {
                let version = (key.0.clone(), key.1.clone(), received_at.to_owned());
                self.expiries.insert(version, expires_at(&item).unwrap_or(i64::MAX));
            }
            table.put(item);
        }
        self.bodies.insert(key, body.clone());
    }

    /// Lets an execution make some calls.
    fn go_on(&mut self, at: usize, calls: u8) {
        for _ in 0..calls {
            let execution = self.executions[at].as_mut();
            if execution.poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                drop(self.executions.swap_remove(at));
                return;
            }
        }
    }

    fn run(&mut self) {
        // It may meet an export that fails, once; that is an error and a new beginning.
        let lake = lake(&self.aws);
        for _ in 0..2 {
            if finished(execute(&lake, || self.aws.now())).is_ok() {
                return;
            }
        }
        panic!("{:?}", finished(execute(&lake, || self.aws.now())));
    }

    /// Nobody touches the table any more, and everybody comes to an end.
    fn settles(&mut self) {
        let last = self.aws.table().now;
        self.catch_up(last);
        while let Some(mut late) = self.executions.pop() {
            while late.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {}
        }
        self.catch_up(last);
    }

    /// Runs until everything that was written before is in the lake.
    fn catch_up(&mut self, written_before: i64) {
        self.aws.table().now += 17 * MINUTE;
        for _ in 0..20 {
            self.run();
            let done = json_at(&self.aws, "lake/state.json")["done"].as_str().and_then(|done| done.parse().ok());
            if done.is_some_and(|done: Timestamp| done > time(written_before)) {
                return;
            }
        }
        panic!("the lake does not get on");
    }

    /// Whether what a row comes of has not expired.
    fn is_kept(&self, row: &Value) -> bool {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let version = (text("group_id"), text("event_key"), text("received_at"));
        self.expiries.get(&version).is_none_or(|at| *at > self.aws.table().now / SECOND)
    }

    /// What an export of the table would have.
    fn expected(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let mut tables = BTreeMap::<_, Vec<_>>::new();
        for (key, item) in &self.aws.table().items {
            if item.contains_key("part") || item.contains_key("erased") {
                continue;
            }
            let flattened = flatten(&stored_item(item), &self.bodies[key], true, &mut |row| {
                let mut json = json_row(row, 0);
                json.as_object_mut().expect("it is an object").remove("is_latest");
                tables.entry(row.table().name()).or_default().push(json);
            });
            assert_eq!(flattened, Flattened::Rows);
        }
        tables
    }

    fn kept(&self, tables: BTreeMap<&'static str, Vec<Value>>) -> BTreeMap<&'static str, Vec<Value>> {
        let kept = tables
            .into_iter()
            .map(|(table, rows)| (table, sorted(rows.into_iter().filter(|row| self.is_kept(row)).collect())));
        kept.filter(|(_, rows)| !rows.is_empty()).collect()
    }
}

fn arrival(item: &Attributes) -> Option<Timestamp> {
    item.get("receivedAt")?["S"].as_str()?.parse().ok()
}

fn json_at(aws: &Aws, key: &str) -> Value {
    serde_json::from_slice(&super::storage::content(&aws.bucket, key)).expect("it is JSON")
}

fn expires_at(item: &Attributes) -> Option<i64> {
    item.get("expiresAt")?["N"].as_str()?.parse().ok()
}

fn key_of(items: &[StoredItem]) -> ItemKey {
    let item = items.last().expect("there is an item");
    let text = |name: &str| item.text(name).expect("it has a key").to_owned();
    (text("groupId"), text("eventKey"))
}

fn event_items(id: u8, version: u8, received_at: Timestamp, as_revision: bool) -> Vec<StoredItem> {
    let body = body(id, version);
    let event = Event::parse(&body).expect("it is an event");
    Record::of_event(&event, Arrival { received_at, request_id: None }).stored_items(&body, as_revision)
}

/// The body of an event. From id 100 on, one that is in parts.
fn body(id: u8, version: u8) -> Bytes {
    static LARGE: Mutex<BTreeMap<(u8, u8), Bytes>> = Mutex::new(BTreeMap::new());
    let (event_type, data) = match id % 6 {
        _ if id >= 100 => {
            let mut large = LARGE.lock().expect("nobody panicked");
            let body = large.entry((id, version)).or_insert_with(|| {
                let text = noise(&format!("{id} {version}"), 600 * 1024);
                let event = json!({"eventId": format!("e{id}"), "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}});
                event.to_string().into()
            });
            return body.clone();
        }
        0 => (
            "SurveyResponse",
            json!({"responseId": format!("r{id}"), "responseDetails": {"responseWithQuestions": [
            {"title": "Q", "type": "Text", "answer": format!("a{version}")},
            {"title": "Many", "type": "MultiOption", "answer": vec!["x"; usize::from(version)]}]}}),
        ),
        1 => ("TextMessageCreated", json!({"text": format!("t{version}")})),
        2 => (
            "SurveyCreated",
            json!({"actionId": "a", "title": format!("s{version}"), "questions": [
            {"title": "Q", "type": "Text"}, {"title": "Many", "type": "MultiOption"}]}),
        ),
        3 => ("JobCreated", json!({"actionId": "j", "title": format!("j{version}"), "assignedTo": ["+1", "+2"]})),
        4 => ("MemberAdded", json!({"member": format!("+{version}")})),
        _ => ("PollCreated", json!({"anything": version})),
    };
    let event =
        json!({"eventId": format!("e{id}"), "eventType": event_type, "groupId": format!("g{}", id % 2), "data": data});
    event.to_string().into()
}

fn quarantined_body(number: u8) -> Bytes {
    format!("not an event, {number}").into()
}

#[test]
fn the_lake_has_the_rows_of_a_fresh_export_whatever_has_happened() {
    let mut runner = TestRunner::new(Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() });
    let looks_ahead = prop_oneof![Just(0), Just(SECOND / 2), Just(SECOND)];
    let same = runner.run(&(looks_ahead, vec(happening(), 4..24)), |(looks_ahead, happenings)| {
        let mut deployment = Deployment::new();
        deployment.aws.table().looks_ahead = looks_ahead;
        for happening in &happenings {
            deployment.happens(happening);
        }
        deployment.settles();
        let expected = deployment.kept(deployment.expected());
        prop_assert_eq!(deployment.kept(rows(&deployment.aws.bucket)), expected);
        prop_assert_eq!(keys(&deployment.aws.bucket, "rejected"), Vec::<String>::new());
        Ok(())
    });
    if let Err(error) = same {
        panic!("{error}");
    }
}
