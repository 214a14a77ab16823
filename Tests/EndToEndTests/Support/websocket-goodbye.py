"""Opens a WebSocket and tells the types of its messages until the broker closes: websocket-goodbye.py HOST PORT PATH"""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

host, port, path = sys.argv[1:]
with connect(f"ws://{host}:{port}{path}", subprotocols=["millrace.v1"]) as ws:
    try:
        while True:
            message = json.loads(ws.recv())
            print(message["type"], message.get("reason", ""), flush=True)
    except ConnectionClosed as end:
        print("closed", end.rcvd.code, flush=True)
