//! A world for a test: a receiver over a table of its own.

use std::{collections::HashMap, num::NonZeroU32};

use aws_sdk_dynamodb::{
    Client,
    primitives::Blob,
    types::{AttributeValue, TableDescription},
};
use bytes::Bytes;
use http::{Request, Response};
use kaizala_webhook::{
    clock,
    receiver::{Receiver, lambda},
    store::{Arrival, Store, StoredItem, connect_local},
    token::{AcceptedTokens, TokenDigest},
};
use lambda_runtime::{Context, LambdaEvent};
use tokio::net::TcpListener;

use super::{
    events::{CALLBACK_TOKEN, Reply, Sample},
    proxy::Proxy,
};

pub const TABLE: &str = "events-under-test";

/// A receiver, the proxy through which it reaches its table, and a store that bypasses the proxy.
pub struct World {
    pub receiver: Receiver,
    pub proxy: Proxy,
    /// The receiver's store, through the proxy.
    pub store: Store,
    /// A store of the same table that does not use the proxy.
    pub behind: Store,
    pub client: Client,
}

impl World {
    pub async fn new() -> Self {
        Self::with_retention(None).await
    }

    pub async fn with_retention(days: Option<u32>) -> Self {
        let engine = engine().await;
        let proxy = Proxy::start(&engine).await;
        let client = connect_local(&engine);
        let days = days.and_then(NonZeroU32::new);
        let behind = Store::new(client.clone(), TABLE, days);
        behind.create_table().await.expect("the table is made");
        let store = Store::new(connect_local(proxy.url()), TABLE, days);
        let tokens = AcceptedTokens::only(TokenDigest::of(CALLBACK_TOKEN.as_bytes()));
        let receiver = Receiver::new(tokens, store.clone());
        Self { receiver, proxy, store, behind, client }
    }

    /// Delivers an event of `events/` to the code that the Lambda runs.
    pub async fn deliver(&self, sample: &Sample) -> Reply {
        let event = LambdaEvent::new(sample.payload(), Context::default());
        Reply::from_lambda(lambda::answer(&self.receiver, event).await)
    }

    /// Delivers a body under a request id of its own.
    pub async fn deliver_body(&self, body: impl Into<Vec<u8>>) -> Reply {
        self.deliver(&Sample::with_body(&body.into())).await
    }

    /// Sends a plain HTTP request.
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> Response<Bytes> {
        self.receiver.answer(request.map(Into::into), arrival()).await
    }

    /// All items except parts, by their keys.
    pub async fn items(&self) -> HashMap<(String, String), StoredItem> {
        self.all_items().await.into_iter().filter(|(_, item)| !item.is_part()).collect()
    }

    /// How many part items there are.
    pub async fn parts(&self) -> usize {
        self.all_items().await.values().filter(|item| item.is_part()).count()
    }

    /// The only item of the table.
    pub async fn only_item(&self) -> StoredItem {
        let items = self.items().await;
        assert_eq!(items.len(), 1, "one item was expected: {:?}", items.keys());
        items.into_values().next().expect("there is one")
    }

    /// The item under a key, with all its attributes.
    pub async fn item(&self, group: &str, key: &str) -> StoredItem {
        let item = self.behind.get(group, key).await.expect("the table answers");
        item.unwrap_or_else(|| panic!("there is no item {group} / {key}"))
    }

    /// The body from which an item was made.
    pub async fn body(&self, item: &StoredItem) -> Vec<u8> {
        self.behind.body(item).await.expect("the body is whole")
    }

    /// The keys of all part items, in order.
    pub async fn part_keys(&self) -> Vec<(String, String)> {
        let items = self.all_items().await;
        let mut keys: Vec<_> = items.into_iter().filter(|(_, item)| item.is_part()).map(|(key, _)| key).collect();
        keys.sort();
        keys
    }

    /// Replaces the bytes of a part.
    pub async fn overwrite_part(&self, (group, key): &(String, String), bytes: &[u8]) {
        let request = self.client.put_item().table_name(TABLE);
        let request = request.item("groupId", AttributeValue::S(group.clone()));
        let request = request.item("eventKey", AttributeValue::S(key.clone()));
        let request = request.item("part", AttributeValue::B(Blob::new(bytes)));
        request.send().await.expect("the table answers");
    }

    /// Puts any item into the table.
    pub async fn plant(&self, item: HashMap<String, AttributeValue>) {
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await.expect("the table answers");
    }

    /// Deletes an item.
    pub async fn delete(&self, (group, key): &(String, String)) {
        let request = self.client.delete_item().table_name(TABLE);
        let request = request.key("groupId", AttributeValue::S(group.clone()));
        let request = request.key("eventKey", AttributeValue::S(key.clone()));
        request.send().await.expect("the table answers");
    }

    /// The description of the table.
    pub async fn describe(&self) -> TableDescription {
        let described = self.client.describe_table().table_name(TABLE).send().await.expect("the table answers");
        described.table.expect("there is a table")
    }

    /// The attribute by which items expire.
    pub async fn expiry_attribute(&self) -> Option<String> {
        let described = self.client.describe_time_to_live().table_name(TABLE).send().await.expect("the table answers");
        described.time_to_live_description.and_then(|expiry| expiry.attribute_name)
    }

    /// All items, including parts, by their keys.
    pub async fn all_items(&self) -> HashMap<(String, String), StoredItem> {
        let mut pages = self.client.scan().table_name(TABLE).consistent_read(true).into_paginator().send();
        let mut items = HashMap::new();
        while let Some(page) = pages.next().await {
            for item in page.expect("the table answers").items.unwrap_or_default() {
                let key = (string(&item, "groupId"), string(&item, "eventKey"));
                items.insert(key, StoredItem::from(item));
            }
        }
        items
    }
}

fn string(item: &HashMap<String, AttributeValue>, name: &str) -> String {
    item[name].as_s().expect("a key is a string").clone()
}

/// An arrival at the current time, without a request id.
pub fn arrival() -> Arrival {
    Arrival { received_at: clock::now(), request_id: None }
}

/// Starts an engine in memory and returns its URL.
async fn engine() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let database = dynoxide::Database::memory().expect("there is memory");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    url
}
