"""The event bus on the emulator of `make deploy-local`: proves that it is told of each new event once, and of nothing else.

The emulator makes the pipe, but a pipe of its to an event bus delivers nothing. Here, the pipe is played by what AWS documents of
one: the records of the table's stream, the filter and the template of the deployed pipe, and PutEvents. Filter and rule are
evaluated by the emulator's EventBridge.
"""

import base64
import collections
import json
import pathlib
import re
import sys

import jsonschema
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUS = "kaizala-local"
SCHEMA = ROOT / "docs/event-bus.schema.json"
RULE = ROOT / "docs/event-bus.rule.json"
# What the samples do not make: the name of a group, what is left of an erased event, a part of a large body.
PLANTED = (
    {"groupId": {"S": "groups"}, "eventKey": {"S": "a group"}, "groupName": {"S": "Its name"}, "source": {"S": "file"}},
    {"groupId": {"S": "g1"}, "eventKey": {"S": "Poll#1"}, "contentSha256": {"B": b"x" * 32}, "erased": {"BOOL": True}},
    {"groupId": {"S": "g1"}, "eventKey": {"S": "Poll#2#part0123456789abcdef-0000"}, "part": {"B": b"x"}},
)
# No event carries any of these.
PERSONAL = {"payload", "payloadGzip", "payloadParts", "fromUserId", "groupName", "reason"}


class Bus:
    """A bus with two queues: one of everything that the bus is told, one of what the sample rule lets through."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.events, self.sqs = emulator.client("events"), emulator.client("sqs")
        self.events.create_event_bus(Name=BUS)
        self.told = self.queue("told", {"source": ["kaizala-webhook"]})
        self.ruled = self.queue("ruled", json.loads(RULE.read_text(encoding="utf-8")))
        self.position = None

    def queue(self, name, pattern):
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(pattern))
        self.events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": name, "Arn": arn}])
        return url

    def prove(self, stack, table):
        """Compares what the bus is told with the events of the table, after PLANTED came and went."""
        dynamodb = self.emulator.client("dynamodb")
        for item in PLANTED:
            dynamodb.put_item(TableName=table, Item=item)
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("groupId", "eventKey")})
        self.play_pipe(stack, table)

        found = [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
        expected = {(item["groupId"]["S"], item["eventKey"]["S"]): item for item in found if "eventType" in item}
        events = self.receive(self.told)
        validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
        counted = collections.Counter((event["detail"]["groupId"], event["detail"]["eventKey"]) for event in events)
        wrong = [f"told {count} times: {key}" for key, count in counted.items() if count != 1]
        wrong += [f"not told: {key}" for key in expected.keys() - counted.keys()]
        wrong += [f"told of an item that is not an event: {key}" for key in counted.keys() - expected.keys()]
        for event in events:
            detail = event["detail"]
            item = expected.get((detail["groupId"], detail["eventKey"]), {})
            wrong += [f"{detail['eventKey']}: {error.message}" for error in validator.iter_errors(event)]
            if event["detail-type"] != detail["eventType"]:
                wrong.append(f"{detail['eventKey']} is called {event['detail-type']}")
            if {name: item.get(name, {"S": ""})["S"] for name in detail} != detail or PERSONAL & detail.keys():
                wrong.append(f"{detail['eventKey']} is told as {detail}")
        ruled = self.receive(self.ruled)
        answers = [key for key, item in expected.items() if item["eventType"]["S"] == "SurveyResponse" and "revisionOf" not in item]
        if len(ruled) != len(answers):
            wrong.append(f"the sample rule lets {len(ruled)} of {len(answers)} new answers through")
        # The samples have them; otherwise nothing would be proved of them.
        revisions = sum("revisionOf" in item for item in expected.values())
        others = len(found) - len(expected) + len(PLANTED)
        if not (answers and revisions and others > len(PLANTED)) or wrong:
            sys.exit("deploy-local: the bus was not told what it should be:\n  " + "\n  ".join(wrong))
        print(
            f"{BUS}: told of each of {len(expected)} events once, {revisions} of them revisions, and of none of {others} other "
            f"items. The emulator's pipes reach no bus: the pipe was played, see scripts/local_bus.py."
        )

    def play_pipe(self, stack, table):
        """What the deployed pipe would do with the records of the stream so far."""
        pipe = self.definition(stack)
        [pattern] = [given["Pattern"] for given in pipe["SourceParameters"]["FilterCriteria"]["Filters"]]
        target = pipe["TargetParameters"]
        parameters = target["EventBridgeEventBusParameters"]
        for record in self.records(table):
            if not self.events.test_event_pattern(EventPattern=pattern, Event=json.dumps(envelope(record)))["Result"]:
                continue
            entry = {
                "EventBusName": BUS,
                "Source": parameters["Source"],
                "DetailType": value_at(parameters["DetailType"], record),
                "Detail": re.sub(r"<(\$[^>]+)>", lambda path: json.dumps(value_at(path[1], record))[1:-1], target["InputTemplate"]),
            }
            if self.events.put_events(Entries=[entry])["FailedEntryCount"]:
                sys.exit(f"deploy-local: the bus refuses {entry}")

    def definition(self, stack):
        text = self.emulator.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
        template = text if isinstance(text, dict) else yaml_parse(text)
        [pipe] = [made["Properties"] for made in template["Resources"].values() if made["Type"] == "AWS::Pipes::Pipe"]
        return pipe

    def records(self, table):
        """The stream's records, from its beginning or from where they were read last."""
        streams = self.emulator.client("dynamodbstreams")
        arn = self.emulator.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        position = self.position or streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            page = streams.get_records(ShardIterator=position)
            self.position = position = page["NextShardIterator"]
            if not page["Records"]:
                return
            for record in page["Records"]:
                yield json.loads(json.dumps(record, default=text_of))

    def receive(self, queue):
        events = []
        while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages"):
            events += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return events


def value_at(path, record):
    """The text at a path; empty where there is none."""
    value = record
    for name in path.removeprefix("$.").split("."):
        value = value.get(name, {}) if isinstance(value, dict) else {}
    return value or ""


def envelope(record):
    """What EventBridge demands of an event to test a pattern on, around a record."""
    around = {"id": "1", "account": "000000000000", "source": "aws:dynamodb", "time": "2023-03-06T10:00:00Z"}
    return around | {"region": "eu-west-1", "resources": [], "detail-type": "record", "detail": {}} | record


def text_of(value):
    """What JSON has no type for: bytes as in a stream's record, times as seconds."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()
