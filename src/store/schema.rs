//! Names and keys of the table. `template.yaml` says the same; a test compares the two.

use aws_sdk_dynamodb::{
    Client,
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, TimeToLiveSpecification,
    },
};

use super::error::{StoreError, build};

/// Partition key: the group, `quarantine` or `ungrouped`.
pub const GROUP_ID: &str = "groupId";
/// Sort key: see [`EventKey`](crate::event::EventKey).
pub const EVENT_KEY: &str = "eventKey";
/// S: the eventId as it was sent.
pub const EVENT_ID: &str = "eventId";
/// S: the event type as it was sent.
pub const EVENT_TYPE: &str = "eventType";
/// S: `Group`, `Action` or `ActionPackage`.
pub const OBJECT_TYPE: &str = "objectType";
/// S: what was subscribed to.
pub const OBJECT_ID: &str = "objectId";
/// S: the action that the event belongs to.
pub const ACTION_ID: &str = "actionId";
/// S: the response that the event carries.
pub const RESPONSE_ID: &str = "responseId";
/// S: who caused the event, as Kaizala's opaque id.
pub const FROM_USER_ID: &str = "fromUserId";
/// S: arrival, RFC 3339 UTC with milliseconds; sort key of the index [`BY_TIME`].
pub const RECEIVED_AT: &str = "receivedAt";
/// S: the sender's time, the same form.
pub const OCCURRED_AT: &str = "occurredAt";
/// B, 32 bytes: digest of type and data; tells a duplicate from a revision.
pub const CONTENT_SHA256: &str = "contentSha256";
/// S: API Gateway's request id; tells our own retry from somebody else's write, and ties an item to its log line.
pub const REQUEST_ID: &str = "requestId";
/// S, on revisions: the eventKey of the first.
pub const REVISION_OF: &str = "revisionOf";
/// S: the body exactly as received.
pub const PAYLOAD: &str = "payload";
/// B: a quarantined body that is not UTF-8, as received.
pub const PAYLOAD_BYTES: &str = "payloadBytes";
/// B: the body gzipped, when the item would be too large otherwise.
pub const PAYLOAD_GZIP: &str = "payloadGzip";
/// N: into how many items the gzipped body was cut.
pub const PAYLOAD_PARTS: &str = "payloadParts";
/// B, 32 bytes: digest of the body that was cut.
pub const PAYLOAD_SHA256: &str = "payloadSha256";
/// B, on part items: a piece of the gzipped body.
pub const PART: &str = "part";
/// S, on quarantined bodies: why.
pub const REASON: &str = "reason";
/// BOOL, true: the response came by pull. It holds less than a callback, and is told apart from one by its answers.
pub const PULLED: &str = "pulled";
/// SS, on the first under an eventId: the eventKeys of its revisions that came by pull.
pub const PULLED_REVISIONS: &str = "pulledRevisions";
/// N, epoch seconds: when DynamoDB may delete the item (the table's TTL attribute).
pub const EXPIRES_AT: &str = "expiresAt";

/// The index that lists a group's items by [`RECEIVED_AT`], keys only. Part items have no such time and are not in it.
pub const BY_TIME: &str = "byTime";

/// Creates the table and turns on its expiry.
pub(super) async fn create_table(client: &Client, table: &str) -> Result<(), StoreError> {
    let string = |name: &str| {
        build(AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build())
    };
    let key = |name: &str, kind| build(KeySchemaElement::builder().attribute_name(name).key_type(kind).build());
    let by_time = GlobalSecondaryIndex::builder()
        .index_name(BY_TIME)
        .key_schema(key(GROUP_ID, KeyType::Hash)?)
        .key_schema(key(RECEIVED_AT, KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
    let created = client
        .create_table()
        .table_name(table)
        .attribute_definitions(string(GROUP_ID)?)
        .attribute_definitions(string(EVENT_KEY)?)
        .attribute_definitions(string(RECEIVED_AT)?)
        .key_schema(key(GROUP_ID, KeyType::Hash)?)
        .key_schema(key(EVENT_KEY, KeyType::Range)?)
        .global_secondary_indexes(build(by_time.build())?)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await;
    match created {
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
            return Ok(());
        }
        other => other?,
    };
    let expiry = TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build();
    client.update_time_to_live().table_name(table).time_to_live_specification(build(expiry)?).send().await?;
    Ok(())
}
