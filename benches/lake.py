"""Runs the lake's function over a full export, and compares it with zcat over the same files.

The function is the release binary. It is alone in its process; this script plays Lambda's Runtime API, S3 over a folder, and a
DynamoDB that has no items: bodies in parts, which are few, count as gone. Prints events a second, CPU time and peak memory,
what the queries of the Grafana dashboard read of the Parquet files, and what the tables cost. Exit code 1 when memory is over
its limit or a line is rejected. Called by `make bench-lake`, which builds the function and the command.
"""

import argparse
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/dashboards"))
BUCKET, STATE = "lake", "lake/state.json"
MAX_PEAK_MB = 512
# What is aimed at.
CPU_GOAL, READ_GOAL = 1.6, 1 / 50
# List prices of us-east-1, in US dollars.
GB_SECOND, EXPORTED_GB, TRANSITION, PUT, STORED_GB_MONTH = 0.0000166667, 0.10, 0.000025, 0.000005, 0.023
# Lambda gives a function so many MB for a whole processor.
MB_OF_A_PROCESSOR = 1769
# Of an execution that waits two minutes for its export and converts one group: see statemachine/.
TRANSITIONS, STEPS, EXECUTIONS_A_MONTH = 32, 13, 730
EXPORT_MIN_GB, EXPORTS_KEPT_DAYS = 0.010, 36


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kaizala", type=pathlib.Path, required=True, help="the command")
    arguments.add_argument("--lake", type=pathlib.Path, required=True, help="the function")
    arguments.add_argument("--events", type=int, default=300_000)
    arguments.add_argument("--folder", type=pathlib.Path, default=ROOT / "target" / "bench-export")
    arguments.add_argument("--rounds", type=int, default=3, help="the median of so many counts")
    arguments = arguments.parse_args()

    export = arguments.folder.resolve() / f"export-{arguments.events}"
    if not list(export.glob("AWSDynamoDB/*/manifest-summary.json")):
        shutil.rmtree(export, ignore_errors=True)
        export.mkdir(parents=True)
        command = [arguments.kaizala, "simulate", "export", "--events", str(arguments.events), "--out", export]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [summary] = export.glob("AWSDynamoDB/*/manifest-summary.json")
    summary = json.loads(summary.read_text(encoding="utf-8"))
    files = list(export.glob("AWSDynamoDB/*/data/*.json.gz"))
    gzipped, unpacked = sum(file.stat().st_size for file in files), sum(map(unpacked_size, files))
    events = summary["itemCount"]
    print(f"{events} items in {len(files)} files, {gzipped / 1e6:.0f} MB gzipped, {unpacked / 1e6:.0f} MB of JSON\n")

    bucket = arguments.folder.resolve() / "bucket"
    zcats, conversions = [], []
    # By turns, so that what the machine does meanwhile falls on both alike.
    for _ in range(arguments.rounds):
        zcats.append(measured(["zcat", *files]))
        conversions.append(convert(arguments.lake.resolve(), bucket, export, summary))
    (zcat_seconds, zcat_cpu, _), (seconds, cpu, peak) = median(zcats), median([figures for figures, _ in conversions])
    converted = conversions[-1][1]
    parquet = list(bucket.glob("tables/*/*/*.parquet"))
    stored = sum(file.stat().st_size for file in parquet)

    print("| | seconds | to zcat | CPU seconds | to zcat | events a second of CPU | peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(f"| zcat, one after the other | {zcat_seconds:.2f} | 1.00 | {zcat_cpu:.2f} | 1.00 | | |")
    print(
        f"| `convert` | {seconds:.2f} | {seconds / zcat_seconds:.2f} | {cpu:.2f} | {cpu / zcat_cpu:.2f} |"
        f" {events / cpu:.0f} | {peak:.0f} |"
    )
    print(f"\n{converted['items']} items made rows, {converted['gone']} were gone, {converted['rejected']} rejected.")
    print(f"The goal is {CPU_GOAL} of zcat's CPU time; the limit of memory is {MAX_PEAK_MB} MB.\n")
    reads(bucket, gzipped, unpacked)
    cost(events, cpu, unpacked, gzipped, stored, len(parquet))
    if peak > MAX_PEAK_MB or converted["rejected"]:
        sys.exit("too much memory" if peak > MAX_PEAK_MB else "lines were rejected")


def unpacked_size(file):
    """A gzip of less than 4 GB ends with the size of its content."""
    with file.open("rb") as content:
        content.seek(-4, os.SEEK_END)
        return int.from_bytes(content.read(4), "little")


def median(rounds):
    return tuple(map(statistics.median, zip(*rounds)))


def measured(command):
    """Seconds, seconds of CPU time and peak memory in MB of a command."""
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    return finished(process, started)


def finished(process, started):
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, -signal.SIGTERM):
        sys.exit(f"{process.args[0]} failed")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def convert(lake, bucket, export, summary):
    """The figures of a process that makes the export into tables, and what its steps return together."""
    shutil.rmtree(bucket, ignore_errors=True)
    bucket.mkdir(parents=True)
    # The keys in the manifest lack the prefix under which the function looks for the manifest.
    for place in (bucket / "AWSDynamoDB", bucket / "lake/exports/AWSDynamoDB"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(export / "AWSDynamoDB")
    arn = summary["exportArn"]
    state = {"inFlight": {"exportArn": arn, "to": summary["exportTime"]}}
    (bucket / STATE).write_text(json.dumps(state), encoding="utf-8")
    with aws(bucket) as api:
        url = f"http://127.0.0.1:{api.server_port}"
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": url.removeprefix("http://"),
            "AWS_LAMBDA_FUNCTION_NAME": "lake",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MAX_PEAK_MB),
            "AWS_LAMBDA_LOG_GROUP_NAME": "lake",
            "AWS_LAMBDA_LOG_STREAM_NAME": "lake",
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "TABLE_ARN": summary["tableArn"],
            "BUCKET_NAME": BUCKET,
        }
        process = subprocess.Popen([lake], env=environment, stdout=subprocess.DEVNULL)
        try:
            groups = api.call({"step": "plan", "exportArn": arn})["groups"]
            started = time.monotonic()
            steps = [api.call({"step": "convert", "exportArn": arn, "group": group}) for group in groups]
            seconds = time.monotonic() - started
        finally:
            process.terminate()
            _, cpu, peak = finished(process, 0)
    return (seconds, cpu, peak), {name: sum(step[name] for step in steps) for name in steps[0]}


