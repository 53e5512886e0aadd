"""Sends CloudEvents with the official SDK: client.py URL, the token from KAIZALA_CALLBACK_TOKEN.

Prints a line for each delivery: the event's id and the answer.
"""

import http.client
import json
import os
import sys
from datetime import datetime, timezone
from urllib.parse import urlsplit

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

url, token = urlsplit(sys.argv[1]), os.environ["KAIZALA_CALLBACK_TOKEN"]


def attributes(name, **more):
    return {
        "id": f"py-{name}",
        "source": "/sdk/python",
        "type": "org.example.ping",
        "subject": '50% "ja" €',
        "time": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc),
        "tenant": "north",
        **more,
    }


DATA = {"n": 1, "s": "grün"}
MESSAGES = {
    "structured": (to_structured_event, {"datacontenttype": "application/json"}, DATA),
    "binary": (to_binary_event, {"datacontenttype": "application/json"}, DATA),
    # Without a type, the SDK sends no Content-Type in binary mode.
    "untyped-structured": (to_structured_event, {}, DATA),
    "untyped-binary": (to_binary_event, {}, DATA),
    "octets-structured": (to_structured_event, {"datacontenttype": "application/octet-stream"}, b"\x00\xff"),
    "octets-binary": (to_binary_event, {"datacontenttype": "application/octet-stream"}, b"\x00\xff"),
    "none-structured": (to_structured_event, {}, None),
    "none-binary": (to_binary_event, {}, None),
}

for name, (write, more, data) in MESSAGES.items():
    message = write(CloudEvent(attributes(name, **more), data))
    # Once with each of the two headers that hold a token.
    for credential in ({"kz-callback-token": token}, {"Authorization": f"Bearer {token}"}):
        # Not urllib, which adds a Content-Type where the SDK has none.
        connection = http.client.HTTPConnection(url.netloc)
        connection.request("POST", url.path, message.body, {**message.headers, **credential})
        answer = connection.getresponse()
        print(f"py-{name}", json.load(answer)["outcome"] if answer.status == 200 else answer.status)
        connection.close()
