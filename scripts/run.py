"""Starts `kaizala dev`, delivers every file of events/ to it once, prints the rows stored, and goes on serving.

Needs nothing but Python's standard library. Called by `make run`, which builds the command first.
"""

import argparse
import base64
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Through cargo, which knows where it built the command; on Unix it becomes the command.
KAIZALA = ["cargo", "run", "--quiet", "--locked", "--features", "cli", "--bin", "kaizala", "--"]
TABLE = "kaizala-events"
# The token in events/. Good for nothing else.
CALLBACK_TOKEN = "local-callback-token-not-for-production"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--port", type=int, default=9000)
    arguments.add_argument("--db-port", type=int, default=8000)
    arguments = arguments.parse_args()

    server = Server(arguments.port, arguments.db_port)
    try:
        deliver_all(arguments.port)
        print_rows(arguments.db_port)
        server.go_on()
    except KeyboardInterrupt:
        pass
    finally:
        server.end()


class Server:
    """The running `kaizala dev`."""

    def __init__(self, port, db_port, kaizala=KAIZALA):
        command = [*kaizala, "dev", "--memory", "--port", str(port), "--db-port", str(db_port), "--table", TABLE]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"KAIZALA_CALLBACK_TOKEN": CALLBACK_TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.shows_log = threading.Event()
        self.complaints = []
        log_reader = threading.Thread(target=self.read_log, daemon=True)
        log_reader.start()
        self.banner = []
        for line in self.process.stdout:
            self.banner.append(line.rstrip())
            if "curl" in line:
                return
        log_reader.join()
        sys.exit("".join(self.complaints) or "kaizala dev did not start")

    def read_log(self):
        # The lines about the deliveries below would only bury their results.
        for line in self.process.stderr:
            if self.shows_log.is_set():
                sys.stderr.write(line)
            else:
                self.complaints.append(line)

    def go_on(self):
        print()
        print("\n".join(self.banner).replace("$KAIZALA_CALLBACK_TOKEN", CALLBACK_TOKEN))
        print("\nServing until Ctrl-C.", flush=True)
        self.shows_log.set()
        self.process.wait()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


def deliver_all(port):
    files = event_files()
    print(f"Delivering {len(files)} events:\n")
    for file in files:
        status, body = deliver(port, json.loads(file.read_text(encoding="utf-8")))
        print(f"  {file.stem:<42} {status}  {what_became_of_it(body)}")


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


def what_became_of_it(body):
    try:
        answer = json.loads(body)
    except ValueError:
        return "validation token returned"
    return answer.get("outcome") or answer["error"]["code"]


def print_rows(db_port):
    items = [{name: value["S"] for name, value in item.items() if "S" in value} for item in scan(db_port)]
    rows = sorted(items, key=lambda row: (row["groupId"], row["eventKey"]))
    columns = ["groupId", "eventKey", "receivedAt", "occurredAt", "reason"]
    shortened = [[shorten(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(columns, *shortened)]
    print(f"\nStored {len(rows)} rows in {TABLE}:\n")
    for cells in [columns, *shortened]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())


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


def shorten(text, most=58):
    return text if len(text) <= most else text[: most - 1] + "…"


if __name__ == "__main__":
    main()
