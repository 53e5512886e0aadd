//! Names and keys of the table. `template.yaml` says the same; a test compares the two.
//!
//! Private to this room: whoever reads an item asks [`StoredItem`](super::StoredItem).

/// The partition of the names of groups. Their keys hold no `#`, so that events of a group that happened to have this id
/// are not taken for one.
pub(super) const GROUPS: &str = "groups";

/// Partition key: the group, `quarantine`, `ungrouped` or [`GROUPS`].
pub(super) const GROUP_ID: &str = "groupId";
/// Sort key: see [`EventKey`](crate::event::EventKey).
pub(super) const EVENT_KEY: &str = "eventKey";
/// S: the eventId as it was sent.
pub(super) const EVENT_ID: &str = "eventId";
/// S: the event type as it was sent.
pub(super) const EVENT_TYPE: &str = "eventType";
/// S: `Group`, `Action` or `ActionPackage`.
pub(super) const OBJECT_TYPE: &str = "objectType";
/// S: what was subscribed to.
pub(super) const OBJECT_ID: &str = "objectId";
/// S: the action that the event belongs to.
pub(super) const ACTION_ID: &str = "actionId";
/// S: the response that the event carries.
pub(super) const RESPONSE_ID: &str = "responseId";
/// S: who caused the event, as Kaizala's opaque id.
pub(super) const FROM_USER_ID: &str = "fromUserId";
/// S: arrival, RFC 3339 UTC with milliseconds; sort key of the index [`BY_TIME`].
pub(super) const RECEIVED_AT: &str = "receivedAt";
/// S: the sender's time, the same form.
pub(super) const OCCURRED_AT: &str = "occurredAt";
/// B, 32 bytes: digest of type and data; tells a duplicate from a revision.
pub(super) const CONTENT_SHA256: &str = "contentSha256";
/// S: API Gateway's request id; tells our own retry from somebody else's write, and ties an item to its log line.
pub(super) const REQUEST_ID: &str = "requestId";
/// S, on revisions: the eventKey of the first.
pub(super) const REVISION_OF: &str = "revisionOf";
/// S: the body exactly as received.
pub(super) const PAYLOAD: &str = "payload";
/// B: a quarantined body that is not UTF-8, as received.
pub(super) const PAYLOAD_BYTES: &str = "payloadBytes";
/// B: the body gzipped, if the item would be too large otherwise.
pub(super) const PAYLOAD_GZIP: &str = "payloadGzip";
/// N: into how many items the gzipped body was cut.
pub(super) const PAYLOAD_PARTS: &str = "payloadParts";
/// B, 32 bytes: digest of the body that was cut.
pub(super) const PAYLOAD_SHA256: &str = "payloadSha256";
/// B, 32 bytes: digest of the gzip that was cut, whose beginning is in the keys of the parts. Missing on older items, where
/// the body's digest is in the keys.
pub(super) const PARTS_SHA256: &str = "partsSha256";
/// B, on part items: a piece of the gzipped body.
pub(super) const PART: &str = "part";
/// S, on quarantined bodies: why.
pub(super) const REASON: &str = "reason";
/// BOOL, true: the response came by pull. It holds less than a callback, and is told apart from one by its answers.
pub(super) const PULLED: &str = "pulled";
/// SS, on the first under an eventId: the eventKeys of its revisions that came by pull.
pub(super) const PULLED_REVISIONS: &str = "pulledRevisions";
/// BOOL, true: the event was read from one of Kaizala's own downloads.
#[cfg(feature = "cli")]
pub(super) const IMPORTED: &str = "imported";
/// BOOL, true: the event was erased. Of the item, the keys, the digest and an expiry are left.
pub(super) const ERASED: &str = "erased";
/// S, on names of groups: what the group is called.
#[cfg(feature = "lake")]
pub(super) const GROUP_NAME: &str = "groupName";
/// S, on names of groups: what kind of group it is.
#[cfg(feature = "lake")]
pub(super) const GROUP_TYPE: &str = "groupType";
/// S, on names of groups: who says so, see [`GroupSource`](super::GroupSource).
#[cfg(feature = "lake")]
pub(super) const SOURCE: &str = "source";
/// S, on names of groups: since when they say so. Not [`RECEIVED_AT`], so that the index does not hold them.
#[cfg(feature = "lake")]
pub(super) const UPDATED_AT: &str = "updatedAt";
/// S, `cloudevents`: the event is a CloudEvent. Missing on Kaizala's.
pub(super) const SENDER: &str = "sender";
/// N, epoch seconds: when DynamoDB may delete the item (the table's TTL attribute).
pub(super) const EXPIRES_AT: &str = "expiresAt";

/// The index that lists a group's items by [`RECEIVED_AT`], keys only. Part items have no such time and are not in it.
pub(super) const BY_TIME: &str = "byTime";

/// Tag of the table: the version of this project that it was deployed with.
#[cfg(feature = "cli")]
pub(super) const TEMPLATE_TAG: &str = "kaizala-webhook:template";
/// Tag of the table: the digests of the accepted callback tokens, separated by spaces, as a tag must not hold a comma.
#[cfg(feature = "cli")]
pub(super) const TOKENS_TAG: &str = "kaizala-webhook:tokens";
