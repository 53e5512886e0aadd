"""Proves a deployed stack in its AWS account, and says of each step whether it held.

    KAIZALA_CALLBACK_TOKEN=… make verify-aws STACK=kaizala-webhook

It delivers made-up events, in groups of their own, and deletes them at the end; one alarm goes off and back, which sends mail if
the stack does. A step that was not run is printed as such, with the reason, and never as one that held. Exit code 1 if a step
failed.
"""

import argparse
import contextlib
import datetime
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import uuid

import boto3
import botocore.exceptions
from boto3.dynamodb.conditions import Key

TOKEN = "KAIZALA_CALLBACK_TOKEN"
NAMESPACE = "KaizalaWebhook"
# One that takes back no deployment.
ALARM = "latency"
STATE = "lake/state.json"


class NotRun(Exception):
    """The step does not apply, or cannot be run here."""


class Failed(Exception):
    """What the step was to prove does not hold."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", required=True, help="name of the stack")
    parser.add_argument("--kaizala", type=pathlib.Path, required=True, help="the built command line")
    parser.add_argument("--region", help="by default that of the environment or the profile")
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--events", type=int, default=100, help="how many events to deliver (100)")
    parser.add_argument("--wait", type=int, default=60, help="minutes that the events may take to the tables (60)")
    parser.add_argument("--url", help="callback URL, where the stack's own does not lead to it")
    parser.add_argument("--one-window", action="store_true", help="on an emulator: let the tables catch up once, whatever the time")
    parser.add_argument(
        "--not-here", action="append", default=[], metavar="STEP=REASON", help="do not run a step, and say why"
    )
    arguments = parser.parse_args()
    if not os.environ.get(TOKEN):
        sys.exit(f"verify-aws: set {TOKEN} to the callback token of the stack")
    not_here = dict(text.split("=", 1) for text in arguments.not_here)

    verification = Verification(arguments)
    steps = [
        ("policies", verification.policies),
        ("check", verification.check),
        ("deliveries", verification.deliveries),
        ("metrics", verification.metrics),
        ("alarm", verification.alarm),
        ("event bus", verification.event_bus),
        ("export", verification.export),
        ("tables", verification.tables),
        ("views", verification.views),
        ("cleaning up", verification.clean_up),
    ]
    if unknown := not_here.keys() - dict(steps).keys():
        sys.exit(f"verify-aws: there is no step {', '.join(unknown)}")
    results = []
    for name, step in steps:
        results.append((name, *run(name, step, not_here)))
        # What is left to do is to clean up.
        if results[-1][1] == "interrupted":
            not_here = {other: "interrupted" for other, _ in steps[:-1]} | not_here
    print(f"\n{arguments.stack}:")
    for name, result, remark in results:
        print(f"  {name:<12} {result:<12} {remark}")
    if any(result in ("failed", "interrupted") for _, result, _ in results):
        sys.exit(1)


def run(name, step, not_here):
    """What came of a step, and a remark."""
    if name in not_here:
        return "not run", not_here[name]
    print(f"{name} …", flush=True)
    try:
        return "held", step()
    except NotRun as reason:
        return "not run", str(reason)
    except KeyboardInterrupt:
        return "interrupted", ""
    # Whatever it is: the step did not hold, and what was delivered has to be deleted.
    except Exception as error:
        return "failed", str(error) or repr(error)


class Verification:
    def __init__(self, arguments):
        self.arguments = arguments
        self.session = boto3.Session(profile_name=arguments.profile, region_name=arguments.region)
        if not self.session.region_name:
            sys.exit("verify-aws: give --region, or set AWS_REGION")
        try:
            described = self.session.client("cloudformation").describe_stacks(StackName=arguments.stack)["Stacks"][0]
        except botocore.exceptions.ClientError as error:
            sys.exit(f"verify-aws: {error}: give the stack as STACK, and --region or --profile in VERIFY")
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        self.parameters = {given["ParameterKey"]: given["ParameterValue"] for given in described.get("Parameters", [])}
        self.url = arguments.url or self.outputs["CallbackUrl"]
        self.seed = random.randrange(1 << 48)
        # The groups of the made-up events, once it is known that they hold nothing else.
        self.groups = []
        self.delivered = None

    def client(self, service):
        return self.session.client(service)

    def kaizala(self, *arguments):
        """Runs the command line; what it says is the failure."""
        environment = os.environ | {"AWS_REGION": self.session.region_name, "TABLE_NAME": self.outputs["TableName"]}
        if self.arguments.profile:
            environment["AWS_PROFILE"] = self.arguments.profile
        command = [self.arguments.kaizala, *(str(argument) for argument in arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed((done.stderr.strip() or done.stdout.strip()).replace("\n", "; "))
        return done.stdout

    def check(self):
        self.kaizala("check", "--url", self.url)
        return "handshake, a wrong token refused, a test event stored and found"

    def deliveries(self):
        groups = self.groups_of_seed()
        if any(self.items(group, limit=1) for group in groups):
            raise Failed("the table holds something in the groups of the made-up events: run it again")
        self.groups = groups
        told = self.kaizala(
            *("simulate", "deliver", "--url", self.url, "--events", self.arguments.events, "--seed", self.seed),
            *("--verify", "--json"),
        )
        self.delivered = now()
        summary = json.loads(told)
        return f"{summary['deliveries']} deliveries of {summary['events']} events, each in the table once, byte for byte"

    def groups_of_seed(self):
        """The groups that `simulate deliver` writes to with this seed."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "made-up"
            self.kaizala("simulate", "export", "--events", self.arguments.events, "--seed", self.seed, "--out", out)
            lines = [line for file in out.rglob("*.json.gz") for line in gzip.decompress(file.read_bytes()).splitlines()]
        groups = {json.loads(line)["Item"]["groupId"]["S"] for line in lines}
        # Those that everybody's events may be in.
        return sorted(groups - {"ungrouped", "quarantine", "groups"})

    def items(self, group, limit=None):
        """Keys of a group's items, and whether each is an event and not a part of one."""
        table = self.session.resource("dynamodb").Table(self.outputs["TableName"])
        query = {
            "KeyConditionExpression": Key("groupId").eq(group),
            "ProjectionExpression": "groupId, eventKey, eventType",
            "ConsistentRead": True,
        }
        found = []
        while True:
            page = table.query(**query, **({"Limit": limit} if limit else {}))
            found += page["Items"]
            if limit or "LastEvaluatedKey" not in page:
                return found
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def metrics(self):
        self.needs_deliveries()
        begin = self.delivered - datetime.timedelta(minutes=30)

        def counted():
            found = self.client("cloudwatch").get_metric_statistics(
                Namespace=NAMESPACE,
                MetricName="Deliveries",
                Dimensions=[{"Name": "FunctionName", "Value": self.outputs["FunctionName"]}],
                StartTime=begin,
                EndTime=now() + datetime.timedelta(minutes=1),
                Period=60,
                Statistics=["Sum"],
            )
            return sum(point["Sum"] for point in found["Datapoints"])

        wait_for(lambda: counted() >= self.arguments.events, 600, "CloudWatch has not counted the deliveries out of the log")
        return "CloudWatch counts the deliveries out of the log"

    def alarm(self):
        cloudwatch, name = self.client("cloudwatch"), f"{self.arguments.stack}-{ALARM}"

        def state():
            found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
            if not found:
                raise Failed(f"there is no alarm {name}")
            return found[0]["StateValue"]

        if state() == "ALARM":
            raise NotRun(f"{name} is on: see docs/runbook.md")
        for value in ("ALARM", "OK"):
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="make verify-aws")
            wait_for(lambda value=value: state() == value, 60, f"{name} does not go to {value}")
        return f"{name} went to ALARM and back; look whether you were told"

    def event_bus(self):
        bus = self.parameters.get("EventBusName")
        if not bus:
            raise NotRun("EventBusName is empty")
        sqs, events, name = self.client("sqs"), self.client("events"), f"verify-{uuid.uuid4()}"
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        with contextlib.ExitStack() as undo:
            undo.callback(sqs.delete_queue, QueueUrl=queue)
            arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            allowed = {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": arn,
                    }
                ],
            }
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(allowed)})
            pattern = {"source": ["kaizala-webhook"], "detail": {"groupId": ["kaizala-check"]}}
            events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
            undo.callback(events.delete_rule, Name=name, EventBusName=bus)
            events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
            undo.callback(events.remove_targets, Rule=name, EventBusName=bus, Ids=["queue"])
            # A rule takes a moment to begin.
            time.sleep(10)
            key = json.loads(self.kaizala("check", "--url", self.url, "--json"))["eventKey"]

            def told():
                messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=10).get("Messages", [])
                return any(json.loads(message["Body"])["detail"]["eventKey"] == key for message in messages)

            wait_for(told, 180, f"{bus} was not told of the test event")
        return f"{bus} was told of a test event"

    def export(self):
        self.needs_tables()
        self.needs_deliveries()
        machine, arn = self.client("stepfunctions"), self.outputs["StateMachineArn"]
        deadline = time.monotonic() + 60 * self.arguments.wait
        while True:
            execution = machine.start_execution(stateMachineArn=arn)["executionArn"]
            while (described := machine.describe_execution(executionArn=execution))["status"] == "RUNNING":
                if time.monotonic() > deadline:
                    raise Failed(f"{execution} is still running: see lake-behind in docs/runbook.md")
                time.sleep(1 if self.arguments.one_window else 15)
            if described["status"] != "SUCCEEDED":
                raise Failed(f"{execution}: {described['status']} {described.get('error', '')}: see lake-failed in docs/runbook.md")
            done = self.tables_done()
            if self.arguments.one_window:
                return "one window went through"
            if done and done > self.delivered:
                return f"everything before {done:%H:%M:%S} UTC is in the tables"
            # A window has at least a quarter of an hour.
            if time.monotonic() > deadline:
                raise Failed(f"the tables reach to {done}, and the last delivery was at {self.delivered}: give --wait more minutes")
            time.sleep(60)

    def tables_done(self):
        try:
            state = self.client("s3").get_object(Bucket=self.outputs["ExportsBucketName"], Key=STATE)["Body"].read()
        except self.client("s3").exceptions.NoSuchKey:
            return None
        done = json.loads(state).get("done")
        return done and datetime.datetime.fromisoformat(done)

    def tables(self):
        self.needs_tables()
        names = self.names(lambda table: table["TableType"] != "VIRTUAL_VIEW")
        for name in names:
            self.query(f"SELECT count(*) FROM {name}")
        self.needs_deliveries()
        groups = ", ".join(f"'{group}'" for group in self.groups)
        [[rows]] = self.query(f"SELECT count(*) FROM events WHERE group_id IN ({groups})")
        expected = sum("eventType" in item for group in self.groups for item in self.items(group))
        if int(rows) != expected:
            raise Failed(f"the table events has {rows} of the {expected} made-up events")
        return f"{len(names)} tables answer; events has the {rows} made-up events and their edits"

    def views(self):
        self.needs_tables()
        names = self.names(lambda table: table["TableType"] == "VIRTUAL_VIEW")
        for name in names:
            self.query(f"SELECT * FROM {name} LIMIT 1")
        return f"{', '.join(names)} answer"

    def names(self, which):
        pages = self.client("glue").get_paginator("get_tables").paginate(DatabaseName=self.outputs["AthenaDatabaseName"])
        return sorted(table["Name"] for page in pages for table in page["TableList"] if which(table))

    def query(self, sql):
        """The rows that Athena gives, as texts, without the names of the columns."""
        athena = self.client("athena")
        query = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.outputs["AthenaDatabaseName"]},
            WorkGroup=self.outputs["AthenaWorkGroupName"],
        )["QueryExecutionId"]

        def status():
            return athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]

        wait_for(lambda: status()["State"] not in ("QUEUED", "RUNNING"), 300, f"Athena does not answer: {sql}")
        if status()["State"] != "SUCCEEDED":
            raise Failed(f"{sql}: {status().get('StateChangeReason', status()['State'])}")
        rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[1:]]

    def policies(self):
        iam, table = self.client("iam"), self.table_arn()
        bucket = f"arn:{table.split(':')[1]}:s3:::{self.outputs['ExportsBucketName']}"

        def role_of(function):
            return self.client("lambda").get_function_configuration(FunctionName=function)["Role"]

        def simulate(role, action, resource):
            answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource])
            return answer["EvaluationResults"][0]["EvalDecision"] == "allowed"

        receiver = role_of(self.outputs["FunctionName"])
        expected = [(receiver, action, table, True) for action in ("dynamodb:PutItem", "dynamodb:GetItem")]
        for action in ("Scan", "Query", "UpdateItem", "DeleteItem", "DeleteTable", "ExportTableToPointInTime"):
            expected.append((receiver, f"dynamodb:{action}", table, False))
        expected.append((receiver, "s3:GetObject", f"{bucket}/tables/events/x.parquet", False))
        count = len(expected)
        for role, action, resource, allowed in expected:
            if simulate(role, action, resource) != allowed:
                raise Failed(f"{role} {'may not' if allowed else 'may'} {action} on {resource}")
        if policy := self.outputs.get("DashboardReaderPolicyArn"):
            version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
            document = document if isinstance(document, str) else json.dumps(document)
            for action, resource, allowed in (
                ("s3:GetObject", f"{bucket}/tables/events/x.parquet", True),
                ("s3:PutObject", f"{bucket}/query-results/x.csv", True),
                ("s3:GetObject", f"{bucket}/lake/exports/x.json.gz", False),
                ("s3:PutObject", f"{bucket}/tables/events/x.parquet", False),
                ("s3:DeleteObject", f"{bucket}/tables/events/x.parquet", False),
                ("dynamodb:Scan", table, False),
            ):
                answer = iam.simulate_custom_policy(
                    PolicyInputList=[document], ActionNames=[action], ResourceArns=[resource]
                )["EvaluationResults"][0]["EvalDecision"]
                count += 1
                if (answer == "allowed") != allowed:
                    raise Failed(f"{policy} {'does not allow' if allowed else 'allows'} {action} on {resource}")
        return f"{count} decisions of the IAM simulator are as they should be"

    def table_arn(self):
        return self.client("dynamodb").describe_table(TableName=self.outputs["TableName"])["Table"]["TableArn"]

    def clean_up(self):
        if not self.groups:
            raise NotRun("nothing was delivered")
        table, deleted = self.session.resource("dynamodb").Table(self.outputs["TableName"]), 0
        for group in self.groups:
            with table.batch_writer() as batch:
                for item in self.items(group):
                    batch.delete_item(Key={name: item[name] for name in ("groupId", "eventKey")})
                    deleted += 1
        if left := sum(len(self.items(group)) for group in self.groups):
            raise Failed(f"{left} made-up events are still in the table")
        return f"{deleted} items deleted; the next window takes them out of the tables; the group kaizala-check stays"

    def needs_tables(self):
        if "StateMachineArn" not in self.outputs:
            raise NotRun("DashboardTables is false")

    def needs_deliveries(self):
        if not self.delivered:
            raise NotRun("the deliveries failed")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def wait_for(condition, seconds, otherwise):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(otherwise)
        time.sleep(1)


main()
