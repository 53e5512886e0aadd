"""What the measurements run on: a DynamoDB and the functions, on this machine."""

import dataclasses
import hashlib
import http.client
import json
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / "target"
INSTALLED = ROOT / ".tools/bench"
PYTHON = ROOT / "benches/peers/python"

# The token in events/. Good for nothing else.
CALLBACK_TOKEN = "local-callback-token-not-for-production"
SIZES = {"1 KB": "1kb", "4 KB": "4kb"}


@dataclasses.dataclass
class Function:
    """A Lambda function that keeps an event, and what it is deployed as."""

    name: str
    command: list
    package: list
    environment: dict = dataclasses.field(default_factory=dict)

    @property
    def table(self):
        return "events-" + hashlib.sha256(self.name.encode()).hexdigest()[:8]

    def full_environment(self, endpoint_url):
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TABLE_NAME": self.table,
            "CALLBACK_TOKEN_SHA256": hashlib.sha256(CALLBACK_TOKEN.encode()).hexdigest(),
            "AWS_ENDPOINT_URL_DYNAMODB": endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            **self.environment,
        }


def rust(name, binary, **environment):
    path = BUILT / "release" / binary
    return Function(name, [path], [path], environment)


def python(name, handler, packages, **environment):
    paths = [PYTHON, INSTALLED / packages, INSTALLED / "python-runtime"]
    environment["PYTHONPATH"] = ":".join(map(str, paths))
    package = [*sorted(PYTHON.glob("*.py")), INSTALLED / packages]
    return Function(name, [sys.executable, "-m", "awslambdaric", handler], package, environment)


def node(name):
    bundle = INSTALLED / "node/build/webhook.cjs"
    runtime = ROOT / "benches/peers/node/runtime.mjs"
    return Function(name, [which("node"), runtime, bundle], [bundle])


def which(program):
    return shutil.which(program) or sys.exit(f"{program} is not on the PATH: install it")


class Event:
    """An event of a response as API Gateway hands it over, under an id of its own."""

    ID = "c66e047c-8280-4a9f-91a1-10b7c4fef0a3"
    GATEWAY = json.loads((ROOT / "events/text-message-created.json").read_text(encoding="utf-8"))
    BODIES = {size: (ROOT / f"benches/bodies/{file}.json").read_text(encoding="utf-8") for size, file in SIZES.items()}

    def __init__(self, size):
        self.id = str(uuid.uuid4())
        self.body = self.BODIES[size].replace(self.ID, self.id)

    def delivery(self):
        """One delivery of it: what API Gateway makes of the request."""
        # The key is for the bare function, which does not look into the body.
        headers = self.GATEWAY["headers"] | {
            "content-length": str(len(self.body.encode())),
            "kz-callback-token": CALLBACK_TOKEN,
            "event-key": f"ActionResponse#{self.id}",
        }
        context = self.GATEWAY["requestContext"] | {"requestId": str(uuid.uuid4())}
        gateway = self.GATEWAY | {"headers": headers, "requestContext": context, "body": self.body}
        return json.dumps(gateway, ensure_ascii=False).encode()


def check(answer, outcome):
    """Ends the measurement when the function did not do its work."""
    answered = json.loads(answer)
    if answered.get("statusCode") != 200 or json.loads(answered["body"])["outcome"] != outcome:
        sys.exit(f"{outcome} was expected, not {answered}")


class DynamoDb:
    """The engine that is embedded in `kaizala dev`, in memory: the same one for every function."""

    def __init__(self):
        command = [BUILT / "debug/kaizala", "dev", "--memory", "--port", "0", "--db-port", "0", "--table", "template"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("Database "):
                self.url = line.split()[1]
                break
        else:
            sys.exit("kaizala dev did not start")
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def make_tables(self, functions):
        """A table for each function, as the receiver's is made; and one for Powertools, as its documentation has it."""
        described = self.call("DescribeTable", {"TableName": "template"})["Table"]
        index = described["GlobalSecondaryIndexes"][0]
        table = {name: described[name] for name in ("AttributeDefinitions", "KeySchema")} | {
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [{name: index[name] for name in ("IndexName", "KeySchema", "Projection")}],
        }
        for name in {function.table for function in functions}:
            self.call("CreateTable", table | {"TableName": name})
        answers = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        }
        self.call("CreateTable", answers | {"TableName": "answers"})

    def call(self, operation, request):
        """A request in DynamoDB's own protocol; the engine does not check the signature."""
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "X-Amz-Date": "20230101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230101/us-east-1/dynamodb/aws4_request, "
            "SignedHeaders=host, Signature=none",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/", json.dumps(request), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        return answer if response.status == 200 else sys.exit(f"{operation}: {answer}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def machine():
    """The machine in general terms."""
    kind = "virtual machine" if "hypervisor" in pathlib.Path("/proc/cpuinfo").read_text() else "machine"
    return f"{os.cpu_count()} cores of an {platform.machine().replace('_', '-')} {kind}, {platform.system()}"
