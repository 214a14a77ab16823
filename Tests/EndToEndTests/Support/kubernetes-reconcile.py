"""Keeps caches of a collection as controllers do, while it changes, the broker dies and versions expire:
kubernetes-reconcile.py SERVER

Whoever started it reads its output: at the n-th line `restart` the broker is to be killed and started again at the same
address, and then a file `restarted-n` to be made where the script runs.
In the end each cache must be the server's state; then it ends with status 0.
"""

import json
import os
import random
import sys
import threading
import time
import urllib.request

import kubernetes
import urllib3
from kubernetes import client, watch
from kubernetes.client.rest import ApiException

SERVER = sys.argv[1]
PLACE = ("millrace.dev", "v1", "default", "prices")
# What a client meets when a broker is killed: it tries again.
TROUBLE = (urllib3.exceptions.HTTPError, ConnectionError, OSError, json.JSONDecodeError)


def send(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SERVER + path, data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def connect():
    configuration = client.Configuration()
    configuration.host = SERVER
    configuration.retries = False
    return client.CustomObjectsApi(client.ApiClient(configuration))


def make_topic():
    send("PUT", "/v1/topics/prices", {"cleanup": "compact", "segmentBytesMax": 65536})


class Informer(threading.Thread):
    """List, watch from the list's version, and list again when that is gone: what every controller does."""

    def __init__(self, name):
        super().__init__(name=name, daemon=True)
        self.cache = {}
        self.version = None
        self.lists = self.events = self.expired = self.troubles = 0
        self.running = threading.Event()
        self.running.set()
        self.is_idle = False
        self.stream = None
        self.error = None

    def run(self):
        api = connect()
        try:
            while True:
                self.is_idle = not self.running.is_set()
                self.running.wait()
                self.is_idle = False
                try:
                    if self.version is None:
                        self.list(api)
                    self.watch(api)
                except ApiException as error:
                    # Gone: list again. Not there, or not able: try again.
                    assert error.status in (404, 410, 503), error
                    self.expired += error.status == 410
                    self.version = None
                    time.sleep(0.05)
                except TROUBLE:
                    self.troubles += 1
                    time.sleep(0.05)
        except BaseException as error:
            self.error = error
            raise

    def list(self, api):
        found, token = {}, None
        while token != "":
            page = api.list_namespaced_custom_object(*PLACE, limit=50, **({"_continue": token} if token else {}))
            for item in page["items"]:
                found[item["metadata"]["name"]] = item
            token = page["metadata"].get("continue", "")
        self.lists += 1
        self.cache, self.version = found, page["metadata"]["resourceVersion"]

    def watch(self, api):
        self.stream = watch.Watch()
        for event in self.stream.stream(
            api.list_namespaced_custom_object,
            *PLACE,
            resource_version=self.version,
            allow_watch_bookmarks=True,
            timeout_seconds=60,
        ):
            item = event["object"]
            if event["type"] != "BOOKMARK":
                self.take(event["type"], item)
            self.version = item["metadata"]["resourceVersion"]
            if not self.running.is_set():
                return

    def take(self, kind, item):
        self.events += 1
        name = item["metadata"]["name"]
        former = self.cache.get(name)
        if kind == "DELETED":
            assert former is not None, f"{name} was deleted and not known"
            del self.cache[name]
            return
        assert (former is None) == (kind == "ADDED"), f"{kind} of {name}, which was {former}"
        if former is not None:
            assert former["metadata"]["uid"] == item["metadata"]["uid"], f"{name} has another uid"
        self.cache[name] = item


class Churn(threading.Thread):
    """Writes, changes and deletes, for ever."""

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.writes = 0
        self.running = True
        self.error = None

    def run(self):
        while self.running:
            key = f"/v1/collections/prices/k{self.random.randrange(40)}"
            try:
                if self.random.random() < 0.2:
                    send("DELETE", key)
                else:
                    value = {"n": self.writes, "pad": "x" * self.random.randrange(8000)}
                    send("PUT", key, {"value": value})
                self.writes += 1
            except urllib.error.HTTPError as error:
                if error.code not in (404, 503):
                    self.error = error
                    raise
            except TROUBLE:
                time.sleep(0.05)


def restart(number):
    print("restart", flush=True)
    until("the broker is back", lambda: os.path.exists(f"restarted-{number}"))


def more(churn, count):
    goal = churn.writes + count
    until(f"{count} writes more", lambda: churn.error or churn.writes >= goal)
    assert not churn.error, churn.error


def is_expired(version):
    """Whether a watch from a version is refused as too old."""
    try:
        for _ in watch.Watch().stream(
            connect().list_namespaced_custom_object, *PLACE, resource_version=version, timeout_seconds=1
        ):
            return False
    except ApiException as error:
        return error.status == 410
    except TROUBLE:
        return False
    return False


def server_state():
    state, token = {}, ""
    while True:
        page = send("GET", f"/v1/collections/prices?limit=100{token}")
        for item in page["items"]:
            state[item["metadata"]["name"]] = (item["metadata"]["resourceVersion"], item["value"])
        if "continue" not in page["metadata"]:
            return state
        token = "&continue=" + page["metadata"]["continue"]


def cached_state(informer):
    return {name: (item["metadata"]["resourceVersion"], item["value"]) for name, item in dict(informer.cache).items()}


def main():
    seed = random.randrange(1 << 32)
    print(f"kubernetes {kubernetes.__version__}, seed {seed}", flush=True)
    make_topic()
    steady, late = Informer("steady"), Informer("late")
    churn = Churn(seed)
    for thread in (steady, late, churn):
        thread.start()
    more(churn, 40)
    until("both have listed", lambda: steady.lists and late.lists)

    # The broker dies: both go on from where they were.
    restart(1)
    more(churn, 40)

    # The late one sleeps while the collection is written anew several times, and compacted.
    late.running.clear()
    until("the late one sleeps", lambda: late.is_idle)
    version, expired = late.version, late.expired
    more(churn, 160)
    restart(2)
    until("the version of the late one is gone", lambda: is_expired(version))
    late.running.set()
    until("the late one has listed again", lambda: late.expired > expired)
    more(churn, 40)

    # The collection is made anew: no version of it is one of before.
    lists = (steady.lists, late.lists)
    send("DELETE", "/v1/topics/prices")
    make_topic()
    more(churn, 40)
    until("both have listed again", lambda: steady.lists > lists[0] and late.lists > lists[1])
    churn.running = False
    churn.join(60)
    state = server_state()
    for informer in (steady, late):
        until(f"the cache of {informer.name}", lambda: informer.error or cached_state(informer) == state)
        assert not informer.error, informer.error
        print(
            f"{informer.name}: {len(state)} objects, {informer.events} events, {informer.lists} lists, "
            f"{informer.expired} of them since a version was gone, {informer.troubles} broken connections",
            flush=True,
        )
    assert steady.troubles >= 2 and late.expired >= 1 and state
    print(f"{churn.writes} writes; everything was as it should be", flush=True)


main()
