"""The functions under Lambda's runtime interface emulator, in turns, over one DynamoDB: how long until the first response
of a fresh environment, how long an event takes, how much memory it takes, how large the package is."""

import contextlib
import http.client
import io
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

from local import ROOT, SIZES, DynamoDb, Event, check, free_port, node, python, rust

EMULATOR = ROOT / ".tools/venv/bin/aws-lambda-rie"
INVOCATIONS = "/2015-03-31/functions/function/invocations"

BARE, RECEIVER = "bare", "receiver"
FUNCTIONS = [
    rust(BARE, "bare"),
    rust(RECEIVER, "receiver"),
    python("Python, boto3", "webhook.handler", "python"),
    python("with Powertools", "with_powertools.handler", "python-powertools", IDEMPOTENCY_TABLE_NAME="answers"),
    node("Node, SDK v3"),
]

# Events one after the other before it is the next function's turn.
BATCH = 10
# Until a just-in-time compiler has seen the code often enough.
WARM_UP = 200


class Environment:
    """An execution environment: the emulator and the function in it. One event at a time, as in Lambda."""

    def __init__(self, function, dynamodb):
        self.log = tempfile.TemporaryFile()
        port, runtime_port = free_port(), free_port()
        command = [
            EMULATOR,
            *("--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *function.command,
        ]
        environment = function.full_environment(dynamodb.url)
        self.function = function
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while self.process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                self.connection.connect()
                return
            time.sleep(0.01)
        sys.exit(f"the emulator did not start: {self.said()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, 9)
        self.process.kill()
        self.process.wait()
        self.connection.close()

    def invoke(self, event, outcome):
        """Milliseconds from the event's way in to the answer's way out."""
        payload = event.delivery()
        start = time.perf_counter()
        self.connection.request("POST", INVOCATIONS, payload)
        answer = self.connection.getresponse().read()
        took = time.perf_counter() - start
        try:
            check(answer, outcome)
        except SystemExit:
            note(self.said())
            raise
        return took * 1000

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def children(self):
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]

    def peak_memory(self):
        """Megabytes that the function had in memory at most; the emulator's are not its."""
        [child] = self.children()
        status = pathlib.Path(f"/proc/{child}/status").read_text()
        [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(peak) * 1024 / 1e6


def measure(rounds, starts):
    """By function name, by figure: milliseconds, megabytes."""
    figures = {function.name: package_size(function) for function in FUNCTIONS}
    with DynamoDb() as dynamodb:
        dynamodb.make_tables(FUNCTIONS)
        for name, times in first_responses(dynamodb, starts).items():
            figures[name]["first response"] = statistics.median(times)
        with contextlib.ExitStack() as stack:
            environments = [stack.enter_context(Environment(function, dynamodb)) for function in FUNCTIONS]
            for (name, size, what), times in warm_responses(environments, rounds).items():
                percentiles = statistics.quantiles(times, n=100)
                figures[name][f"{size}, {what}, p50"] = percentiles[49]
                figures[name][f"{size}, {what}, p99"] = percentiles[98]
            for environment in environments:
                figures[environment.function.name]["memory"] = environment.peak_memory()
    return figures


def first_responses(dynamodb, starts):
    times = {function.name: [] for function in FUNCTIONS}
    for start in range(starts):
        note(f"first response {start + 1} of {starts}")
        for function in FUNCTIONS:
            with Environment(function, dynamodb) as environment:
                times[function.name].append(environment.invoke(Event("1 KB"), "stored"))
    return times


def warm_responses(environments, rounds):
    for environment in environments:
        note(f"warming up {environment.function.name}")
        for _ in range(WARM_UP):
            environment.invoke(Event("1 KB"), "stored")
    times = {}
    for turn in range(rounds):
        note(f"round {turn + 1} of {rounds}")
        # Nobody is always the first.
        order = environments[turn % len(environments) :] + environments[: turn % len(environments)]
        for size in SIZES:
            for environment in order:
                events = [Event(size) for _ in range(BATCH)]
                for what, outcome in (("new", "stored"), ("duplicate", "duplicate")):
                    took = [environment.invoke(event, answer_of(environment, outcome)) for event in events]
                    times.setdefault((environment.function.name, size, what), []).extend(took)
    return times


def answer_of(environment, outcome):
    # Powertools answers a duplicate with what it answered to the first.
    return "stored" if environment.function.name == "with Powertools" else outcome


def package_size(function):
    """Megabytes, as the files are and as the ZIP that is uploaded."""
    archive = io.BytesIO()
    unpacked = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in function.package:
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                # Compiled anew wherever it runs.
                if file.is_file() and "__pycache__" not in file.parts:
                    packed.write(file, file.relative_to(path.parent))
                    unpacked += file.stat().st_size
    return {"package": unpacked / 1e6, "zip": len(archive.getvalue()) / 1e6}


def note(progress):
    print(progress, file=sys.stderr)
