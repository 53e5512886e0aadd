"""The tables for dashboards on the emulator of `make deploy-local`: runs the deployed state machine, and compares the Parquet
files with what `kaizala export` makes of the table.
"""

import base64
import datetime
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATE = "lake/state.json"
# A window of an incremental export has at least 15 minutes.
SET_BACK = datetime.timedelta(minutes=20)
# Made-up events, so that the function has something to do while it is killed.
EVENTS = 2000
KILLS = 5


def prove(emulator, exports, outputs, kaizala, events):
    """Takes the tables through a full export, changes, and an execution whose function is killed; compares them after each.

    At the end it is set back, so that the next execution finds something to do.
    """
    lake = Lake(emulator, exports, outputs, kaizala)
    lake.run("of the whole table")
    lake.compare()

    lake.change(events)
    lake.set_back()
    lake.run("after an edit, a new event, a replay and an erasure")
    lake.compare()

    lake.fill()
    lake.set_back()
    lake.run(f"of {EVENTS} more events, with its function killed", kill=True)
    lake.compare()
    lake.set_back()


class Lake:
    def __init__(self, emulator, exports, outputs, kaizala):
        self.emulator, self.exports, self.kaizala = emulator, exports, kaizala
        self.table, self.bucket = outputs["TableName"], outputs["ExportsBucketName"]
        self.receiver, self.state_machine = outputs["FunctionName"], outputs["StateMachineArn"]
        self.windows = 0
        self.s3, self.dynamodb = emulator.client("s3"), emulator.client("dynamodb")
        self.environment = emulator.environment | {"AWS_ENDPOINT_URL_DYNAMODB": exports.url, "TABLE_NAME": self.table}

    def state(self):
        return json.loads(self.s3.get_object(Bucket=self.bucket, Key=STATE)["Body"].read())

    def set_back(self):
        """Time that has passed, for a test that does not wait for it: the function sees a longer window."""
        state = self.state()
        # Never the same window twice, which would be the same export.
        self.windows += 1
        done = datetime.datetime.fromisoformat(state["done"]) - SET_BACK - datetime.timedelta(minutes=self.windows)
        state["done"] = done.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.s3.put_object(Bucket=self.bucket, Key=STATE, Body=json.dumps(state).encode())

    def run(self, what, kill=False):
        """One execution, as the schedule starts it."""
        machine = self.emulator.client("stepfunctions")
        arn = machine.start_execution(stateMachineArn=self.state_machine)["executionArn"]
        deadline = time.monotonic() + 300
        killed = 0
        while (execution := machine.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if self.exports.failure or time.monotonic() > deadline:
                sys.exit(f"deploy-local: the execution {what} does not end: {self.exports.failure or 'time is up'}")
            if kill and killed < KILLS:
                killed += self.kill_function()
            time.sleep(0.1)
        done = self.state().get("done") if execution["status"] == "SUCCEEDED" else None
        if not done or "inFlight" in self.state():
            history = machine.get_execution_history(executionArn=arn, maxResults=1000)["events"]
            failures = [event for event in history if "Failed" in event["type"]] or history[-5:]
            sys.exit(f"deploy-local: the execution {what} {execution['status']}: {json.dumps(failures, default=str, indent=1)}")
        if kill and not killed:
            sys.exit("deploy-local: the function was not killed")
        print(f"The execution {what} succeeded{f' ({killed} times)' if kill else ''}: everything before {done} is in the tables.")

    def kill_function(self):
        """Kills the processes of the function, as they are; returns how many there were."""
        mark = b"BUCKET_NAME=" + self.bucket.encode()
        killed = 0
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes() and (process / "comm").read_text().strip() == "bootstrap":
                    os.kill(int(process.name), signal.SIGKILL)
                    killed += 1
            except OSError:
                pass  # It has ended, or is somebody else's.
        return killed

    def change(self, events):
        """An edit, a new event, a body in quarantine that can be read today, and an event that is erased."""
        response = json.loads(next(file for file in events if file.stem == "survey-response").read_text(encoding="utf-8"))
        message = json.loads(next(file for file in events if file.stem == "text-message-created").read_text(encoding="utf-8"))
        self.deliver(message, "a-new-message", lambda body: body.update(eventId="a-new-message"))
        self.deliver(response, "an-edit", lambda body: body["data"].update(isUpdateResponse=True, edited="locally"))

        # As the receiver keeps what it cannot read; this it can, as after an update.
        body = json.dumps(json.loads(message["body"]) | {"eventId": "a-replayed-message"})
        key = hashlib.sha256(body.encode()).hexdigest()
        arrived = {"S": "2023-03-06T10:00:00.000Z"}
        item = {"groupId": {"S": "quarantine"}, "eventKey": {"S": key}, "reason": {"S": "not-json"}, "payload": {"S": body}}
        self.dynamodb.put_item(TableName=self.table, Item=item | {"receivedAt": arrived})
        self.call("quarantine", "replay", key)

        page = self.dynamodb.scan(TableName=self.table)["Items"]
        announcement = next(item for item in page if item["eventKey"]["S"].startswith("Announcement#"))
        self.dynamodb.delete_item(TableName=self.table, Key={name: announcement[name] for name in ("groupId", "eventKey")})

    def deliver(self, event, request_id, change):
        body = json.loads(event["body"])
        change(body)
        context = event["requestContext"] | {"requestId": request_id, "timeEpoch": int(time.time() * 1000)}
        event = event | {"body": json.dumps(body), "requestContext": context}
        answer = self.emulator.client("lambda").invoke(
            FunctionName=self.receiver, Qualifier="live", Payload=json.dumps(event).encode()
        )
        answer = json.loads(answer["Payload"].read())
        if answer["statusCode"] != 200 or json.loads(answer["body"])["outcome"] not in ("stored", "revised"):
            sys.exit(f"deploy-local: {request_id} was answered {answer}")

    def fill(self):
        """Puts made-up events into the table, as the receiver would have stored them."""
        folder = pathlib.Path(self.emulator.folder) / "made-up"
        self.call("simulate", "export", "--events", str(EVENTS), "--out", folder)
        for file in folder.rglob("*.json.gz"):
            for line in gzip.decompress(file.read_bytes()).splitlines():
                item = {name: from_export(value) for name, value in json.loads(line)["Item"].items()}
                self.dynamodb.put_item(TableName=self.table, Item=item)

    def compare(self):
        """Every row of every table, by DuckDB over the files, with an export of the table."""
        tables, export = (pathlib.Path(self.emulator.folder) / name for name in ("lake", "export"))
        shutil.rmtree(tables, ignore_errors=True)
        shutil.rmtree(export, ignore_errors=True)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="tables/")
        for found in (found for page in pages for found in page.get("Contents", [])):
            file = tables / found["Key"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.s3.get_object(Bucket=self.bucket, Key=found["Key"])["Body"].read())
        self.call("export", "--from", "table", "--format", "ndjson", "--out", export)
        rejected = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="rejected/").get("KeyCount", 0)
        if rejected:
            sys.exit(f"deploy-local: {rejected} lines made no rows")
        script = ROOT / "tests/dashboards/run_duckdb.py"
        command = ["python", script, "--lake", tables / "tables", "--export", export]
        if subprocess.run(command, check=False).returncode:
            sys.exit("deploy-local: the tables are not those of an export of the table")

    def call(self, *arguments):
        subprocess.run([self.kaizala, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)


def from_export(value):
    """A value as boto3 has it: bytes, where the export has base64."""
    return {"B": base64.b64decode(value["B"])} if "B" in value else value