@contextlib.contextmanager
def aws(bucket):
    server = Aws(("127.0.0.1", 0), AwsHandler)
    server.bucket = bucket
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Aws(http.server.ThreadingHTTPServer):
    daemon_threads = True
    bucket = None

    def __init__(self, *arguments):
        self.asked, self.answers = queue.Queue(), queue.Queue()
        super().__init__(*arguments)

    def handle_error(self, *_):
        """Connections are cut off when the function ends."""

    def call(self, step):
        """What the function returns."""
        self.asked.put(step)
        answer = self.answers.get(timeout=3600)
        if not isinstance(answer, dict) or "errorType" in answer:
            sys.exit(f"the function failed: {answer}")
        return answer


class AwsHandler(http.server.BaseHTTPRequestHandler):
    """As much of Lambda's Runtime API, S3 and DynamoDB as the function asks for here."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    @property
    def file(self):
        return self.server.bucket / urllib.parse.unquote(self.path.split("?")[0]).removeprefix(f"/{BUCKET}/")

    def do_GET(self):
        if self.path.endswith("/invocation/next"):
            step = self.server.asked.get()
            deadline = str(int(time.time() * 1000) + 3_600_000)
            arn = "arn:aws:lambda:us-east-1:123456789012:function:lake"
            headers = {"Lambda_Runtime_Aws_Request_Id": "1", "Lambda_Runtime_Deadline_Ms": deadline}
            self.answer(200, json.dumps(step).encode(), Lambda_Runtime_Invoked_Function_Arn=arn, **headers)
        elif "list-type=2" in self.path:
            # The tables, as they are before the first export.
            self.answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        elif self.file.is_file():
            self.send_response(200)
            for name, value in self.of_file().items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command == "GET":
                with self.file.open("rb") as content:
                    shutil.copyfileobj(content, self.wfile, 1 << 20)
        else:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_HEAD = do_GET

    def of_file(self):
        modified = self.date_time_string(self.file.stat().st_mtime)
        return {"Content_Length": str(self.file.stat().st_size), "ETag": '"1"', "Last_Modified": modified}

    def do_PUT(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(self.body())
        self.answer(200, ETag='"1"')

    def do_POST(self):
        body = self.body()
        if self.path.endswith(("/response", "/error")):
            self.server.answers.put(json.loads(body))
            self.answer(202)
        else:
            batch = b'{"Responses":{},"UnprocessedKeys":{}}'
            is_batch = self.headers.get("X-Amz-Target", "").endswith("BatchGetItem")
            self.answer(200, batch if is_batch else b"{}", Content_Type="application/x-amz-json-1.0")


def reads(bucket, gzipped, unpacked):
    """Compressed bytes of the column chunks that each query of the dashboard names, in all files: what Athena bills, which
    skips row groups at best."""
    import duckdb
    import run_athena

    database = duckdb.connect()
    # What a filter names is read, although all rows of so few may pass it.
    database.execute("SET disabled_optimizers = 'statistics_propagation'")
    definitions = run_athena.glue_tables()
    complaints = list(run_athena.create_tables(database, definitions, bucket))
    for table in (table["Name"] for table in definitions if table["TableType"] == "EXTERNAL_TABLE"):
        # A plan names tables, and not the files of a view.
        database.execute(f"CREATE TABLE sample AS SELECT * FROM {table} LIMIT 1000")
        [(kind,)] = database.execute("SELECT table_type FROM information_schema.tables WHERE table_name = ?", [table]).fetchall()
        database.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {table}; ALTER TABLE sample RENAME TO {table}")
    views = [table for table in definitions if table["TableType"] == "VIRTUAL_VIEW"]
    complaints += run_athena.create_views(database, views)
    if complaints:
        sys.exit("\n".join(complaints))
    print("| query of the dashboard | MB read | of the gzipped export | of the JSON |\n| --- | --- | --- | --- |")
    read = {}
    for title, sql in run_athena.panel_queries(database):
        [(_, plan)] = database.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()
        read[title] = sum(
            database.execute(
                "SELECT coalesce(sum(total_compressed_size), 0) FROM parquet_metadata(?) WHERE path_in_schema IN "
                f"({', '.join('?' * len(columns))})",
                [str(bucket / f"tables/{table}/*/*.parquet"), *columns],
            ).fetchall()[0][0]
            for table, columns in scans(json.loads(plan))
            if columns and list(bucket.glob(f"tables/{table}/*/*.parquet"))
        )
    for title, size in {**read, "**all, each once**": sum(read.values())}.items():
        print(f"| {title} | {size / 1e6:.2f} | 1/{gzipped / max(size, 1):.0f} | 1/{unpacked / max(size, 1):.0f} |")
    mean = sum(read.values()) / len(read)
    print(
        f"\nA query reads 1/{gzipped / mean:.0f} of the gzipped export on average, the largest 1/{gzipped / max(read.values()):.0f}."
        f" The goal is 1/{1 / READ_GOAL:.0f}.\n"
    )


def scans(node):
    """Each scan in a plan: the table, and the columns that are read of it."""
    if isinstance(node, list):
        for child in node:
            yield from scans(child)
        return
    info = node.get("extra_info", {})
    if "Table" in info:
        # A column that is compared and not passed on stands among the filters alone.
        listed, filters = (value if isinstance(value, list) else [value] for value in (info.get("Projections", ""), info.get("Filters", "")))
        words = {*listed, *re.findall(r"\w+", " ".join(filters))}
        table = info["Table"].split(".")[-1]
        yield table, sorted(words - {"", "day"})
    yield from scans(node.get("children", []))


def cost(events, cpu, unpacked, gzipped, stored, files):
    """The cost table of docs/deploy.md, by the figures of this run."""
    million = 1e6 / events
    gb_seconds = cpu * million * MB_OF_A_PROCESSOR / 1024
    exported = unpacked * million / 1e9
    kept = (stored + gzipped * EXPORTS_KEPT_DAYS / 30) * million / 1e9
    hourly = EXECUTIONS_A_MONTH
    rows = [
        # What, how much, at what price, dollars a million events, dollars a month.
        ("Lambda, `convert`", f"{gb_seconds:.0f} GB-s", "0.0000166667 / GB-s", gb_seconds * GB_SECOND, 0),
        ("Lambda, other steps", f"{STEPS} an hour of 0.2 s and 512 MB", "the same", 0, hourly * STEPS * 0.1 * GB_SECOND),
        (
            "Exports of what is new",
            f"{exported:.1f} GB; at least 10 MB an hour",
            "0.10 / GB",
            exported * EXPORTED_GB,
            hourly * EXPORT_MIN_GB * EXPORTED_GB,
        ),
        ("Step Functions", f"{TRANSITIONS} transitions an hour", "25.00 / M", 0, hourly * TRANSITIONS * TRANSITION),
        ("S3, PUT", f"{files + 10} objects an hour", "5.00 / M", 0, hourly * (files + 10) * PUT),
        ("S3, storage", f"{kept:.2f} GB", "0.023 / GB and month", kept * STORED_GB_MONTH, 0),
    ]
    print("| tables for dashboards | quantity | price of a unit | a million events | a month |\n| --- | --- | --- | --- | --- |")
    for name, quantity, price, once, month in rows:
        print(f"| {name} | {quantity} | {price} | {once:.3f} | {month:.3f} |")
    print(f"| **together** | | | **{sum(row[3] for row in rows):.2f}** | **{sum(row[4] for row in rows):.2f}** |")
    print("\nStorage is for a month. The goal is 0.50 a million events and 2.00 a month, queries apart.")
    print("A core of this machine counts as one of Lambda's, and the size of the JSON as what DynamoDB bills.")


main()
