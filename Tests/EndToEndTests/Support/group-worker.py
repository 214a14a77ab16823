"""A worker of a group over a WebSocket, with PyPI's `websockets`: group-worker.py SERVER GROUP TOPICS TIMEOUT [INSTANCE]

It commits what it was given, every 50 records and when nothing comes, and returns with its session after a loss. Each
line that it prints is a fact: `assigned`, `record`, `commit` (before it is sent), `result`, `revoked`, `lost`. What it
was given is printed before its commit is sent. TIMEOUT is the group's commit timeout. SIGTERM commits and leaves.
"""

import itertools
import json
import os
import signal
import sys
import time
import urllib.parse

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

SERVER, GROUP, TOPICS, TIMEOUT = sys.argv[1:5]
INSTANCE = sys.argv[5] if len(sys.argv) > 5 else None

ended = False
ids = itertools.count(1)


def end(*_):
    global ended
    ended = True


class Worker:
    def __init__(self):
        self.session = None
        self.facts = []
        # Of each partition: its epoch, the next offset, and what was committed.
        self.places = {}
        self.awaited = 0
        self.count = 0

    def tell(self, *words):
        self.facts.append(" ".join(str(word) for word in words))

    def flush(self):
        if self.facts:
            os.write(1, ("\n".join(self.facts) + "\n").encode())
            self.facts = []

    def address(self):
        query = {"topics": TOPICS, "commitTimeout": TIMEOUT}
        if INSTANCE:
            query["instance"] = INSTANCE
        if self.session:
            query = {"session": self.session}
        path = f"/v1/groups/{GROUP}/stream?{urllib.parse.urlencode(query)}"
        return SERVER.replace("http://", "ws://") + path

    def run(self):
        while not ended:
            try:
                with connect(
                    self.address(), subprotocols=["millrace.v1"], max_size=None, compression=None, close_timeout=2
                ) as ws:
                    self.work(ws)
            except (OSError, TimeoutError, WebSocketException) as error:
                self.lose(type(error).__name__)
                time.sleep(0.1)

    def lose(self, why):
        self.tell("lost", why)
        self.places = {}
        self.awaited = 0
        self.flush()

    def work(self, ws):
        pausing = False
        while True:
            if ended and not pausing:
                pausing = True
                ws.send('{"op":"pause"}')
            try:
                message = json.loads(ws.recv(timeout=0.2))
            except TimeoutError:
                message = None
            if message and not self.hear(message):
                return self.lose(message.get("reason", "error"))
            if message is None or self.count >= 50 or ended or message["type"] == "revoking":
                self.commit(ws)
            if ended and not self.awaited:
                return self.flush()

    def hear(self, message):
        kind = message["type"]
        if kind == "record":
            partition, offset = message["partition"], message["offset"]
            self.tell("record", partition, offset)
            self.places[partition][1] = offset + 1
            self.count += 1
        elif kind == "joined":
            self.session = message["session"]
            self.tell("joined", message["member"])
        elif kind == "assigned":
            former, self.places = self.places, {}
            for place in message["partitions"]:
                partition, epoch, start = place["partition"], place["epoch"], place["start"]
                committed = former.get(partition, [None, None, start])[2]
                self.places[partition] = [epoch, start, committed]
                self.tell("assigned", partition, epoch, start)
        elif kind == "revoked":
            for place in message["partitions"]:
                self.places.pop(place["partition"], None)
                self.tell("revoked", place["partition"], place["reason"])
        elif kind == "result":
            self.awaited -= 1
            for result in message["results"]:
                self.tell("result", message["id"], result["partition"], result["result"])
        elif kind == "goodbye":
            if not message["reconnect"]:
                end()
            return False
        elif kind == "error":
            self.tell("error", message["problem"]["code"])
            if "id" in message:
                self.awaited -= 1
            elif message["problem"]["code"] == "session-expired":
                self.session = None
        return True

    def commit(self, ws):
        self.count = 0
        items, number = [], next(ids)
        for partition, (epoch, offset, committed) in self.places.items():
            if offset > committed:
                self.places[partition][2] = offset
                items.append({"topic": TOPICS, "partition": partition, "offset": offset, "epoch": epoch})
                self.tell("commit", number, partition, epoch, offset)
        self.flush()
        if items:
            self.awaited += 1
            ws.send(json.dumps({"op": "commit", "id": number, "offsets": items}))


signal.signal(signal.SIGTERM, end)
# Whoever starts this may have blocked signals in the thread that did.
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
Worker().run()
