"""Reads server-sent events with PyPI's `sseclient-py`: sse-client.py HOST PORT

Prints what was checked, and ends with status 0 if all was as it should be.
"""

import http.client
import importlib.metadata
import json
import sys
import urllib.request

import sseclient

HOST, PORT = sys.argv[1], int(sys.argv[2])
RECORDS = "/v1/topics/letters/records"
# What a framing of lines could trip over.
VALUES = ["a", "b\nid: forged\n\ndata: forged", "\u2028\r\u0085", {"deep": ["🦆"]}, None, ": a comment", ""]


def post(method, path, body):
    request = urllib.request.Request(f"http://{HOST}:{PORT}{path}", json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Source:
    """An answer's body as it comes."""

    def __init__(self, path, **headers):
        self.connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
        fields = {"Accept": "text/event-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", path, headers=fields)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status
        assert self.answer.headers.get_content_type() == "text/event-stream"

    def __iter__(self):
        while piece := self.answer.read1(7):
            yield piece

    def close(self):
        # The answer holds the socket, too.
        self.answer.close()
        self.connection.close()


def read(path, count, **headers):
    """So many records and the last id; the client lets go of the connection then."""
    client = sseclient.SSEClient(Source(path, **headers))
    records, id = [], None
    for event in client.events():
        id = event.id or id
        if event.event in ("record", "message"):
            records.append((event.event, json.loads(event.data)))
        else:
            assert event.event == "bookmark", str(event)
        if len(records) == count and event.id:
            client.close()
            return records, id


print(f"client: sseclient-py {importlib.metadata.version('sseclient-py')}, Python {sys.version.split()[0]}", flush=True)
post("PUT", "/v1/topics/letters", {})
post("POST", RECORDS, {"records": [{"value": value} for value in VALUES]})
records, id = read(RECORDS, len(VALUES))
assert [record["value"] for _, record in records] == VALUES, records
assert [name for name, _ in records] == ["record"] * len(VALUES), records
print("ok: all kinds of values, seven bytes at a time", flush=True)

post("POST", RECORDS, {"records": [{"value": value} for value in ["later", "still later"]]})
records, id = read(RECORDS + "?event=message", 2, Last_Event_ID=id)
assert [(name, record["value"]) for name, record in records] == [("message", "later"), ("message", "still later")]
assert id.endswith(f":{len(VALUES) + 2}"), id
print("ok: resumed by the last id, as plain messages", flush=True)

*_, last = sseclient.SSEClient(Source(RECORDS + "?timeout=200ms")).events()
assert last.event == "goodbye" and json.loads(last.data)["reason"] == "timeout" and last.id == id, str(last)
print("ok: goodbye with the id of all that was sent", flush=True)
print("everything was as it should be", flush=True)
