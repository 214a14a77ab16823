"""Uses a broker with PyPI's `kubernetes` as any Kubernetes API: kubernetes-client.py SERVER

Prints one line for each thing that it has checked, and ends with status 0 if all were as they should be.
"""

import sys
import threading

import kubernetes
from kubernetes import client, dynamic, watch
from kubernetes.client.rest import ApiException

PLACE = ("millrace.dev", "v1", "default", "prices")


def connect(server):
    configuration = client.Configuration()
    configuration.host = server
    return client.ApiClient(configuration)


def body(name, value, **metadata):
    return {
        "apiVersion": "millrace.dev/v1",
        "kind": "Prices",
        "metadata": {"name": name, **metadata},
        "value": value,
    }


def refused(status, reason, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        assert error.status == status, error
        assert f'"reason":"{reason}"' in error.body, error.body
        return
    raise AssertionError(f"{status} {reason} was to come")


def writes(api):
    made = api.create_namespaced_custom_object(*PLACE, body("AAPL", {"bid": 18.5}, labels={"tier": "gold"}))
    assert made["metadata"]["labels"] == {"tier": "gold"} and made["metadata"]["uid"], made
    refused(409, "AlreadyExists", api.create_namespaced_custom_object, *PLACE, body("AAPL", 1))
    assert api.get_namespaced_custom_object(*PLACE, "AAPL") == made
    refused(404, "NotFound", api.get_namespaced_custom_object, *PLACE, "NONE")
    patched = api.patch_namespaced_custom_object(
        *PLACE, "AAPL", {"value": {"ask": 19}}, _content_type="application/merge-patch+json"
    )
    assert patched["value"] == {"bid": 18.5, "ask": 19}, patched
    patched = api.patch_namespaced_custom_object(
        *PLACE, "AAPL", [{"op": "remove", "path": "/value/ask"}], _content_type="application/json-patch+json"
    )
    assert patched["value"] == {"bid": 18.5}, patched
    assert patched["metadata"]["uid"] == made["metadata"]["uid"]
    made["value"] = 7
    refused(409, "Conflict", api.replace_namespaced_custom_object, *PLACE, "AAPL", made)
    patched["value"] = 7
    assert api.replace_namespaced_custom_object(*PLACE, "AAPL", patched)["value"] == 7
    gone = api.delete_namespaced_custom_object(*PLACE, "AAPL", body=client.V1DeleteOptions())
    assert gone["status"] == "Success", gone
    refused(404, "NotFound", api.delete_namespaced_custom_object, *PLACE, "AAPL")
    print("create, get, patch, replace and delete do what they say")


def lists(api):
    for number in range(7):
        parity = "odd" if number % 2 else "even"
        api.create_namespaced_custom_object(*PLACE, body(f"k{number}", {"n": number}, labels={"parity": parity}))
    names, token = [], None
    while token != "":
        more = {"_continue": token} if token else {}
        page = api.list_namespaced_custom_object(*PLACE, limit=3, **more)
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
    assert names == [f"k{number}" for number in range(7)], names
    odd = api.list_namespaced_custom_object(*PLACE, label_selector="parity=odd")["items"]
    assert [item["value"]["n"] for item in odd] == [1, 3, 5], odd
    one = api.list_cluster_custom_object(*PLACE[:2], PLACE[3], field_selector="metadata.name=k4")["items"]
    assert [item["metadata"]["namespace"] for item in one] == ["default"], one
    print("lists come in pages and by selectors")


def watches(api):
    """A change of each kind, an object that enters and leaves a selector, and a version that is gone."""
    start = api.list_namespaced_custom_object(*PLACE)["metadata"]["resourceVersion"]
    everything, odd = [], []

    def follow(seen, count, **named):
        stream = watch.Watch()
        for event in stream.stream(
            api.list_namespaced_custom_object, *PLACE, resource_version=start, timeout_seconds=60, **named
        ):
            seen.append((event["type"], event["object"]["metadata"]["name"], event["object"]["value"]))
            if len(seen) == count:
                stream.stop()

    threads = [
        threading.Thread(target=follow, args=(everything, 4)),
        threading.Thread(target=follow, args=(odd, 3), kwargs={"label_selector": "parity=odd"}),
    ]
    for thread in threads:
        thread.start()
    merge = {"_content_type": "application/merge-patch+json"}
    api.create_namespaced_custom_object(*PLACE, body("k7", 7, labels={"parity": "odd"}))
    api.patch_namespaced_custom_object(*PLACE, "k0", {"metadata": {"labels": {"parity": "odd"}}}, **merge)
    api.patch_namespaced_custom_object(*PLACE, "k7", {"metadata": {"labels": None}, "value": 8}, **merge)
    api.delete_namespaced_custom_object(*PLACE, "k2")
    for thread in threads:
        thread.join(60)
    assert everything == [
        ("ADDED", "k7", 7), ("MODIFIED", "k0", {"n": 0}), ("MODIFIED", "k7", 8), ("DELETED", "k2", {"n": 2})
    ], everything
    assert odd == [("ADDED", "k7", 7), ("ADDED", "k0", {"n": 0}), ("DELETED", "k7", 7)], odd
    initial = [
        (event["type"], event["object"]["metadata"]["name"])
        for event in watch.Watch().stream(api.list_namespaced_custom_object, *PLACE, timeout_seconds=1)
    ]
    assert len(initial) == 7 and {kind for kind, _ in initial} == {"ADDED"}, initial
    refused(410, "Expired", lambda: list(watch.Watch().stream(
        api.list_namespaced_custom_object, *PLACE, resource_version="1", timeout_seconds=5
    )))
    print("watches tell every change, by selectors too, and say when they cannot")


def discovers(connection):
    prices = dynamic.DynamicClient(connection, cache_file="discovery.json").resources.get(
        api_version="millrace.dev/v1", kind="Prices"
    )
    assert prices.name == "prices" and prices.namespaced, prices
    assert len(prices.get(namespace="default").items) == 7
    version = client.VersionApi(connection).get_code()
    assert "millrace" in version.git_version, version
    print("the dynamic client finds the collection")


def main():
    print(f"kubernetes {kubernetes.__version__} on Python {sys.version.split()[0]}")
    connection = connect(sys.argv[1])
    api = client.CustomObjectsApi(connection)
    writes(api)
    lists(api)
    watches(api)
    discovers(connection)
    print("everything was as it should be")


main()
