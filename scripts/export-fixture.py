"""Makes tests/fixtures/export: exports of a table that holds the events of events/, laid out as DynamoDB writes them.

The items are the receiver's own, from a running `kaizala dev`; what its clock decided is replaced by what the events say,
so that the files are the same every time. Needs nothing but Python's standard library.
"""

import argparse
import base64
import datetime
import gzip
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Through cargo, which knows where it built the command; on Unix it becomes the command.
KAIZALA = ["cargo", "run", "--quiet", "--locked", "--features", "cli", "--bin", "kaizala", "--"]
# The token in events/. Good for nothing else.
CALLBACK_TOKEN = "local-callback-token-not-for-production"
FIXTURE = ROOT / "tests/fixtures/export"
# Bodies that events/ has no need of: one a line, byte for byte.
FURTHER_EVENTS = FIXTURE / "further-events.ndjson"
FURTHER_EVENTS_FROM = 1678168800000  # 2023-03-07T06:00:00Z, a minute each
# Bodies with these words in them are stored as large ones are, without being large.
GZIPPED, IN_PARTS = "stored-as-gzip", "stored-in-parts"
# And with these, as one that came by pull.
PULLED = "stored-as-pulled"

ACCOUNT, REGION, BUCKET, TABLE = "123456789012", "eu-west-1", "kaizala-exports-example", "kaizala-events"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
# Enough to have several files, one of them empty, as a table's partitions make them.
DATA_FILES = 4


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kaizala", help="the built command, by default built and run through cargo")
    arguments.add_argument("--port", type=int, default=9300)
    arguments.add_argument("--db-port", type=int, default=9301)
    arguments = arguments.parse_args()

    server = start([arguments.kaizala] if arguments.kaizala else KAIZALA, arguments.port, arguments.db_port)
    try:
        items = deliver_and_collect(arguments.port, arguments.db_port)
    finally:
        server.terminate()
        server.wait()

    for export in FIXTURE.glob("20*"):
        shutil.rmtree(export)
    Export("2023-03-07", [item for item in items if item.get("receivedAt", {"S": ""})["S"] < "2023-03-07T02"]).write()
    # The schedule delivers at least once, so that there may be two of one time. The later counts.
    Export("2023-03-08", items, seconds=1).write()
    Export("2023-03-08", items).write()
    # Still running: no manifest says what belongs to it, and it must not be read.
    Export("2023-03-09", items).write(complete=False)


def start(kaizala, port, db_port):
    """Starts `kaizala dev` and waits until it serves."""
    command = [*kaizala, "dev", "--memory", "--port", str(port), "--db-port", str(db_port), "--table", TABLE]
    environment = os.environ | {"KAIZALA_CALLBACK_TOKEN": CALLBACK_TOKEN}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    if any("curl" in line for line in process.stdout):
        return process
    sys.exit("kaizala dev did not start")


def event_files():
    # By stem: `x.json` before `x-edit.json`, as the edit comes after the original.
    return sorted((ROOT / "events").glob("*.json"), key=lambda file: file.stem)


def deliver(port, event):
    """Sends what API Gateway received when it made this event."""
    request = event["requestContext"]["http"]
    body = event.get("body", "")
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    path = event["rawPath"] + ("?" + event["rawQueryString"] if event["rawQueryString"] else "")
    headers = {name: value for name, value in event["headers"].items() if name not in ("host", "content-length")}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(request["method"], path, body, headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def scan(db_port):
    """All items of the table, typed as DynamoDB's own protocol has them; the emulator does not check the signature."""
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "DynamoDB_20120810.Scan",
        "X-Amz-Date": "20230101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=none",
    }
    request, items = {"TableName": TABLE}, []
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", db_port, timeout=10)
        connection.request("POST", "/", json.dumps(request), headers)
        page = json.loads(connection.getresponse().read())
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def deliver_and_collect(port, db_port):
    """Delivers one event at a time, so that what it left in the table is known."""
    items = {}
    for event in [json.loads(file.read_text(encoding="utf-8")) for file in event_files()] + further_events():
        deliver(port, event)
        context = event["requestContext"]
        for item in scan(db_port):
            key = (item["groupId"]["S"], item["eventKey"]["S"])
            if key not in items:
                item["receivedAt"] = {"S": rfc3339(context["timeEpoch"])}
                item["requestId"] = {"S": context["requestId"]}
                items[key] = item
    stored = [kept for key in sorted(items) for kept in as_stored(items[key])]
    return sorted(stored, key=lambda item: (item["groupId"]["S"], item["eventKey"]["S"]))


