"""Lists a collection and follows its changes: collection-reader.py SERVER COLLECTION FORM SEED END [VERSION]

FORM is json, ndjson, sse, websocket, patch (changes as JSON patches) or any: another one at each connection. It lets go of
its connection again and again and goes on behind the last version that it was told; where that is gone it lists again.
With VERSION it begins behind that, with an empty state. It reads until it has been told of the item END, and then prints
one JSON object: its state, how many changes of each kind it was told, how often it listed and connected. What cannot be
(an item that is added twice, a version that does not rise, a patch of another version) ends it with a failure.
"""

import http.client
import json
import random
import sys
import time
import urllib.parse

import sseclient
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

SERVER, COLLECTION, FORM, SEED, END = sys.argv[1:6]
version = sys.argv[6] if len(sys.argv) > 6 else None
HOST = urllib.parse.urlsplit(SERVER).netloc
PATH = f"/v1/collections/{COLLECTION}"
FORMS = ["json", "ndjson", "sse", "websocket", "patch"]
chance = random.Random(f"{SEED} {FORM}")
state, versions = {}, {}
counts = {"ADDED": 0, "MODIFIED": 0, "DELETED": 0, "patches": 0, "lists": 0, "connections": 0}


class Enough(Exception):
    """The reader lets go of this connection."""


class Gone(Exception):
    """The version is no longer there: the reader has to list again."""


def wrong(text):
    sys.exit(f"{FORM} behind {version}: {text}")


def get(path, **fields):
    connection = http.client.HTTPConnection(HOST, timeout=30)
    connection.request("GET", path, headers=fields)
    answer = connection.getresponse()
    if answer.status != 200:
        problem = json.load(answer)
        if problem["status"] == 410:
            raise Gone
        if problem["retryable"]:
            raise OSError(problem["code"])
        wrong(problem)
    return connection, answer


def end_if_told():
    if END in state:
        del state[END]
        print(json.dumps(counts | {"state": state, "version": version}))
        sys.exit()


def relist():
    """One moment's state, page by page."""
    global version
    items, place, moment = {}, "", None
    while True:
        connection, answer = get(f"{PATH}?limit={chance.randrange(200, 1000)}{place}")
        page = json.load(answer)
        connection.close()
        for item in page["items"]:
            name = item["metadata"]["name"]
            if name in items:
                wrong(f"{name} is listed twice")
            items[name] = item
        if moment not in (None, page["metadata"]["resourceVersion"]):
            wrong("a list is of two moments")
        moment = page["metadata"]["resourceVersion"]
        if not page["metadata"].get("continue"):
            break
        place = "&continue=" + page["metadata"]["continue"]
    state.clear()
    versions.clear()
    for name, item in items.items():
        state[name], versions[name] = item["value"], item["metadata"]["resourceVersion"]
    version = moment
    counts["lists"] += 1
    end_if_told()


def pointed(document, pointer):
    """The container that a pointer's last name is in, and that name."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
    for name in names[:-1]:
        document = document[int(name) if isinstance(document, list) else name]
    return document, int(names[-1]) if isinstance(document, list) and names[-1] != "-" else names[-1]


def patched(value, patch):
    """RFC 6902, as an independent reader applies it."""
    root = {"": json.loads(json.dumps(value))}
    for step in patch:
        where, name = pointed(root, "/" + step["path"])
        if step["op"] in ("move", "copy"):
            source, old = pointed(root, "/" + step["from"])
            moved = source[old]
            if step["op"] == "move":
                del source[old]
        if step["op"] == "remove":
            del where[name]
        elif step["op"] == "test":
            if where[name] != step["value"]:
                wrong(f"a patch tests for {step}")
        else:
            new = step["value"] if "value" in step else json.loads(json.dumps(moved))
            if isinstance(where, list) and step["op"] != "replace":
                where.insert(len(where) if name == "-" else name, new)
            else:
                where[name] = new
    return root[""]


def apply(event):
    """Takes one event of a watch."""
    global version
    kind, item = event["type"], event["object"]
    if kind == "ERROR":
        raise Gone if item["status"] == 410 else OSError(item["code"])
    meta = item["metadata"]
    if kind != "BOOKMARK":
        if int(meta["resourceVersion"]) <= int(version):
            wrong(f"the version does not rise: {event}")
        name = meta["name"]
        if (name in state) == (kind == "ADDED"):
            wrong(f"{name} is {'' if name in state else 'not '}there: {event}")
        if "patch" in item:
            if item["previousResourceVersion"] != versions[name]:
                wrong(f"a patch of another version than {versions[name]}: {event}")
            state[name] = patched(state[name], item["patch"])
            counts["patches"] += 1
        elif kind == "DELETED":
            if item["value"] != state[name]:
                wrong(f"another value was deleted than {state[name]}: {event}")
            del state[name], versions[name]
        else:
            state[name] = item["value"]
        if kind != "DELETED":
            versions[name] = meta["resourceVersion"]
        if name != END:
            counts[kind] += 1
    elif int(meta["resourceVersion"]) < int(version):
        wrong(f"the version falls: {event}")
    version = meta["resourceVersion"]
    end_if_told()


def events(form):
    """What is told on one connection."""
    query = {"watch": "true", "resourceVersion": version} | ({"as": "patch"} if form == "patch" else {})
    path = f"{PATH}?{urllib.parse.urlencode(query)}"
    if form == "websocket":
        # Without a bound on what it queues: this client locks itself up when it closes while it holds its reading back.
        options = {"max_size": None, "max_queue": None, "compression": None, "close_timeout": 1}
        with connect(f"ws://{HOST}{path}", subprotocols=["millrace.v1"], **options) as ws:
            yield from (json.loads(message) for message in ws)
        return
    kinds = {"json": "application/json", "sse": "text/event-stream"}
    connection, answer = get(path, Accept=kinds.get(form, "application/x-ndjson"))
    try:
        if form == "sse":
            yield from ({"type": event.event} | json.loads(event.data) for event in sseclient.SSEClient(answer).events() if event.data)
        else:
            yield from (json.loads(line) for line in answer if line.strip())
    finally:
        connection.close()


def follow():
    left = int(chance.expovariate(1 / 3000)) + 1
    form = chance.choice(FORMS) if FORM == "any" else FORM
    counts["connections"] += 1
    for event in events(form):
        if event["type"] == "goodbye" and event["reconnect"]:
            raise OSError("goodbye")
        # What would have been the status of an answer comes as a message where there is none.
        if event["type"] == "error" and event["problem"]["status"] == 410:
            raise Gone
        if event["type"] == "error" and event["problem"]["retryable"]:
            raise OSError(event["problem"]["code"])
        if "object" not in event:
            wrong(f"an event without an object: {event}")
        apply(event)
        left -= 1
        if left == 0:
            raise Enough


deadline = time.monotonic() + 110
while time.monotonic() < deadline:
    try:
        if version is None:
            relist()
        follow()
    except Gone:
        version = None
    except InvalidStatus as refusal:
        if refusal.response.status_code == 410:
            version = None
        time.sleep(0.05)
    except (OSError, http.client.HTTPException, WebSocketException):
        time.sleep(0.05)
    except Enough:
        pass
wrong("the end did not come")
