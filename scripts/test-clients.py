#!/usr/bin/env python3
"""Lets the official SDKs for CloudEvents, which nobody here wrote, deliver to `kaizala dev`, and looks at its table.

    make test-clients

Each client sends each of its events twice: it has to be in the table once, as what it was, in whatever mode it was sent.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

TOKEN = "a-token-for-test-clients"
FOLDER = pathlib.Path(__file__).parent.parent / "tests" / "clients"
TIME = "2026-01-02T03:04:05.678Z"
JSON, OCTETS, TEXT = {"n": 1, "s": "grün"}, "AP8=", 'zwei Zeilen\nüber "nichts"'

# By id: media type, data, subject.
PYTHON = {
    "py-structured": ("application/json", JSON),
    "py-binary": ("application/json", JSON),
    "py-untyped-structured": (None, JSON),
    "py-untyped-binary": (None, JSON),
    "py-octets-structured": ("application/octet-stream", OCTETS),
    "py-octets-binary": ("application/octet-stream", OCTETS),
    "py-none-structured": (None, None),
    "py-none-binary": (None, None),
}
JAVASCRIPT = {
    f"js-{name}-{mode}": content
    for mode in ("structured", "binary")
    for name, content in {
        "json": ("application/json", JSON), "text": ("text/plain", TEXT), "none": (None, None),
    }.items()
}


def expected():
    for source, events in (("/sdk/python", PYTHON), ("/sdk/javascript", JAVASCRIPT)):
        for id_, (content_type, data) in events.items():
            latin = source == "/sdk/javascript" and id_.endswith("binary")
            yield id_, {
                "source": source,
                "type": "org.example.ping",
                "subject": '50% "ja" ü' if latin else '50% "ja" €',
                "time": TIME,
                "content_type": content_type,
                "data": data,
                "extensions": {"tenant": "north"},
            }


def wait_for(process, label):
    for line in process.stdout:
        if line.startswith(label):
            return line.split()[1]
    raise SystemExit("kaizala dev has ended")


def run(*command):
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return ran.stdout


def rows(kaizala, database):
    with tempfile.TemporaryDirectory() as folder:
        run(kaizala, "export", "--from", "table", "--endpoint-url", database, "--format", "ndjson", "--out", folder)
        lines = (pathlib.Path(folder) / "cloud_events.ndjson").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        for name in ("data", "extensions"):
            row[name] = None if row[name] is None else json.loads(row[name])
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kaizala", required=True, help="the command")
    parser.add_argument("--python", required=True, help="a Python with the SDK")
    parser.add_argument("--node", required=True, help="a folder with the SDK in node_modules/")
    arguments = parser.parse_args()
    os.environ.update(KAIZALA_CALLBACK_TOKEN=TOKEN)
    for variable in ("TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE"):
        os.environ.pop(variable, None)

    dev = subprocess.Popen(
        [arguments.kaizala, "dev", "--memory", "--port", "0", "--db-port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        url, database = wait_for(dev, "Webhook"), wait_for(dev, "Database")
        answers = run(arguments.python, FOLDER / "client.py", url).splitlines()
        client = pathlib.Path(arguments.node) / "client.mjs"
        client.write_bytes((FOLDER / "client.mjs").read_bytes())
        answers += run("node", client, url).splitlines()
        table = list(rows(arguments.kaizala, database))
    finally:
        dev.terminate()
        dev.wait(timeout=30)

    wanted = dict(expected())
    twice = [line for id_ in wanted for line in (f"{id_} stored", f"{id_} duplicate")]
    assert answers == twice, f"answered: {answers}"
    assert len(table) == len(wanted), f"{len(table)} rows"
    for row in table:
        id_ = row["event_id"]
        found = {name: row[name] for name in wanted[id_]}
        if id_.startswith("js-") and found["content_type"] is not None:
            found["content_type"] = found["content_type"].split(";")[0]
        if id_.startswith("js-none"):
            # The SDK calls what is not there JSON in some modes.
            found["content_type"] = None
        assert found == wanted[id_], f"{id_}: {found}"
    print(f"{len(wanted)} events of two SDKs, each sent twice: each is there once, as it was sent")


if __name__ == "__main__":
    main()
