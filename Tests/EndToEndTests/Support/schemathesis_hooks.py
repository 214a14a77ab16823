"""What try-openapi.py tells schemathesis of this broker: schemathesis loads this file by itself.

Generated requests name topics and groups that are not there, and wait for half a minute. So where a request is valid, half of the
time it is pointed at what the test has made beforehand, with values that can succeed; and no valid wait or stream is longer
than a moment. What is wrong with a request that is meant to be wrong is left as it is.
"""

import atexit
import functools
import itertools
import json
import os
import re

import jsonschema_rs
import requests
import schemathesis

SERVER = os.environ["BROKER_SERVER"]
STATUSES = os.environ["BROKER_STATUSES"]
MOMENT = "50ms"
READING = ("readTopic", "readTopics", "readPartition")
# What the others need stays as it is.
LASTING = {"topic": ("orders", "prices"), "group": ("billing", "steady")}
DURATION = re.compile(r"[0-9]{1,12}(ms|s|m|h)?")

FRAMINGS = itertools.cycle(["json", "ndjson", "sse"])
COLLECTION_READS = itertools.cycle([
    {"labelSelector": "tier in (gold)"},
    {"watch": "true", "timeout": MOMENT, "prev": "true"},
    {"framing": "sse", "timeout": MOMENT, "as": "patch", "fieldSelector": "metadata.name=AAPL"},
])

turns = itertools.count()
seen = {}


def put(path, document):
    requests.put(SERVER + path, json=document, timeout=30)


def join(group):
    document = {"topics": ["orders"]}
    return requests.post(f"{SERVER}/v1/groups/{group}/members", json=document, timeout=30).json()


@functools.cache
def tenure(group):
    """A member that has been assigned a partition, and the epoch of that; its session outlives the test."""
    member = join(group)
    path = f"{SERVER}/v1/groups/{group}/members/{member['member']}/records"
    while True:
        page = requests.get(path, params={"session": member["session"], "wait": "1s"}, timeout=30).json()
        if page["partitions"]:
            return member, page["partitions"][0]


def shorten(case, operation):
    """No valid wait is longer than a moment, and no stream goes on."""
    query = case.query or {}
    for name in ("wait", "timeout"):
        if isinstance(query.get(name), str) and DURATION.fullmatch(query[name]):
            query[name] = MOMENT
    if operation in READING or operation == "groupStream":
        query.setdefault("timeout", MOMENT)
        case.query = query
    if operation == "listItems" and (query.get("framing") == "sse" or query.get("watch") in ("true", "1")):
        query.pop("timeoutSeconds", None)
        query.setdefault("timeout", MOMENT)
        if query.get("framing") == "json":
            # One object a line, as Kubernetes has it: no JSON document to whoever checks one.
            query["framing"] = "ndjson"
        case.query = query


def spare(case, operation):
    """What is deleted or changed is not what the others need."""
    if operation in ("deleteTopic", "changeTopic", "deleteGroup", "changeGroup"):
        for name, lasting in LASTING.items():
            if (case.path_parameters or {}).get(name) in lasting:
                case.path_parameters[name] = "spare"


def produce(case):
    for name in ("Content-Encoding", "Producer-Id", "Producer-Epoch", "Producer-Seq"):
        case.headers.pop(name, None)
    case.query = {}
    if case.media_type == "application/json":
        case.body = {"records": [{"key": "u1", "value": {"state": "placed"}, "timestamp": 0}]}
    if case.media_type in ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"):
        case.body = '{"key":"u1","value":1}\n'


def read(case):
    case.headers.pop("Last-Event-ID", None)
    known = {"limit", "event", "strict", "timeout"}
    case.query = {name: value for name, value in case.query.items() if name in known}
    case.query["framing"] = next(FRAMINGS)


def read_collection(case):
    case.headers.pop("Last-Event-ID", None)
    put("/v1/collections/prices/AAPL", {"value": {"bid": 18}, "metadata": {"labels": {"tier": "gold"}}})
    case.query = dict(next(COLLECTION_READS))


