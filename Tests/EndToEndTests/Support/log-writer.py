"""Publishes until it is told to stop: log-writer.py SERVER TOPIC NAME SEED

Every request is numbered, and sent again until it is answered, so each record is stored once and where is known. Prints
`acked PARTITION OFFSET CHECKSUM` of each record then. SIGTERM ends it after the request in progress.
"""

import http.client
import json
import os
import random
import signal
import sys
import time
import urllib.parse
import zlib

SERVER, TOPIC, NAME, SEED = sys.argv[1:]
chance = random.Random(f"{SEED} {NAME}")
ended = False


def end(*_):
    global ended
    ended = True


def send(method, path, body=None, headers={}):
    """The answer, whenever there is one."""
    while True:
        try:
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(SERVER).netloc, timeout=10)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            document = json.load(answer)
            connection.close()
            if answer.status == 200:
                return document
            if not document["retryable"]:
                sys.exit(f"{method} {path}: {document}")
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)


def record(partition):
    filling = "x" * chance.randrange(100, 2000)
    return {"partition": partition, "key": f"k{chance.randrange(50)}", "value": {"by": NAME, "filling": filling}}


signal.signal(signal.SIGTERM, end)
# Whoever starts this may have blocked signals in the thread that did.
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
number, partitions = 0, 0
while not ended:
    if number % 10 == 0:
        partitions = send("GET", f"/v1/topics/{TOPIC}")["partitions"]
    chosen = chance.sample(range(partitions), min(partitions, chance.randrange(1, 4)))
    records = [record(partition) for partition in chosen for _ in range(chance.randrange(1, 6))]
    for index, item in enumerate(records):
        item["value"]["id"] = f"{number}.{index}"
    fields = {"Content-Type": "application/json", "Producer-Id": NAME, "Producer-Epoch": "0", "Producer-Seq": str(number)}
    results = send("POST", f"/v1/topics/{TOPIC}/records", json.dumps({"records": records}), fields)["results"]
    facts = ""
    for item, result in zip(records, results, strict=True):
        checksum = zlib.crc32(json.dumps(item["value"], sort_keys=True).encode())
        facts += f"acked {result['partition']} {result['offset']} {checksum}\n"
    os.write(1, facts.encode())
    number += 1
    time.sleep(0.02)
