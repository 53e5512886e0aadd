"""The receiver's job in Python with boto3: check the token, work out key and digest, keep the event with one conditional
put, and say what became of it. Handshake and bodies over 400 KB are left out: they are not measured."""

import base64
import hashlib
import hmac
import json
import os
from datetime import datetime, timezone

import boto3
from botocore.config import Config

TABLE = os.environ["TABLE_NAME"]
TOKEN_DIGESTS = [bytes.fromhex(digest) for digest in os.environ["CALLBACK_TOKEN_SHA256"].split(",")]

# Made once, while Lambda starts the environment, with the receiver's limits on time and attempts.
dynamodb = boto3.client(
    "dynamodb",
    config=Config(connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "max_attempts": 6}),
)


def handler(event, context):
    return answer(event, keep)


def answer(event, keep):
    if not is_authentic(event["headers"].get("kz-callback-token", "")):
        return response(401, {"error": {"code": "unauthorized"}})
    body = event.get("body", "")
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    context = event["requestContext"]
    outcome, event_id = keep(body=body, request_id=context["requestId"], time_epoch=context["timeEpoch"])
    print(json.dumps({"message": "delivery", "outcome": outcome, "eventId": event_id, "bodyBytes": len(body)}))
    return response(200, {"outcome": outcome, "eventId": event_id})


def response(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def is_authentic(token):
    presented = hashlib.sha256(token.encode()).digest()
    return any([hmac.compare_digest(presented, accepted) for accepted in TOKEN_DIGESTS])


def keep(body, request_id, time_epoch):
    arrival = {"receivedAt": timestamp(time_epoch), "requestId": request_id}
    try:
        event = json.loads(body)
        event_id, event_type = event["eventId"], event["eventType"]
    except (ValueError, KeyError, TypeError):
        put({"groupId": "quarantine", "eventKey": hashlib.sha256(body).hexdigest(), "payload": body, **arrival})
        return "quarantined", None

    data = event.get("data")
    fields = data if isinstance(data, dict) else {}
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"{event_type}\n{canonical}".encode()).digest()
    key = f"{encoded(event_type)}#{encoded(event_id)}"
    item = {
        "groupId": group(event, fields),
        "eventKey": key,
        "eventId": event_id,
        "eventType": event_type,
        "objectType": event.get("objectType"),
        "objectId": event.get("objectId"),
        "actionId": fields.get("actionId"),
        "responseId": fields.get("responseId"),
        "fromUserId": event.get("fromUserId"),
        "occurredAt": occurred_at(fields),
        "contentSha256": digest,
        "payload": body.decode(),
        **arrival,
    }
    existing = put(item)
    if existing is None:
        return "stored", event_id
    if existing.get("contentSha256", {}).get("B") == digest:
        return "duplicate", event_id
    revision = put(item | {"eventKey": f"{key}#r{digest.hex()[:16]}", "revisionOf": key})
    return ("revised" if revision is None else "duplicate"), event_id


def put(item):
    """Puts the item unless its key is there; returns what was there."""
    typed = {
        name: {"B": value} if isinstance(value, bytes) else {"S": value}
        for name, value in item.items()
        if value is not None
    }
    try:
        dynamodb.put_item(
            TableName=TABLE,
            Item=typed,
            ConditionExpression="attribute_not_exists(eventKey)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as refusal:
        return refusal.response.get("Item", {})
    return None


def group(event, fields):
    if event["eventType"] in ("GroupAdded", "GroupRemoved"):
        return event.get("groupId") or event.get("objectId") or "ungrouped"
    of_object = event.get("objectId") if event.get("objectType") == "Group" else None
    return fields.get("groupId") or event.get("groupId") or of_object or "ungrouped"


def encoded(part):
    return part.replace("%", "%25").replace("#", "%23")


def occurred_at(fields):
    for question in (fields.get("responseDetails") or {}).get("responseWithQuestions") or []:
        if question.get("title") in ("ResponseTime", "Response Time") and isinstance(question.get("answer"), int):
            return timestamp(question["answer"])
    return None


def timestamp(millis):
    time = datetime.fromtimestamp(millis / 1000, timezone.utc)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
