// The receiver's job in Node with the AWS SDK v3: check the token, work out key and digest, keep the event with one
// conditional put, and say what became of it. Handshake and bodies over 400 KB are left out: they are not measured.

import { createHash, timingSafeEqual } from "node:crypto";
import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

const TABLE = process.env.TABLE_NAME;
const TOKEN_DIGESTS = process.env.CALLBACK_TOKEN_SHA256.split(",").map((digest) => Buffer.from(digest, "hex"));

// Made once, while Lambda starts the environment, with the receiver's limits on time and attempts.
const dynamodb = new DynamoDBClient({
  maxAttempts: 6,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 1500 },
});

export async function handler(event) {
  if (!isAuthentic(event.headers["kz-callback-token"] ?? "")) {
    return response(401, { error: { code: "unauthorized" } });
  }
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  const [outcome, eventId] = await keep(body, event.requestContext);
  console.log(JSON.stringify({ message: "delivery", outcome, eventId, bodyBytes: body.length }));
  return response(200, { outcome, eventId });
}

const response = (statusCode, body) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

function isAuthentic(token) {
  const presented = sha256(token);
  return TOKEN_DIGESTS.map((accepted) => timingSafeEqual(accepted, presented)).includes(true);
}

async function keep(body, { requestId, timeEpoch }) {
  const arrival = { receivedAt: timestamp(timeEpoch), requestId };
  const event = parsed(body);
  if (!isString(event?.eventId) || !isString(event?.eventType)) {
    await put({ groupId: "quarantine", eventKey: sha256(body).toString("hex"), payload: body, ...arrival });
    return ["quarantined", null];
  }
  const { eventId, eventType, objectType, objectId, fromUserId, data } = event;
  const digest = sha256(eventType, "\n", JSON.stringify(sorted(data ?? null)));
  const key = `${encoded(eventType)}#${encoded(eventId)}`;
  const item = {
    groupId: group(event),
    eventKey: key,
    eventId,
    eventType,
    objectType,
    objectId,
    actionId: data?.actionId,
    responseId: data?.responseId,
    fromUserId,
    occurredAt: occurredAt(data),
    contentSha256: digest,
    payload: body.toString(),
    ...arrival,
  };
  const existing = await put(item);
  if (!existing) return ["stored", eventId];
  if (digest.equals(existing.contentSha256?.B ?? Buffer.alloc(0))) return ["duplicate", eventId];
  const revision = { ...item, eventKey: `${key}#r${digest.toString("hex").slice(0, 16)}`, revisionOf: key };
  return [(await put(revision)) ? "duplicate" : "revised", eventId];
}

// Puts the item unless its key is there; returns what was there.
async function put(item) {
  const attribute = (value) => (typeof value === "string" ? { S: value } : { B: value });
  const known = Object.entries(item).filter(([, value]) => value !== undefined && value !== null);
  try {
    await dynamodb.send(
      new PutItemCommand({
        TableName: TABLE,
        Item: Object.fromEntries(known.map(([name, value]) => [name, attribute(value)])),
        ConditionExpression: "attribute_not_exists(eventKey)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error.Item ?? {};
    throw error;
  }
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const isString = (value) => typeof value === "string" && value !== "";

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

function group({ eventType, groupId, objectId, objectType, data }) {
  if (["GroupAdded", "GroupRemoved"].includes(eventType)) return groupId || objectId || "ungrouped";
  return data?.groupId || groupId || (objectType === "Group" && objectId) || "ungrouped";
}

const encoded = (part) => part.replaceAll("%", "%25").replaceAll("#", "%23");

function occurredAt(data) {
  const questions = data?.responseDetails?.responseWithQuestions ?? [];
  const time = questions.find(({ title }) => title === "ResponseTime" || title === "Response Time")?.answer;
  return Number.isInteger(time) ? timestamp(time) : undefined;
}

const timestamp = (millis) => new Date(millis).toISOString();
