"""Speaks WebSocket to a broker as any client would, with PyPI's `websockets`: websocket-client.py HOST PORT

Prints one line for each thing that it has checked, and ends with status 0 if all were as they should be.
"""

import json
import os
import socket
import sys
import urllib.request

import websockets
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HOST, PORT = sys.argv[1], int(sys.argv[2])


def http(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{HOST}:{PORT}{path}", data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def publish(topic, *values):
    http("POST", f"/v1/topics/{topic}/records", {"records": [{"key": "k", "value": value} for value in values]})


def open_socket(path):
    return connect(f"ws://{HOST}:{PORT}{path}", subprotocols=["millrace.v1"], max_size=None, compression=None)


def receive(ws, kind, timeout=30):
    """The next message of a kind; bookmarks in front of it are passed over."""
    while True:
        message = json.loads(ws.recv(timeout=timeout))
        if message["type"] == kind:
            return message
        assert message["type"] == "bookmark", f"{kind} was expected, not {message}"


def silent(ws, seconds=0.5):
    """No record comes for a while."""
    try:
        message = receive(ws, "record", timeout=seconds)
    except TimeoutError:
        return
    raise AssertionError(f"nothing was to come, but {message}")


def closed(ws):
    """The code with which the broker closes, and the problem that it tells before."""
    problem = None
    try:
        while True:
            message = json.loads(ws.recv(timeout=30))
            if message["type"] == "error":
                problem = message["problem"]["code"]
    except ConnectionClosed as end:
        return problem, end.rcvd.code if end.rcvd else None


def check(name):
    print(f"ok: {name}", flush=True)


def watch():
    http("PUT", "/v1/topics/orders", {"partitions": 1})
    with open_socket("/v1/topics/orders/records?from=earliest") as ws:
        assert ws.subprotocol == "millrace.v1", ws.subprotocol
        receive(ws, "bookmark")
        publish("orders", "a", "ä\u2028🦆")
        assert [receive(ws, "record")["value"] for _ in range(2)] == ["a", "ä\u2028🦆"]
        check("a watch")
        ws.send('{"op":"credit","records":2}')
        # Frames are taken in order, and a ping behind them is answered when they have been.
        ws.ping().wait(30)
        publish("orders", *range(5))
        assert [receive(ws, "record")["value"] for _ in range(2)] == [0, 1]
        silent(ws)
        ws.send('{"op":"credit","records":100}')
        assert [receive(ws, "record")["value"] for _ in range(3)] == [2, 3, 4]
        check("credit")
        ws.send('{"op":"pause"}')
        ws.ping().wait(30)
        publish("orders", "held")
        silent(ws)
        # In three fragments.
        ws.send(['{"op":', '"res', 'ume"}'])
        assert receive(ws, "record")["value"] == "held"
        check("pause, resume, fragments")
        big = "x" * 900_000
        publish("orders", big)
        assert receive(ws, "record")["value"] == big
        check("a large record in one message")


def member():
    http("PUT", "/v1/topics/jobs", {"partitions": 1})
    with open_socket("/v1/groups/workers/stream?topics=jobs") as ws:
        joined = receive(ws, "joined")
        place = receive(ws, "assigned")["partitions"][0]
        publish("jobs", 1, 2, 3)
        records = [receive(ws, "record") for _ in range(3)]
        lease = [{"topic": "jobs", "partition": 0}]
        ws.send(json.dumps({"op": "progress", "id": 1, "partitions": lease}))
        assert receive(ws, "result")["id"] == 1
        offset = records[-1]["offset"] + 1
        item = {"topic": "jobs", "partition": 0, "offset": offset, "epoch": place["epoch"]}
        ws.send(json.dumps({"op": "commit", "id": 2, "offsets": [item]}))
        answer = receive(ws, "result")
        assert answer["results"][0]["result"] == "committed", answer
        assert http("GET", "/v1/groups/workers/lag")["lag"] == 0
        ws.send(json.dumps({"op": "commit", "id": 3, "offsets": [dict(item, epoch=99)]}))
        answer = receive(ws, "result")
        assert answer["id"] == 3 and answer["results"][0]["problem"]["code"] == "fenced", answer
        check("a member that commits on its socket")
        with open_socket(f"/v1/groups/workers/stream?session={joined['session']}") as other:
            assert receive(other, "joined")["member"] == joined["member"]
            goodbye = receive(ws, "goodbye")
            assert goodbye["reason"] == "fenced" and not goodbye["reconnect"], goodbye
            assert closed(ws) == (None, 1000)
            again = receive(other, "assigned")["partitions"][0]
            assert again["start"] == offset, again
            check("a session that another socket resumes")
            other.send(json.dumps({"op": "release", "id": 4, "partitions": lease}))
            # The answer and the event go out by themselves, in either order.
            told = {message["type"]: message for message in (json.loads(other.recv(timeout=30)) for _ in range(2))}
            assert told["result"]["id"] == 4, told
            assert told["revoked"]["partitions"][0]["reason"] == "released", told
            check("a partition given back")


def refused():
    for path, expected in [
        ("/v1/topics/unknown/records", ("topic-not-found", 4404)),
        ("/v1/topics", ("framing-not-supported", 4406)),
        ("/v1/topics/orders/records?framing=sse", ("framing-not-supported", 4406)),
        ("/v1/groups/workers/stream?session=forged", ("invalid-session", 4400)),
    ]:
        with open_socket(path) as ws:
            assert closed(ws) == expected, path
    check("refusals after the handshake")
    for frame, expected in [
        ("{", ("invalid-request", 4400)),
        ('{"op":"dance"}', ("invalid-request", 4400)),
        (b"{}", ("invalid-request", 4400)),
    ]:
        with open_socket("/v1/topics/orders/records") as ws:
            ws.send(frame)
            assert closed(ws) == expected, frame[:20]
    for length in [(1 << 20) + 1, 64 << 20]:
        with open_socket("/v1/topics/orders/records") as ws:
            try:
                ws.send("x" * length)
            except ConnectionClosed:
                # The answer came while the message was still being sent.
                pass
            assert closed(ws) == (None, 1009), length
    check("frames that cannot be taken")


def raw():
    """What no client library sends."""
    head = (
        f"GET /v1/topics/orders/records HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: %d\r\n\r\n"
    )

    def talk(text, data=b""):
        with socket.create_connection((HOST, PORT), timeout=30) as connection:
            connection.sendall((text.encode()))
            if data:
                answer = connection.recv(4096)
                assert b"101 Switching Protocols" in answer, answer
                assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer, answer
                connection.sendall(data)
            received = b""
            while piece := connection.recv(4096):
                received += piece
            return received

    # An unmasked text frame: closed with 1002.
    assert talk(head % 13, b"\x81\x02{}").endswith(b"\x88\x02\x03\xea")
    # Bytes that are no frame: a reserved opcode, or a control frame in fragments.
    assert b"\x88\x02" in talk(head % 13, b"\x09\x80\0\0\0\0")
    answer = talk((head % 8).replace("Connection: Upgrade", "Connection: Upgrade, close"))
    assert answer.startswith(b"HTTP/1.1 426 ") and b"upgrade-required" in answer, answer
    check("frames and handshakes against the rules")


print(f"client: websockets {websockets.__version__}, Python {sys.version.split()[0]}, pid {os.getpid()}", flush=True)
watch()
member()
refused()
raw()
print("everything was as it should be", flush=True)
