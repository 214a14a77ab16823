"""Sends CloudEvents that the CloudEvents SDK makes, and makes them again of what is read: cloudevents-client.py SERVER

Each event goes in structured, batched and binary mode. A record is what the Kafka binding of the SDK writes, so its
converter reads it. Prints what was checked, and ends with status 0 if all was as it should be.
"""

import base64
import importlib.metadata
import json
import sys
import urllib.parse
from datetime import datetime, timedelta, timezone
from http import client

from cloudevents.core.bindings import http, kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

SERVER = sys.argv[1]
FORMAT = JSONFormat()
BATCH = "application/cloudevents-batch+json"


def attributes(number, **more):
    """What an event needs, and what the test of the SDK cannot leave out since it would add it: the time."""
    time = datetime(2026, 11, 21, 10, 0, number, 120_000, tzinfo=timezone.utc)
    return {"type": "com.example.order", "source": "/shop/orders", "id": f"e-{number}", "time": time} | more


EVENTS = [
    CloudEvent(attributes(0, datacontenttype="application/json", partitionkey="u1"), {"state": "placed", "n": [1, None]}),
    CloudEvent(attributes(1, subject='München "x" 100%', datacontenttype="application/json"), {"ä": "🦆"}),
    CloudEvent(attributes(2, datacontenttype="text/plain"), "a line\nand another, ünï"),
    CloudEvent(attributes(3, datacontenttype="application/octet-stream"), bytes(range(256))),
    CloudEvent(attributes(4, dataschema="https://example.com/schema", shard="17", traced="true")),
    CloudEvent(attributes(5, time=datetime(2026, 1, 1, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))), {"no": "type"}),
]


def send(method, path, body=None, headers={}):
    """The status of an answer, and its document; no field is sent but those of the event."""
    connection = client.HTTPConnection(urllib.parse.urlsplit(SERVER).netloc, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    document = json.load(answer)
    connection.close()
    return answer.status, document


def produce(topic, body, headers, count):
    status, answer = send("POST", f"/v1/topics/{topic}/records", body, headers)
    assert status == 200 and answer["durability"] == "flushed" and len(answer["results"]) == count, answer


def bytes_of(header):
    return header.encode() if isinstance(header, str) else base64.b64decode(header["base64"])


def event_of(record):
    """The event that the SDK's Kafka binding finds in a record."""
    if "valueBase64" in record:
        value = base64.b64decode(record["valueBase64"])
    elif record["value"] is None:
        value = b""
    else:
        value = json.dumps(record["value"]).encode()
    headers = {name: bytes_of(value) for name, value in record["headers"].items()}
    return kafka.from_kafka(kafka.KafkaMessage(headers, record["key"], value), FORMAT, CloudEvent)


def records(topic):
    return send("GET", f"/v1/topics/{topic}/records")[1]["records"]


def check(topic):
    """What is read is what was sent: attributes, data, and the key."""
    stored = records(topic)
    assert len(stored) == len(EVENTS), stored
    for sent, record in zip(EVENTS, stored):
        read = event_of(record)
        assert read.get_attributes() == sent.get_attributes(), (read.get_attributes(), sent.get_attributes())
        assert read.get_data() == sent.get_data(), (read.get_data(), sent.get_data())
        assert record["key"] == sent.get_extension("partitionkey"), record
        # Header by header, a record is what the SDK would have written to Kafka.
        written = kafka.to_binary(sent, FORMAT).headers
        headers = {name: bytes_of(value) for name, value in record["headers"].items()}
        assert headers == {n: v for n, v in written.items() if n != "ce_partitionkey"}, (headers, written)
    print(f"ok: {topic}", flush=True)


def accepted():
    for topic in ["structured", "batched", "binary"]:
        assert send("PUT", f"/v1/topics/{topic}", b"{}")[0] == 201
    for event in EVENTS:
        message = http.to_structured(event, FORMAT)
        produce("structured", message.body, message.headers, 1)
        message = http.to_binary(event, FORMAT)
        produce("binary", message.body, message.headers, 1)
    batch = b"[" + b",".join(FORMAT.write(event) for event in EVENTS) + b"]"
    produce("batched", batch, {"content-type": BATCH}, len(EVENTS))
    for topic in ["structured", "batched", "binary"]:
        check(topic)


def refused():
    """Without a required attribute nothing is stored, in none of the modes, and the problem names what is missing."""
    assert send("PUT", "/v1/topics/refused", b"{}")[0] == 201
    path = "/v1/topics/refused/records"
    whole = json.loads(FORMAT.write(EVENTS[0]))
    binary = http.to_binary(EVENTS[0], FORMAT)
    for name in ["specversion", "id", "source", "type"]:
        document = {key: value for key, value in whole.items() if key != name}
        structured = {"content-type": FORMAT.get_content_type()}
        answers = [
            send("POST", path, json.dumps(document).encode(), structured),
            send("POST", path, json.dumps([whole, document]).encode(), {"content-type": BATCH}),
        ]
        if name != "specversion":
            # Without that one it is no event at all, but plain JSON with strange fields.
            fields = {key: value for key, value in binary.headers.items() if key != f"ce-{name}"}
            answers.append(send("POST", path, binary.body, fields))
        for status, problem in answers:
            assert status == 400 and problem["code"] == "invalid-request" and problem["noSideEffects"], problem
            assert name in problem["detail"], problem
        assert answers[1][1]["errors"][0]["record"] == 1, answers[1]
    status, problem = send("POST", path, binary.body, binary.headers | {"ce-specversion": "0.3"})
    assert status == 400 and "specversion" in problem["detail"], problem
    assert records("refused") == []
    print("ok: refused", flush=True)


print(f"client: cloudevents {importlib.metadata.version('cloudevents')}, Python {sys.version.split()[0]}", flush=True)
accepted()
refused()
print("everything was as it should be", flush=True)
