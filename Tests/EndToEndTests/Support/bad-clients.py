"""Is a bad client in every way, beside good ones: bad-clients.py HOST PORT PID

Each bad client gets an error that says what is wrong, or loses its connection, and three healthy watchers, one in each
framing that streams, see every record that is published meanwhile. PID is the broker's: its memory stays bounded.
Prints one line for each thing that it has checked, and ends with status 0 if all were as they should be.
"""

import errno
import gzip
import http.client
import json
import os
import queue
import random
import socket
import struct
import sys
import threading
import urllib.parse
import zlib

import sseclient
import websockets
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HOST, PORT, PID = sys.argv[1], int(sys.argv[2]), sys.argv[3]
RECORDS = "/v1/topics/orders/records"
SSE = {"Accept": "text/event-stream"}
chance = random.Random(20261121)


def send(method, path, body=None, headers={}):
    """The status of an answer, and its document, if it is one."""
    connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
    if body is not None and "Content-Type" not in headers:
        headers = headers | {"Content-Type": "application/json"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    document = json.loads(text) if "application/json" in answer.headers.get("Content-Type", "") else text
    if answer.headers.get("Content-Type") == "application/problem+json":
        document = json.loads(text)
    connection.close()
    return answer.status, document


def good(*answer):
    assert answer[0] in (200, 201), answer
    return answer[1]


def bad(status, code, *answer):
    assert answer[0] == status and answer[1]["code"] == code and answer[1]["status"] == status, (status, code, answer)
    return answer[1]


class Watcher:
    """A healthy one: whatever comes over its stream goes into a queue."""

    def __init__(self, framing):
        self.framing, self.values = framing, queue.SimpleQueue()
        threading.Thread(target=getattr(self, framing), daemon=True).start()
        assert self.values.get(timeout=30) == "ready"

    def event(self, kind, event):
        self.values.put("ready" if kind == "bookmark" and not event["caughtUp"] else event.get("value", kind))

    def stream(self, path, headers={}):
        self.connection = http.client.HTTPConnection(HOST, PORT, timeout=600)
        self.connection.request("GET", path, headers=headers)
        return self.connection.getresponse()

    def ndjson(self):
        for line in filter(bytes.strip, self.stream(f"{RECORDS}?from=latest&watch=true")):
            self.event(json.loads(line)["type"], json.loads(line))

    def sse(self):
        for event in sseclient.SSEClient(self.stream(f"{RECORDS}?from=latest", SSE)).events():
            self.event(event.event, json.loads(event.data))

    def websocket(self):
        with open_socket(f"{RECORDS}?from=latest") as ws:
            for message in ws:
                self.event(json.loads(message)["type"], json.loads(message))


class Health:
    """Three watchers that must see all that is published, and nothing else, whatever is done beside them."""

    def __init__(self):
        self.watchers = [Watcher(framing) for framing in ["ndjson", "sse", "websocket"]]
        self.count = 0

    def check(self, name):
        self.count += 1
        good(*send("POST", RECORDS, json.dumps({"records": [{"value": self.count}]})))
        for watcher in self.watchers:
            while (value := watcher.values.get(timeout=30)) in ("bookmark", "ready"):
                pass
            assert value == self.count, (name, watcher.framing, value, self.count)
        print(f"ok: {name}", flush=True)


def open_socket(path):
    return connect(f"ws://{HOST}:{PORT}{path}", subprotocols=["millrace.v1"], max_size=None, compression=None)


def closed(path):
    """The problem that a socket is told, and the code with which it is closed."""
    with open_socket(path) as ws:
        problem = None
        try:
            while True:
                message = json.loads(ws.recv(timeout=30))
                problem = message.get("problem", problem)
        except ConnectionClosed as end:
            return end.rcvd.code - 4000, problem


def everywhere(status, code, cursor, more=""):
    """The same refusal in every framing, from either place that a cursor may stand in."""
    query = f"{RECORDS}?from={urllib.parse.quote(cursor)}{more}"
    bad(status, code, *send("GET", query))
    bad(status, code, *send("GET", query + "&wait=1s"))
    bad(status, code, *send("GET", query + "&watch=true"))
    bad(status, code, *send("GET", query, headers=SSE))
    bad(status, code, *closed(query))
    if cursor.isascii() and cursor.isprintable():
        bad(status, code, *send("GET", f"{RECORDS}?{more[1:]}", headers=SSE | {"Last-Event-ID": cursor}))


def cursors():
    tag = good(*send("GET", f"{RECORDS}?from=earliest&limit=1"))["next"].partition(":")[0]
    good(*send("PUT", "/v1/topics/other", b"{}"))
    other = good(*send("GET", "/v1/topics/other/records"))["next"]
    everywhere(400, "invalid-cursor", other)
    everywhere(400, "invalid-cursor", f"{tag}:0,{other}")
    for garbage in [":", "x", f"{tag}:", f"{tag}:1.x", f"{tag}:-1", f"{tag}:{1 << 64}", f"{tag}:0.0", "ä🦆", "a\0b", tag * 2500]:
        everywhere(400, "invalid-cursor", garbage)
    problem = bad(416, "offset-beyond-tail", *send("GET", f"{RECORDS}?from={tag}:999"))
    assert problem["earliest"] == 0 and problem["tail"] < 999, problem
    everywhere(416, "offset-beyond-tail", f"{tag}:999")
    # A topic that is made anew: its former cursors are gone for good.
    assert send("DELETE", "/v1/topics/other")[0] == 204
    good(*send("PUT", "/v1/topics/other", b"{}"))
    bad(410, "cursor-epoch-changed", *send("GET", f"/v1/topics/other/records?from={other}"))
    assert closed(f"/v1/topics/other/records?from={other}")[1]["code"] == "cursor-epoch-changed"


def expired():
    """What is no longer kept is told, and reading goes on; only who asks for strictness is refused."""
    start = good(*send("GET", f"{RECORDS}?limit=1"))["next"].partition(":")
    tag, kept = start[0], 2
    good(*send("DELETE", f"/v1/topics/orders/partitions/0/records?before={kept}"))
    everywhere(410, "cursor-expired", f"{tag}:0", "&strict=1")
    gap = {"topic": "orders", "partition": 0, "from": 0, "to": kept, "reason": "retention"}
    page = good(*send("GET", f"{RECORDS}?from={tag}:0"))
    assert page["gaps"] == [gap] and page["records"][0]["offset"] == kept, page
    lines = good(*send("GET", f"{RECORDS}?from={tag}:0&framing=ndjson")).splitlines()
    assert json.loads(lines[0]) == {"type": "gap"} | gap, lines
    events = good(*send("GET", f"{RECORDS}?limit=1", headers=SSE | {"Last-Event-ID": f"{tag}:0"}))
    assert b"event: gap\ndata: " + json.dumps(gap, separators=(",", ":")).encode() in events, events
    with open_socket(f"{RECORDS}?from={tag}:0") as ws:
        assert [json.loads(ws.recv(timeout=30))["type"] for _ in range(3)] == ["bookmark", "gap", "record"]


def raw(data, half=True):
    """What comes back for some bytes, once the client has nothing more to say; None for a reset."""
    with socket.create_connection((HOST, PORT), timeout=60) as connection:
        received = b""
        try:
            connection.sendall(data)
            if half:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except OSError as error:
            # Reset, before or after the broker's answer was read.
            if error.errno not in (errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE):
                raise
        return received


def half_closed():
    """Nothing more to say is no reason to get no answer; half a request is none."""
    page = f"GET {RECORDS}?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert raw(page).startswith(b"HTTP/1.1 200 "), raw(page)
    # A watch of a client that is half gone ends, or goes on to its end; either way the connection is not kept for ever.
    raw(f"GET {RECORDS}?watch=true&timeout=1s HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    raw(f"GET {RECORDS}?timeout=1s HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
    raw(f"GET {RECORDS}?from=latest&wait=1s HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    body = b'{"records":[{"value":"half"}]}'
    head = f"POST {RECORDS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    answer = raw((head % len(body)).encode() + body)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    # The watchers are told of it, and so it has to be counted.
    for watcher in health.watchers:
        while (value := watcher.values.get(timeout=30)) in ("bookmark", "ready"):
            pass
        assert value == "half", value
    for cut in [1, 10, len(body) - 1]:
        answer = raw((head % len(body)).encode() + body[:cut])
        assert b" 200 " not in answer, answer
    for cut in range(0, len(page), 7):
        raw(page[:cut])


def garbage():
    for _ in range(40):
        answer = raw(chance.randbytes(chance.randrange(1, 3000)))
        assert not answer or answer.startswith(b"HTTP/1.1 4"), answer
    answer = raw(b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:100]


def frame(opcode, payload, mask=True, length=None):
    """A frame of a client; its length may lie."""
    size = len(payload) if length is None else length
    mark = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", opcode, mark | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", opcode, mark | 126, size)
    else:
        head = struct.pack("!BBQ", opcode, mark | 127, size)
    return head + (b"\0\0\0\0" if mask else b"") + payload


def socket_frames(data, half=False):
    """The close code that a socket gets for these bytes; None where its connection just ends."""
    head = f"GET {RECORDS}?from=latest HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    received = raw(head.encode() + data, half).partition(b"\r\n\r\n")[2]
    while received:
        opcode, size = received[0] & 15, received[1] & 127
        start = {126: 4, 127: 10}.get(size, 2)
        if size >= 126:
            size = int.from_bytes(received[2:start], "big")
        if opcode == 8:
            return int.from_bytes(received[start : start + 2], "big")
        received = received[start + size :]


def frames():
    for name, data, codes in [
        ("unmasked", frame(0x81, b"{}", mask=False), {1002}),
        ("a reserved opcode", frame(0x83, b"{}"), {1002}),
        ("a reserved bit", frame(0xF1, b"{}"), {1002}),
        ("a ping in fragments", frame(0x09, b""), {1002}),
        ("a long ping", frame(0x89, b"x" * 126), {1002}),
        ("a continuation of nothing", frame(0x80, b"{}"), {1002}),
        ("an endless message", frame(0x01, b"{") + frame(0x00, b" ") * 300, {1002}),
        ("more than 1 MiB", frame(0x81, b"x" * ((1 << 20) + 1)), {1009}),
        ("a length of 2^62", frame(0x81, b"x" * 100, length=1 << 62), {1009}),
        ("no JSON", frame(0x81, b"{"), {4400}),
        ("no UTF-8", frame(0x81, b'"\xff"'), {4400, 1007}),
        ("no text", frame(0x82, b"{}"), {4400, 1003}),
        ("an unknown word", frame(0x81, b'{"op":"dance"}'), {4400}),
        ("a commit of nobody", frame(0x81, b'{"op":"commit","id":1,"offsets":[]}') + frame(0x88, b""), {4400, 1000, 1005, 0}),
    ]:
        code = socket_frames(data)
        assert code in codes, (name, code)
    for _ in range(40):
        # They may be the beginning of a sound frame; it ends, then, with what the client has to say.
        code = socket_frames(chance.randbytes(chance.randrange(1, 2000)), half=True)
        assert code in (None, 1000, 1002, 1007, 1009, 4400), code


def memory():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) >> 10


def bombs():
    """What a small body inflates to is bounded, and so is the memory that finding out takes."""
    path, fields = RECORDS, {"Content-Encoding": "gzip"}
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(1024)) + packer.flush()
    before = memory()
    for _ in range(4):
        problem = bad(413, "body-too-large", *send("POST", path, bomb, fields))
        assert problem["noSideEffects"], problem
    assert memory() < before + 150, f"{before} MiB before, {memory()} after {len(bomb)} bytes that mean 1 GiB, 4 times"
    sound = gzip.compress(b'{"records":[{"value":"never"}]}')
    for body in [b"no gzip at all", sound[:-9], sound[:12], sound[:-8] + b"\0" * 8, sound + b"x", b""]:
        bad(400, "invalid-request", *send("POST", path, body, fields))
    bad(413, "body-too-large", *send("POST", path, gzip.compress(bomb[: 1 << 10]) and b"x" * (17 << 20)))


print(f"client: websockets {websockets.__version__}, Python {sys.version.split()[0]}, pid {os.getpid()}", flush=True)
good(*send("PUT", "/v1/topics/orders", b"{}"))
health = Health()
health.check("healthy watchers in every framing")
for part in [cursors, half_closed, garbage, frames, bombs, expired]:
    part()
    health.check(part.__name__.replace("_", " "))
# Nothing that was refused has been stored: what is there is what the healthy watchers were told.
page = good(*send("GET", RECORDS))
assert [record["value"] for record in page["records"]] == ["half", *range(3, health.count + 1)], page
print("everything was as it should be", flush=True)
