"""Deploys template.yaml to MiniStack, an AWS emulator on this machine, lets the deployed function receive events/, and the deployed
state machine make tables of them; then verifies the stack as one on AWS is verified.

    make deploy-local

Sees half a domain refused, runs `sam deploy` until CREATE_COMPLETE, invokes the function's alias with every file of events/,
compares answers and table with what is expected, looks at what an event bus was told (local_bus.py), takes the tables for
dashboards through several windows (local_lake.py), and runs verify_aws.py. The emulator starts empty and ends with this script;
--keep leaves it running.
Needs `sam build` before, sam on the PATH, and the Python packages in tools/requirements-ministack.txt.
"""

import argparse
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3

import local_lake
from local_bus import BUS, Bus
from local_exports import Exports
from local_lake import from_export

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / ".aws-sam/build/template.yaml"
STACK = "kaizala-webhook-local"
DOMAIN = "webhook.example.com"
BOUNDARY = "arn:aws:iam::aws:policy/AdministratorAccess"
REGION = "eu-west-1"
# The token in events/, and its digest.
CALLBACK_TOKEN = "local-callback-token-not-for-production"
CALLBACK_TOKEN_SHA256 = "78fb1f72db9958a465e0ba9c8736f04ee420077d3a42d437a5938c74aecd8e6a"
# What the table holds after events/: the newest complete export of the fixture, which has some more, of further requests.
EXPORT = ROOT / "tests/fixtures/export/2023-03-08"
FURTHER = "further-"
# What the emulator cannot do, by the steps of verify_aws.py.
NOT_HERE = {
    "metrics": "the emulator reads no metrics out of log lines",
    "event bus": "the emulator's pipes reach no event bus",
    "views": "the emulator's Athena knows no views",
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--port", type=int, default=4566, help="port of the emulator (4566)")
    arguments.add_argument("--kaizala", type=pathlib.Path, required=True, help="the built command line")
    arguments.add_argument("--keep", action="store_true", help="leave the emulator running, to look around")
    arguments = arguments.parse_args()
    if not BUILT.exists():
        sys.exit("deploy-local: nothing is built yet: run make build")

    kaizala = arguments.kaizala.resolve()
    emulator = Emulator(arguments.port)
    exports = Exports(emulator, kaizala)
    try:
        bus = Bus(emulator)
        domain = prepare_domain(emulator)
        refuse_half_a_domain(emulator, exports.url, domain)
        deploy(emulator, exports.url, domain)
        stack = emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        print(f"{stack['StackName']}: {stack['StackStatus']}")
        if stack["StackStatus"] != "CREATE_COMPLETE":
            sys.exit("deploy-local: the stack was not created")
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        for name, value in sorted(outputs.items()):
            print(f"  {name:<18} {value}")
        if outputs["CallbackUrl"] != f"https://{DOMAIN}/webhook":
            sys.exit("deploy-local: the callback URL is not at the stack's domain")
        answer_all(emulator.client("lambda"), outputs["FunctionName"])
        compare(emulator.client("dynamodb"), outputs["TableName"])
        bus.prove(STACK, outputs["TableName"])
        print()
        local_lake.prove(emulator, exports, outputs, kaizala, event_files())
        verify(emulator, exports, outputs, kaizala)
        if arguments.keep:
            print(f"The emulator is at {emulator.url} until Ctrl-C.", flush=True)
            emulator.process.wait()
    except KeyboardInterrupt:
        pass
    finally:
        exports.end()
        emulator.end()


class Emulator:
    """A running MiniStack, which listens on this machine alone and keeps its files in a folder of its own."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.region = REGION
        self.folder = tempfile.mkdtemp(prefix="ministack-")
        self.environment = os.environ | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "SAM_CLI_TELEMETRY": "0",
        }
        settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION, "TMPDIR": self.folder}
        # What waits a minute on AWS waits two seconds.
        settings["SFN_WAIT_SCALE"] = "0.03"
        self.log = open(pathlib.Path(self.folder) / "ministack.log", "w+", encoding="utf-8")
        # It must not reach for the network through a variable meant for its clients.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | settings
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        sys.exit(f"deploy-local: the emulator did not start:\n{self.log.read()}")

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def prepare_domain(emulator):
    """What a domain of its own takes: a hosted zone and a certificate."""
    zone = emulator.client("route53").create_hosted_zone(Name="example.com", CallerReference="local")["HostedZone"]["Id"]
    certificate = emulator.client("acm").request_certificate(DomainName=DOMAIN)["CertificateArn"]
    return {"DomainName": DOMAIN, "CertificateArn": certificate, "HostedZoneId": zone.rpartition("/")[2]}


def refuse_half_a_domain(emulator, endpoint, domain):
    """A deployment with a part of the domain's parameters is refused before anything is made."""
    half = {name: value for name, value in domain.items() if name != "CertificateArn"}
    refused = sam_deploy(emulator, endpoint, half, capture_output=True, text=True)
    said = refused.stdout + refused.stderr
    if refused.returncode == 0 or "DomainName and HostedZoneId need CertificateArn." not in said:
        sys.exit(f"deploy-local: half a domain was not refused by the rule:\n{said}")
    made = emulator.client("dynamodb").list_tables()["TableNames"]
    if made:
        sys.exit(f"deploy-local: half a domain was refused after {made} was made")
    print("A domain without a certificate was refused before anything was made.")


def deploy(emulator, endpoint, domain):
    if sam_deploy(emulator, endpoint, domain).returncode != 0:
        sys.exit("deploy-local: sam deploy failed")


def sam_deploy(emulator, endpoint, further, **options):
    """`sam deploy` as for AWS. A parameter switches off what the emulator does not know: CodeDeploy."""
    parameters = further | {
        "CallbackTokenSha256": CALLBACK_TOKEN_SHA256,
        "RetentionDays": "0",
        "AlarmEmail": "operations@example.com",
        "ReservedConcurrency": "5",
        "MaxWriteUnitsPerSecond": "4000",
        "DynamoDbEndpointUrl": endpoint,
        "GradualDeployment": "false",
        "EventBusName": BUS,
        "PermissionsBoundaryArn": BOUNDARY,
    }
    # The emulator hands SAM's transform the defaults of parameters and not their values, and this one decides there.
    template = BUILT.with_name("template-local.yaml")
    text, count = re.subn(
        r"(\n  GradualDeployment:\n(?:    .*\n)*?    Default: ).*", r"\1'false'", BUILT.read_text(encoding="utf-8")
    )
    assert count == 1, "GradualDeployment has a default"
    # Nor does it know alarms on metric math.
    text = re.sub(
        r"(?m)^  \w+:\n    Type: AWS::CloudWatch::Alarm\n(?:    .*\n)+",
        lambda alarm: "" if "      Metrics:\n" in alarm[0] else alarm[0],
        text,
    )
    template.write_text(text, encoding="utf-8")
    # Not samconfig.toml, in which somebody may have saved the answers for a deployment to AWS.
    config = pathlib.Path(emulator.folder) / "samconfig.toml"
    config.write_text("version = 0.1\n", encoding="utf-8")
    command = [
        "sam",
        "deploy",
        *("--template-file", str(template)),
        *("--stack-name", STACK),
        *("--region", REGION),
        *("--capabilities", "CAPABILITY_IAM"),
        *("--config-file", str(config)),
        "--resolve-s3",
        "--no-confirm-changeset",
        "--parameter-overrides",
        *(f"{name}={value}" for name, value in parameters.items()),
    ]
    return subprocess.run(command, cwd=ROOT, env=emulator.environment, check=False, **options)


def serve_route(emulator, function):
    """The API's route, which is in a description that the emulator does not read; returns the API's id."""
    gateway, lambda_ = emulator.client("apigatewayv2"), emulator.client("lambda")
    [api] = [api["ApiId"] for api in gateway.get_apis()["Items"]]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=lambda_.get_alias(FunctionName=function, Name="live")["AliasArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="ANY /webhook", Target=f"integrations/{integration}")
    return api


def verify(emulator, exports, outputs, kaizala):
    """`make verify-aws`, all but what the emulator does not do."""
    api = serve_route(emulator, outputs["FunctionName"])
    command = [
        *(sys.executable, ROOT / "scripts/verify_aws.py", "--stack", STACK, "--kaizala", kaizala, "--one-window"),
        *("--url", f"{emulator.url}/_aws/execute-api/{api}/$default/webhook"),
        *(text for step, reason in NOT_HERE.items() for text in ("--not-here", f"{step}={reason}")),
    ]
    environment = emulator.environment | {
        "AWS_ENDPOINT_URL_DYNAMODB": exports.url,
        "KAIZALA_CALLBACK_TOKEN": CALLBACK_TOKEN,
    }
    print(flush=True)
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        sys.exit("deploy-local: the stack could not be verified")


def event_files():
    return sorted((ROOT / "events").glob("*.json"), key=lambda file: file.stem)


def answer_all(lambda_, function):
    """Lets the function answer every file of events/, and checks that it answers as the file's name says."""
    files = event_files()
    print(f"\nInvoking {function}:live with {len(files)} events:")
    for file in files:
        answer = lambda_.invoke(FunctionName=function, Qualifier="live", Payload=file.read_bytes())
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            sys.exit(f"deploy-local: {file.stem}: {payload.decode()}")
        status = json.loads(payload)["statusCode"]
        if status != (401 if file.stem.startswith("refused-") else 200):
            sys.exit(f"deploy-local: {file.stem} was answered {status}: {payload.decode()}")
        print(f"  {file.stem:<42} {status}")


def compare(dynamodb, table):
    """Compares the table with what it should hold, attribute by attribute."""
    found = [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
    found = {key_of(item): item for item in found}
    expected = {key_of(item): item for item in expected_items()}
    differences = [f"missing: {key}" for key in expected.keys() - found.keys()]
    differences += [f"unexpected: {key}" for key in found.keys() - expected.keys()]
    differences += [f"different: {key}" for key in expected.keys() & found.keys() if expected[key] != found[key]]
    print(f"\n{table}: {len(found)} items, {len(expected)} expected")
    if differences:
        sys.exit("deploy-local: the table is not what it should be:\n  " + "\n  ".join(sorted(differences)))
    print("Every item is as expected.")


def expected_items():
    newest = max((EXPORT / "AWSDynamoDB").iterdir())
    for file in newest.glob("data/*.json.gz"):
        for line in gzip.decompress(file.read_bytes()).splitlines():
            item = json.loads(line)["Item"]
            if "requestId" in item and not item["requestId"]["S"].startswith(FURTHER):
                yield {name: from_export(value) for name, value in item.items()}


def key_of(item):
    return item["groupId"]["S"], item["eventKey"]["S"]


main()
