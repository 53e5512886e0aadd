"""Exports of a table to S3, which the emulator of `make deploy-local` only pretends to make: a proxy in front of it.

The emulator answers that an export is complete and writes nothing. Here, `kaizala simulate export` writes what AWS would have,
and the export is complete when that is in the bucket. Everything else passes through as it is.
"""

import datetime
import http.client
import http.server
import json
import pathlib
import subprocess
import threading
import time

# How far back a table can be recovered by itself. The emulator does not take the setting from the template.
RECOVERABLE = datetime.timedelta(days=35)
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "x-amz-crc32"}


class Exports:
    """The proxy, at `url` until `end`."""

    def __init__(self, emulator, kaizala):
        self.emulator, self.kaizala = emulator, kaizala
        self.folder = pathlib.Path(emulator.folder) / "exports"
        # What the table held at the time of the last export.
        self.before = None
        self.begun, self.planted = set(), set()
        # How far back the table can be recovered; may be changed at any time.
        self.recoverable = RECOVERABLE
        self.failure = None
        exports = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, answer = exports.ask(self.command, self.path, self.headers, body)
                _, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
                if status == 200 and operation in CHANGED:
                    answer = json.dumps(CHANGED[operation](exports, json.loads(body), json.loads(answer))).encode()
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                # The length of what HEAD does not fetch.
                length = dict(headers).get("Content-Length", "0") if self.command == "HEAD" else str(len(answer))
                self.send_header("Content-Length", length)
                try:
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True  # Who asked was killed.

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = forward

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, method, path, headers, body):
        headers = dict(headers.items())
        # `kaizala` takes every server on this machine for one without regions.
        if authorization := headers.get("authorization"):
            headers["authorization"] = authorization.replace("/us-east-1/", f"/{self.emulator.region}/")
        connection = http.client.HTTPConnection(self.emulator.url.removeprefix("http://"))
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def export_begins(self, request, answer):
        arn = answer["ExportDescription"]["ExportArn"]
        # Who asks again with the same token is told of the same export.
        if arn in self.begun:
            return answer
        self.begun.add(arn)

        def plant():
            try:
                self.plant(arn, request)
            except Exception as error:
                self.failure = error

        threading.Thread(target=plant, daemon=True).start()
        return answer

    def export_goes_on(self, request, answer):
        if request["ExportArn"] not in self.planted:
            answer["ExportDescription"]["ExportStatus"] = "IN_PROGRESS"
        return answer

    def recovery_reaches_back(self, _request, answer):
        earliest = int(time.time() - self.recoverable.total_seconds())
        recovery = {"PointInTimeRecoveryStatus": "ENABLED", "EarliestRestorableDateTime": earliest}
        answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"] = recovery
        return answer

    def plant(self, arn, request):
        """Writes what AWS would have written, and puts it into the bucket."""
        export_id = arn.rpartition("/")[2]
        table = request["TableArn"].rpartition("/")[2]
        folder = self.folder / export_id
        export = ["--prefix", request["S3Prefix"], "--export-id", export_id]
        if window := request.get("IncrementalExportSpecification"):
            assert window["ExportViewType"] == "NEW_AND_OLD_IMAGES", window
            since, until = rfc3339(window["ExportFromTime"]), rfc3339(window["ExportToTime"])
            self.simulate(table, folder, *export, "--incremental", "--since", since, "--until", until, "--before", self.before)
            self.before = self.folder / f"before-{export_id}"
            self.simulate(table, self.before)
        else:
            self.simulate(table, folder, *export, "--until", rfc3339(request["ExportTime"]))
            self.before = folder / request["S3Prefix"]
        s3 = self.emulator.client("s3")
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                s3.put_object(Bucket=request["S3Bucket"], Key=file.relative_to(folder).as_posix(), Body=file.read_bytes())
        self.planted.add(arn)

    def simulate(self, table, folder, *options):
        command = [self.kaizala, "simulate", "export", "--from", "table", "--table", table, "--out", folder, *options]
        environment = self.emulator.environment | {"AWS_ENDPOINT_URL_DYNAMODB": self.url}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    def end(self):
        self.server.shutdown()
        self.server.server_close()


CHANGED = {
    "ExportTableToPointInTime": Exports.export_begins,
    "DescribeExport": Exports.export_goes_on,
    "DescribeContinuousBackups": Exports.recovery_reaches_back,
}


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
