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

from local_exports import RECOVERABLE

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATE = "lake/state.json"
# A window of an incremental export has at least 15 minutes.
SET_BACK = datetime.timedelta(minutes=20)
# Two windows of 24 hours, and a short one.
OUTAGE = datetime.timedelta(hours=49)
# Made-up events, so that the function has something to do while it is killed.
EVENTS = 2000
KILLS = 5


def prove(emulator, exports, outputs, kaizala, events):
    """Takes the tables through what happens to a deployment: recovery that is too young, a full export, nothing to do, changes, an
    execution whose function is killed, a gap, and an outage of two days. Compares them with an export whenever they have changed.

    At the end it is set back, so that the next execution finds something to do.
    """
    lake = Lake(emulator, exports, outputs, kaizala)
    exports.recoverable = datetime.timedelta()
    lake.rest("right after the first deployment, when recovery is younger than the window")
    lake.has_no_state()
    exports.recoverable = RECOVERABLE
    lake.run("of the whole table")
    lake.compare()
    lake.rest("right after another one, when there is nothing to do")

    lake.change(events)
    lake.set_back()
    lake.run("after an edit, a new event, a replay and an erasure")
    lake.compare()

    lake.fill()
    lake.set_back()
    lake.run(f"of {EVENTS} more events, with its function killed", kill=True)
    lake.compare()

    lake.set_back()
    exports.recoverable = SET_BACK / 2
    lake.fail("when recovery does not reach back far enough", "Lake.Gap")
    exports.recoverable = RECOVERABLE

    lake.arrived_before(events, OUTAGE - datetime.timedelta(hours=1))
    lake.set_back(OUTAGE)
    lake.run("after an outage of two days", windows=3)
    lake.compare()
    lake.set_back()


class Execution:
    """How an execution has ended."""

    def __init__(self, what, status, error, killed, history):
        self.what, self.status, self.error, self.killed, self.history = what, status, error, killed, history
        entered = (event.get("stateEnteredEventDetails") for event in history)
        # In the order in which they were entered.
        self.states = [details["name"] for details in entered if details]


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

    def objects(self, prefix=""):
        """The keys of all objects, each with what tells its versions apart."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [(found["Key"], found["ETag"]) for page in pages for found in page.get("Contents", [])]

    def set_back(self, by=SET_BACK):
        """Time that has passed, for a test that does not wait for it: the function sees a longer window."""
        state = self.state()
        # Never the same window twice, which would be the same export.
        self.windows += 1
        done = datetime.datetime.fromisoformat(state["done"]) - by - datetime.timedelta(minutes=self.windows)
        state["done"] = done.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.s3.put_object(Bucket=self.bucket, Key=STATE, Body=json.dumps(state).encode())

    def run(self, what, kill=False, windows=1):
        """An execution that brings the tables up to date, in that many windows."""
        exports = len(self.exports.begun)
        execution = self.execute(what, kill)
        self.expect(execution, execution.status == "SUCCEEDED" and execution.states[-1] == "Done", "bring the tables up to date")
        state = self.state()
        self.expect(execution, "inFlight" not in state, "finish its export")
        self.expect(execution, len(self.exports.begun) - exports == windows, f"export {windows} windows")
        self.expect(execution, not kill or execution.killed, "have its function killed")
        killed = f" ({execution.killed} times)" if kill else ""
        print(f"The execution {what} succeeded{killed}: everything before {state['done']} is in the tables.")

    def rest(self, what):
        """An execution that finds nothing to do, and says no more about it."""
        before = self.objects()
        execution = self.execute(what)
        self.expect(execution, execution.status == "SUCCEEDED" and execution.states[-1] == "NothingToDo", "end quietly")
        self.expect(execution, self.objects() == before, "leave the bucket as it is")
        print(f"The execution {what} ended quietly.")

    def fail(self, what, error):
        """An execution that fails with that error, at once, and changes nothing."""
        before = self.objects()
        execution = self.execute(what)
        self.expect(execution, (execution.status, execution.error) == ("FAILED", error), f"fail with {error}")
        self.expect(execution, execution.states[-1] == "Begin", "fail where it begins")
        self.expect(execution, self.objects() == before, "leave the bucket as it is")
        print(f"The execution {what} failed with {error}.")

    def has_no_state(self):
        if any(key == STATE for key, _ in self.objects()):
            sys.exit(f"deploy-local: {STATE} is there, although nothing was exported")

    def expect(self, execution, is_so, what):
        if not is_so:
            history = json.dumps(execution.history[-5:], default=str, indent=1)
            sys.exit(f"deploy-local: the execution {execution.what} did not {what}: {execution.status} {execution.states}\n{history}")

    def execute(self, what, kill=False):
        """One execution, as the schedule starts it, to its end."""
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
        history = machine.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return Execution(what, execution["status"], execution.get("error"), killed, history)

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

    def arrived_before(self, events, ago):
        """An event that arrived some time ago, of which the tables have not heard."""
        message = next(file for file in events if file.stem == "text-message-created").read_text(encoding="utf-8")
        self.deliver(json.loads(message), "an-old-message", lambda body: body.update(eventId="an-old-message"), ago)

    def deliver(self, event, request_id, change, ago=datetime.timedelta()):
        body = json.loads(event["body"])
        change(body)
        arrival = int((time.time() - ago.total_seconds()) * 1000)
        context = event["requestContext"] | {"requestId": request_id, "timeEpoch": arrival}
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
        for key, _ in self.objects("tables/"):
            file = tables / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        self.call("export", "--from", "table", "--format", "ndjson", "--out", export)
        if rejected := self.objects("rejected/"):
            sys.exit(f"deploy-local: {len(rejected)} lines made no rows")
        script = ROOT / "tests/dashboards/run_duckdb.py"
        command = ["python", script, "--lake", tables / "tables", "--export", export]
        if subprocess.run(command, check=False).returncode:
            sys.exit("deploy-local: the tables are not those of an export of the table")

    def call(self, *arguments):
        subprocess.run([self.kaizala, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)


def from_export(value):
    """A value as boto3 has it: bytes, where the export has base64."""
    return {"B": base64.b64decode(value["B"])} if "B" in value else value