def change_item(case, path, operation):
    path["key"] = "AAPL"
    for name in ("If-Match", "If-None-Match"):
        case.headers.pop(name, None)
    put("/v1/collections/prices/AAPL", {"value": {"bid": 18}})
    if operation == "putItem":
        case.body = {"value": {"bid": 19}, "metadata": {"labels": {"tier": "gold"}}}
    elif operation == "patchItem":
        replace = [{"op": "replace", "path": "/value/bid", "value": 20}]
        case.body = {"value": {"bid": 20}} if "merge" in (case.media_type or "") else replace


def help_succeed(case, operation):
    """Points a valid request at what is there."""
    path = case.path_parameters or {}
    if "topic" in path:
        path["topic"] = "spare" if operation == "changeTopic" else "orders"
    if "group" in path:
        path["group"] = "spare" if operation == "changeGroup" else "billing"
    if "partition" in path:
        path["partition"] = 0
    if "collection" in path:
        path["collection"] = "prices"
        case.query = {}
    if operation == "produce":
        produce(case)
    elif operation in READING:
        read(case)
        if operation == "readTopics":
            case.query["topics"] = "orders"
    elif operation in ("createTopic", "deleteTopic"):
        path["topic"] = "spare"
        if operation == "deleteTopic":
            put("/v1/topics/spare", {})
        else:
            case.body = {"partitions": 1}
    elif operation == "changeTopic":
        put("/v1/topics/spare", {})
        case.body = {"retentionSeconds": 3600}
    elif operation == "deleteRecords":
        case.query["before"] = 0
    elif operation in ("createGroup", "deleteGroup"):
        path["group"] = "spare"
        if operation == "deleteGroup":
            put("/v1/groups/spare", {"topics": ["orders"]})
            case.query["force"] = "true"
        else:
            case.body = {"topics": ["orders"]}
    elif operation == "changeGroup":
        put("/v1/groups/spare", {"topics": ["orders"]})
        case.body = {"membersMax": 1000}
    elif operation == "resetOffsets":
        case.body = {"to": "earliest", "dryRun": True}
    elif operation in ("joinMember", "groupStream"):
        case.headers.pop("Group-Session", None)
        if operation == "joinMember":
            case.body = {"topics": ["orders"]}
        else:
            case.query = {"topics": "orders", "timeout": MOMENT}
    elif operation in ("memberRecords", "heartbeat", "leaveGroup"):
        member = join("billing")
        path["member"] = member["member"]
        case.headers["Group-Session"] = member["session"]
        case.query = {}
        if operation == "heartbeat":
            case.body = {}
    elif operation == "listItems":
        read_collection(case)
    elif operation in ("item", "putItem", "patchItem", "deleteItem"):
        change_item(case, path, operation)
    elif operation == "commit":
        path["group"] = "steady"
        member, partition = tenure("steady")
        case.headers.pop("Group-Session", None)
        item = {key: partition[key] for key in ("topic", "partition", "epoch")}
        case.body = {"session": member["session"], "offsets": [item | {"offset": partition["start"]}]}
    case.path_parameters = path


@schemathesis.hook
def before_call(ctx, case, kwargs):
    operation = case.operation.definition.raw["operationId"].removesuffix("InNamespace")
    valid = case.meta is None or case.meta.generation.mode.is_positive
    shorten(case, operation)
    spare(case, operation)
    if isinstance(case.body, dict) and valid and isinstance(case.body.get("partitions"), int):
        # Thousands of partitions are thousands of files.
        case.body["partitions"] = min(case.body["partitions"], 4)
    if valid and "namespace" not in (case.path_parameters or {}) and next(turns) % 2 == 0:
        help_succeed(case, operation)


@schemathesis.check
def lines_are_events(ctx, response, case):
    """Each line of a stream is what the document calls an event; schemathesis itself reads server-sent events only."""
    if response.headers.get("content-type", [""])[0] != "application/x-ndjson":
        return
    components = case.operation.schema.raw_schema["components"]
    operation = case.operation.definition.raw["operationId"]
    event = "ItemEvent" if operation == "listItems" else "Event"
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{event}", "components": components}
    )
    for line in response.content.splitlines():
        if line:
            validator.validate(json.loads(line))


@schemathesis.hook
def after_call(ctx, case, response):
    operation = case.operation.definition.raw["operationId"]
    statuses = seen.setdefault(operation, {})
    statuses[str(response.status_code)] = statuses.get(str(response.status_code), 0) + 1


@atexit.register
def tell():
    with open(STATUSES, "w", encoding="utf-8") as file:
        json.dump(seen, file)