def further_events():
    sample = json.loads((ROOT / "events/text-message-created.json").read_text(encoding="utf-8"))
    events = []
    for number, body in enumerate(FURTHER_EVENTS.read_text(encoding="utf-8").splitlines()):
        event = json.loads(json.dumps(sample)) | {"body": body}
        event["requestContext"]["timeEpoch"] = FURTHER_EVENTS_FROM + number * 60_000
        event["requestContext"]["requestId"] = f"further-{number:02}="
        events.append(event)
    return events


def as_stored(item):
    """The item marked as pulled, or in the form that src/store/body.rs gives to bodies that are too large for it."""
    payload = item.get("payload", {}).get("S", "")
    if PULLED in payload:
        item["pulled"] = {"BOOL": True}
    if GZIPPED not in payload and IN_PARTS not in payload:
        return [item]
    del item["payload"]
    body = gzip.compress(payload.encode(), mtime=0)
    if GZIPPED in payload:
        return [item | {"payloadGzip": binary(body)}]
    digest, pieces = hashlib.sha256(payload.encode()), [body[:100], body[100:]]
    parts = [
        {
            "groupId": item["groupId"],
            "eventKey": {"S": f"{item['eventKey']['S']}#part{digest.hexdigest()[:16]}-{index:04}"},
            "part": binary(piece),
        }
        for index, piece in enumerate(pieces)
    ]
    return [item | {"payloadParts": {"N": str(len(pieces))}, "payloadSha256": binary(digest.digest())}, *parts]


class Export:
    """One full export in DYNAMODB_JSON, as the developer guide describes it ("DynamoDB table export output format")."""

    def __init__(self, day, items, seconds=3):
        self.items = items
        self.start = datetime.datetime.fromisoformat(f"{day}T02:00:{seconds:02}.512+00:00")
        # A folder of this name has a colon on S3, `dt=…T02:00:00Z`, which not every file system takes.
        self.prefix = f"exports/dt={day}T02:00:00Z"
        millis = int(self.start.timestamp() * 1000)
        self.id = f"{millis:014}-{hashlib.sha256(self.start.isoformat().encode()).hexdigest()[:8]}"
        self.folder = FIXTURE / day / "AWSDynamoDB" / self.id

    def write(self, complete=True):
        (self.folder / "data").mkdir(parents=True)
        (self.folder / "_started").touch()
        files = [self.write_data(number) for number in range(DATA_FILES)]
        if complete:
            self.write_manifest("manifest-files", files)
            self.write_manifest("manifest-summary", [self.summary()])

    def write_data(self, number):
        """The items of one partition: those whose key hashes to it. The last file stays empty."""
        name = base64.b32encode(hashlib.sha256(f"{self.id}/{number}".encode()).digest()[:20]).decode().lower()[:26]
        items = [item for item in self.items if hash_of(item["groupId"]["S"]) % (DATA_FILES - 1) == number]
        data = gzip.compress(ndjson({"Item": item} for item in items), mtime=0)
        (self.folder / "data" / f"{name}.json.gz").write_bytes(data)
        md5 = hashlib.md5(data)
        return {
            "itemCount": len(items),
            "md5Checksum": base64.b64encode(md5.digest()).decode(),
            "etag": md5.hexdigest() + "-1",
            "dataFileS3Key": f"{self.prefix}/AWSDynamoDB/{self.id}/data/{name}.json.gz",
        }

    def summary(self):
        return {
            "version": "2020-06-30",
            "exportArn": f"{TABLE_ARN}/export/{self.id}",
            "startTime": rfc3339(self.start.timestamp() * 1000),
            "endTime": rfc3339(self.start.timestamp() * 1000 + 341_207),
            "tableArn": TABLE_ARN,
            "tableId": "5ad1b9a3-6f4e-4c59-9b77-0f5f0c7d2a10",
            "exportTime": rfc3339(self.start.timestamp() * 1000),
            "s3Bucket": BUCKET,
            "s3Prefix": self.prefix,
            "s3SseAlgorithm": "AES256",
            "s3SseKmsKeyId": None,
            "manifestFilesS3Key": f"{self.prefix}/AWSDynamoDB/{self.id}/manifest-files.json",
            "billedSizeBytes": sum(len(json.dumps(item)) for item in self.items),
            "itemCount": len(self.items),
            "outputFormat": "DYNAMODB_JSON",
            "exportType": "FULL_EXPORT",
        }

    def write_manifest(self, name, lines):
        text = ndjson(lines)
        (self.folder / f"{name}.json").write_bytes(text)
        (self.folder / f"{name}.md5").write_text(base64.b64encode(hashlib.md5(text).digest()).decode())


def ndjson(rows):
    return "".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n" for row in rows
    ).encode()


def hash_of(text):
    return int.from_bytes(hashlib.md5(text.encode()).digest())


def binary(content):
    return {"B": base64.b64encode(content).decode()}


def rfc3339(millis):
    time = datetime.datetime.fromtimestamp(millis / 1000, datetime.timezone.utc)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    main()
