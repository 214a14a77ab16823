"""Reads a topic and lets go of its connection again and again: log-reader.py SERVER TOPIC FRAMING SEED [FROM [TO]]

FRAMING is page, poll (a page that waits), ndjson, sse, websocket, or any: another one at each connection. Each time it
goes on at the last cursor that it was given. Each line that it prints is a fact: `open CURSOR`, `record PARTITION
OFFSET CHECKSUM`, `gap PARTITION FROM TO`, `cursor CURSOR`, `lost WHY`. It reads until it is killed. With TO, a cursor,
it reads in one go, from FROM, prints the whole of each record as `text PARTITION JSON`, and ends there.
"""

import http.client
import json
import os
import random
import sys
import time
import urllib.parse
import zlib

import sseclient
import websockets
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

SERVER, TOPIC, FRAMING, SEED = sys.argv[1:5]
cursor = sys.argv[5] if len(sys.argv) > 5 else "earliest"
TO = sys.argv[6] if len(sys.argv) > 6 else None
HOST = urllib.parse.urlsplit(SERVER).netloc
PATH = f"/v1/topics/{TOPIC}/records"
FRAMINGS = ["page", "poll", "ndjson", "sse", "websocket"]
chance = random.Random(f"{SEED} {FRAMING}")
facts = []
# Lines and messages tell a cursor every 250 ms: who lets go of them sooner, again and again, gets nowhere.
patience = 1


class Enough(Exception):
    """The reader has had what it wanted of this connection."""


def tell(*words):
    facts.append(" ".join(str(word) for word in words))


def flush():
    if facts:
        os.write(1, ("\n".join(facts) + "\n").encode())
        facts.clear()


class Connection:
    """One connection: what is told on it, and when the reader lets go of it."""

    def __init__(self, framing):
        self.framing = framing
        self.left = sys.maxsize if TO else int(patience * chance.expovariate(1 / 200)) + 1

    def query(self, **more):
        return f"{PATH}?{urllib.parse.urlencode(more | {'from': cursor})}"

    def get(self, path, **headers):
        self.http = http.client.HTTPConnection(HOST, timeout=30)
        self.http.request("GET", path, headers=headers)
        answer = self.http.getresponse()
        if answer.status != 200:
            problem = json.load(answer)
            if problem["retryable"]:
                raise OSError(problem["code"])
            sys.exit(f"{self.framing} from {cursor}: {problem}")
        return answer

    # Each of these hands over events, until the connection or the patience ends.

    def page(self, wait="0s"):
        while True:
            answer = self.get(self.query(wait=wait, limit=chance.randrange(1, 300)))
            document = json.load(answer)
            self.http.close()
            gaps = [gap | {"type": "gap", "offset": gap["from"]} for gap in document.get("gaps", [])]
            records = [record | {"type": "record"} for record in document["records"]]
            # What is told of a partition on a page, in the order of its offsets.
            for event in sorted(gaps + records, key=lambda event: event["offset"]):
                self.event(event)
            self.event({"type": "bookmark", "cursor": document["next"]})
            if not records:
                time.sleep(0.05)

    def poll(self):
        self.page(wait="1s")

    def ndjson(self):
        for line in self.get(self.query(watch="true")):
            if line.strip():
                self.event(json.loads(line))

    def sse(self):
        """The place is told by the id, and never by what a bookmark says."""
        fields = {"Accept": "text/event-stream"}
        # A first request has no id, and a browser never has another place for it.
        path = PATH if ":" in cursor else self.query()
        if ":" in cursor:
            fields["Last-Event-ID"] = cursor
        for event in sseclient.SSEClient(self.get(path, **fields)).events():
            document = json.loads(event.data)
            if event.event != "bookmark":
                self.event(document | {"type": event.event})
            if event.id:
                self.event({"type": "bookmark", "cursor": event.id})

    def websocket(self):
        address = f"ws://{HOST}{self.query()}"
        # Without a bound on what it queues: this client locks itself up when it closes while it holds its reading back.
        with connect(
            address, subprotocols=["millrace.v1"], max_size=None, max_queue=None, compression=None, close_timeout=1
        ) as ws:
            for message in ws:
                self.event(json.loads(message))

    def event(self, event):
        global cursor
        kind = event["type"]
        if kind == "record" and TO:
            tell("text", event["partition"], json.dumps({k: v for k, v in event.items() if k != "type"}, sort_keys=True))
        elif kind == "record":
            checksum = zlib.crc32(json.dumps(event["value"], sort_keys=True).encode())
            tell("record", event["partition"], event["offset"], checksum)
        elif kind == "gap":
            tell("gap", event["partition"], event["from"], event["to"])
        elif kind == "bookmark":
            cursor = event["cursor"]
            tell("cursor", cursor)
            flush()
            if cursor == TO:
                sys.exit()
        elif kind == "error" and not event["problem"]["retryable"]:
            sys.exit(f"{self.framing} from {cursor}: {event}")
        elif kind == "goodbye" and not event["reconnect"]:
            sys.exit(f"{self.framing} from {cursor}: {event}")
        self.left -= 1
        if self.left == 0:
            raise Enough


if FRAMING == "websocket":
    print(f"client: websockets {websockets.__version__}, Python {sys.version.split()[0]}", file=sys.stderr, flush=True)
while True:
    connection = Connection(chance.choice(FRAMINGS) if FRAMING == "any" else FRAMING)
    tell("open", cursor)
    origin = cursor
    try:
        getattr(connection, connection.framing)()
        tell("lost", "end")
    except (OSError, http.client.HTTPException, WebSocketException, Enough) as error:
        tell("lost", type(error).__name__)
        if not isinstance(error, Enough):
            time.sleep(0.05)
    flush()
    patience = 1 if cursor != origin else patience * 2
    if hasattr(connection, "http"):
        connection.http.close()
    if chance.random() < 0.05:
        # Long enough for retention to overtake.
        time.sleep(chance.uniform(0, 4))
