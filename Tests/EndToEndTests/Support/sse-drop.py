"""Reads server-sent events over bare sockets and drops the connection at every byte: sse-drop.py HOST PORT

For every n, a reader lets go of its connection after n bytes of a short stream that is being written to, in turn with
FIN and RST, then of a second one, and reads a third to the end. It resumes as a browser does: with the id of the last
event that came whole. No record may be missing, and none may come again but those behind that id. Prints what was
done, and ends with status 0 if all was as it should be.
"""

import json
import selectors
import socket
import struct
import sys
import time
import urllib.request

HOST, PORT = sys.argv[1], int(sys.argv[2])
BATCHES, BATCH = 3, 2
ALL = {(index % 2, index // 2) for index in range(BATCHES * BATCH * 2)}
# Readers that are connected at once.
WAVE = 200


def http(method, path, body):
    request = urllib.request.Request(f"http://{HOST}:{PORT}{path}", json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def publish(topic):
    """One flush: as many records on each of two partitions."""
    http("POST", f"/v1/topics/{topic}/records", {"records": [{"partition": i % 2, "value": "ä"} for i in range(2 * BATCH)]})


class EventStream:
    """The bytes of an answer in chunks, taken apart as the standard of EventSource says."""

    def __init__(self):
        self.raw, self.body = b"", b""
        self.head = None
        # What is still to come of the current chunk.
        self.left = 0
        self.event, self.data, self.id = "", [], None

    def take(self, piece):
        """The events that are whole with these bytes: name, data, and the id in force."""
        self.raw += piece
        if self.head is None:
            head, end, rest = self.raw.partition(b"\r\n\r\n")
            if not end:
                return []
            assert head.startswith(b"HTTP/1.1 200 ") and b"chunked" in head, head
            self.head, self.raw = head, rest
        self.unwrap()
        *lines, self.body = self.body.split(b"\n")
        return [event for event in map(self.line, lines) if event]

    def unwrap(self):
        """Takes the framing of chunks off; what has come of a chunk is used before the rest is there."""
        while self.raw:
            if self.left == 0:
                length, end, rest = self.raw.partition(b"\r\n")
                if not end:
                    return
                # The line break behind a chunk belongs to it.
                self.left, self.raw = int(length, 16) + 2, rest
            piece, self.raw = self.raw[: self.left], self.raw[self.left :]
            self.left -= len(piece)
            self.body += piece[: max(0, len(piece) + self.left - 2)] if self.left < 2 else piece

    def line(self, line):
        if line:
            field, _, value = line.decode().partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                self.event = value
            elif field == "data":
                self.data.append(value)
            elif field == "id":
                self.id = value
            return None
        event = (self.event, "\n".join(self.data), self.id) if self.data else None
        self.event, self.data = "", []
        return event


class Reader:
    """One n: what it was sent, over all of its connections."""

    def __init__(self, topic, length):
        self.topic, self.length = topic, length
        self.id = None
        # Of each partition, the next offset according to the last id; and what came behind that id.
        self.sure, self.unsure = [0, 0], []
        self.seen = set()
        self.received = 0
        self.repeated = 0

    def connect(self, selector, limit):
        self.limit, self.received, self.stream = limit, 0, EventStream()
        self.expected = list(self.sure)
        self.repeated += len(self.unsure)
        self.unsure = []
        self.socket = socket.create_connection((HOST, PORT), timeout=30)
        resume = f"Last-Event-ID: {self.id}\r\n" if self.id else ""
        self.socket.sendall(
            f"GET /v1/topics/{self.topic}/records HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\n{resume}\r\n".encode()
        )
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ, self)
        if limit == 0:
            self.drop(selector)

    def readable(self, selector):
        left = 65536 if self.limit is None else self.limit - self.received
        piece = self.socket.recv(left)
        assert piece, f"the broker closed, after {self.received} bytes of {self.limit}"
        self.received += len(piece)
        for name, data, id in self.stream.take(piece):
            self.event(name, json.loads(data), id)
        if self.received == self.limit or (self.limit is None and self.seen == ALL):
            self.drop(selector)

    def event(self, name, data, id):
        if name == "record":
            partition, offset = data["partition"], data["offset"]
            assert offset == self.expected[partition], f"{data} came, {self.expected} was next; {self.length}"
            self.expected[partition] += 1
            self.seen.add((partition, offset))
            self.unsure.append(data)
        else:
            assert name == "bookmark", (name, data)
        if id != self.id:
            self.id, self.unsure = id, []
            self.sure = [int(text) for text in id.partition(":")[2].split(".")]
            assert self.sure == self.expected, f"the id {id} does not follow {self.expected}"

    def drop(self, selector):
        selector.unregister(self.socket)
        if self.length % 2:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.socket = None


def run(selector, readers, done, what):
    """Lets the readers read until it is done."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, f"not in time: {what}"
        for key, _ in selector.select(timeout=1):
            key.data.readable(selector)


def wave(topic, lengths):
    """Readers of a new topic, each of which drops its connection at its own place."""
    http("PUT", f"/v1/topics/{topic}", {"partitions": 2})
    selector = selectors.DefaultSelector()
    readers = [Reader(topic, length) for length in lengths]
    for reader in readers:
        reader.connect(selector, reader.length)
    # Bookmarks are there, so that each batch comes to those who still read as a flush of its own.
    run(selector, readers, lambda: all(r.id or not r.socket for r in readers), "first bookmarks")
    for count in range(1, BATCHES + 1):
        publish(topic)
        so_far = 2 * BATCH * count
        run(selector, readers, lambda: all(len(r.seen) == so_far or not r.socket for r in readers), f"batch {count}")
    whole = [reader for reader in readers if reader.socket]
    ends = [reader.received for reader in whole]
    for reader in whole:
        reader.drop(selector)
    for reader in readers:
        assert len(reader.unsure) < 2 * BATCH, f"more than a flush without an id: {reader.unsure}"
        reader.connect(selector, reader.length // 2)
    run(selector, readers, lambda: all(not r.socket or r.seen == ALL for r in readers), "the second connections")
    for reader in readers:
        if reader.socket:
            reader.drop(selector)
        elif reader.seen != ALL:
            reader.connect(selector, None)
    run(selector, readers, lambda: not any(r.socket for r in readers), "the third connections")
    assert all(reader.seen == ALL for reader in readers)
    return ends, sum(reader.repeated for reader in readers)


length = max(wave("probe", [1 << 20])[0])
repeated, whole = 0, 0
# The places of flushes may differ by a little from run to run, so a little more than what came first.
lengths = list(range(length + 64))
for number, start in enumerate(range(0, len(lengths), WAVE)):
    ends, again = wave(f"wave-{number}", lengths[start : start + WAVE])
    whole += len(ends)
    repeated += again
# All but the last few were cut off before the end: there was something to drop.
assert whole <= 200 and repeated > 0, (whole, repeated)
print(f"client: a socket, Python {sys.version.split()[0]}")
print(f"dropped at each of {length} bytes; {repeated} records came again, all behind the last id and fewer than a flush")
print("everything was as it should be", flush=True)
