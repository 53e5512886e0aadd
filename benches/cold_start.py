"""The first response of a fresh environment over TLS at the CPU share of a small function.

Lambda gives a function of 128 MB some 7 % of a core, but while it starts (INIT) it has a whole one. Here the process is
alone in a cgroup; when it first asks for an event, which ends INIT, the cgroup gets a quota of 7 %, by Lambda's period of
20 ms, and then the event. Setting a quota takes root.
"""

import asyncio
import contextlib
import os
import pathlib
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

from local import DynamoDb, Event, check, rust

PERIOD_US = 20_000
QUOTA_US = PERIOD_US * 7 // 100
# Where this is already the whole machine's list of authorities, as on Lambda, a client reads all of it at its start.
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
PATIENCE_S = 30

SDK_DEFAULTS, RECEIVER = "SDK defaults", "receiver"
VARIANTS = [
    rust(SDK_DEFAULTS, "sdk-defaults"),
    rust("SDK defaults, connection opened in INIT", "sdk-defaults", WARM_UP="1"),
    rust("TLS on ring", "bare"),
    rust("TLS on ring, connection opened in INIT", "bare", WARM_UP="1"),
    rust(RECEIVER, "receiver"),
]


class CpuGroup:
    """A cgroup for one process, of version 2 or 1."""

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup")
        self.unified = (root / "cgroup.controllers").exists()
        self.path = root / ("." if self.unified else "cpu") / f"cold-start-{os.getpid()}"
        if self.unified:
            (root / "cgroup.subtree_control").write_text("+cpu")
        self.path.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.path.rmdir()

    def add(self, process):
        (self.path / "cgroup.procs").write_text(str(process.pid))

    def limit(self, quota_us):
        """A quota for each period, none without one."""
        if self.unified:
            (self.path / "cpu.max").write_text(f"{quota_us or 'max'} {PERIOD_US}")
        else:
            (self.path / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.path / "cpu.cfs_quota_us").write_text(str(quota_us or -1))


class RuntimeApi:
    """As much of Lambda's Runtime API as a function needs; hands out two events."""

    def __init__(self, when_ready):
        self.when_ready = when_ready
        self.handed_out = []
        self.answered = []
        self.done = asyncio.get_running_loop().create_future()

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = [line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(length[0])) if length else b""
                path = head.split()[1]
                if path.endswith("/invocation/next"):
                    await self.hand_out(writer)
                elif path.endswith("/response"):
                    self.answered.append(time.perf_counter())
                    check(body, "stored")
                    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                else:
                    self.done.set_exception(RuntimeError(f"{path}: {body.decode()}"))

    async def hand_out(self, writer):
        if not self.handed_out:
            self.when_ready()
        elif len(self.handed_out) == 2:
            self.done.set_result(None)
            return
        else:
            # Whatever quota the first one overdrew is paid back by then.
            await asyncio.sleep(0.2)
        event = Event("1 KB").delivery()
        head = [
            "HTTP/1.1 200 OK",
            "Content-Type: application/json",
            f"Content-Length: {len(event)}",
            f"Lambda-Runtime-Aws-Request-Id: {len(self.handed_out)}",
            f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + 60_000}",
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:cold-start",
        ]
        message = "\r\n".join([*head, "", ""]).encode() + event
        self.handed_out.append(time.perf_counter())
        writer.write(message)


class TlsEndpoint:
    """TLS in front of DynamoDB; notes how long its answers took behind."""

    def __init__(self, dynamodb):
        self.dynamodb = dynamodb
        self.asked = None
        self.answers = []

    async def serve(self, reader, writer):
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self.dynamodb.port)

        async def pump(source, sink, seen):
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    seen()
                    sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, behind_writer, self.asks), pump(behind_reader, writer, self.answer))

    def asks(self):
        self.asked = time.perf_counter()

    def answer(self):
        if self.asked:
            self.answers.append(time.perf_counter() - self.asked)
            self.asked = None


def measure(starts):
    """By variant, medians of milliseconds: INIT, the first and the second response, and DynamoDB's part of the first.
    None without the permission to set a quota."""
    try:
        cpu = CpuGroup()
    except OSError as error:
        print(f"no cold starts at a small CPU share: {error}", file=sys.stderr)
        return None
    with cpu, DynamoDb() as dynamodb, tempfile.TemporaryDirectory() as folder:
        dynamodb.make_tables(VARIANTS)
        certificate = make_certificate(pathlib.Path(folder))
        figures = {variant.name: [] for variant in VARIANTS}
        for start in range(starts):
            print(f"cold start {start + 1} of {starts}", file=sys.stderr)
            for variant in VARIANTS:
                figures[variant.name].append(asyncio.run(start_once(variant, dynamodb, cpu, certificate)))
    return {
        name: {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
        for name, runs in figures.items()
    }


async def start_once(variant, dynamodb, cpu, certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    endpoint = TlsEndpoint(dynamodb)
    ready = []

    def when_ready():
        ready.append(time.perf_counter())
        endpoint.answers.clear()
        cpu.limit(QUOTA_US)

    api = RuntimeApi(when_ready)
    endpoint_server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, ssl=tls)
    api_server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    environment = variant.full_environment(f"https://localhost:{port(endpoint_server)}") | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port(api_server)}",
        "AWS_LAMBDA_FUNCTION_NAME": "cold-start",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "SSL_CERT_FILE": str(certificate / "authorities.pem"),
    }
    cpu.limit(None)
    started = time.perf_counter()
    process = subprocess.Popen(variant.command, env=environment, stdout=subprocess.DEVNULL)
    cpu.add(process)
    try:
        await asyncio.wait_for(api.done, PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        endpoint_server.close()
        api_server.close()
        # Its connections are closed, and what serves them ends by that.
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=PATIENCE_S)
    [first, second] = [answered - handed for handed, answered in zip(api.handed_out, api.answered)]
    return {
        "INIT": (ready[0] - started) * 1000,
        "first": first * 1000,
        "DynamoDB": endpoint.answers[-2] * 1000,
        "second": second * 1000,
    }


def port(server):
    return server.sockets[0].getsockname()[1]


def make_certificate(folder):
    """A certificate for localhost, as large as DynamoDB's, and the authorities that the functions are to trust."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    extensions = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([*command, *extensions, *files], check=True, capture_output=True)
    others = AUTHORITIES.read_text() if AUTHORITIES.exists() else ""
    (folder / "authorities.pem").write_text(others + (folder / "certificate.pem").read_text())
    return folder
