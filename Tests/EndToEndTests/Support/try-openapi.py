"""Tries every operation of a broker's OpenAPI document with schemathesis, valid and invalid requests alike.

Usage: try-openapi.py SERVER SEED

The document itself must be one of OpenAPI 3.1. An answer must be what the document says: its status, media type, fields and body,
also of refusals; a request that is invalid by the document must be refused; nothing may be a fault of the broker. Every operation
that is tried must have succeeded at least once, so that it is not only refusals that were looked at.
"""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema_rs
import requests
from schemathesis.specs.openapi.definitions import OPENAPI_31

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
    "lines_are_events",
]

# What is not tried, and why. Streams are not among it: the hooks end each of them with timeout=.
EXCLUDED = "...InNamespace", "the very routes of the short paths; these of them are tried:"
TRIED_IN_NAMESPACE = ["listTopicsInNamespace", "listGroupsInNamespace", "readTopicsInNamespace"]


def prepare(server):
    for path, document in (
        ("/v1/topics/orders", {"partitions": 2}),
        ("/v1/topics/prices", {"cleanup": "compact"}),
        ("/v1/groups/billing", {"topics": ["orders"]}),
        ("/v1/groups/steady", {"topics": ["orders"], "sessionTimeoutMs": 300_000}),
    ):
        requests.put(server + path, json=document, timeout=30).raise_for_status()
    records = {"records": [{"key": "u1", "value": {"state": "placed"}, "headers": {"ct": "v2"}}] * 3}
    requests.post(f"{server}/v1/topics/orders/records", json=records, timeout=30).raise_for_status()


def main(server, seed):
    print("schemathesis", importlib.metadata.version("schemathesis"), "seed", seed)
    print("not tried:", *EXCLUDED, ", ".join(TRIED_IN_NAMESPACE))
    prepare(server)
    document = requests.get(f"{server}/openapi.json", timeout=30).json()
    jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(document)
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    operations = [
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    ]
    tried = [name for name in operations if not name.endswith("InNamespace") or name in TRIED_IN_NAMESPACE]
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as folder:
        statuses = pathlib.Path(folder) / "statuses.json"
        environment = os.environ | {
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(pathlib.Path(__file__).parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "BROKER_SERVER": server,
            "BROKER_STATUSES": str(statuses),
        }
        command = [
            str(pathlib.Path(sys.executable).parent / "schemathesis"), "--no-color", "run", f"{server}/openapi.json",
            "--phases", "coverage,fuzzing", "--max-examples", "8", "--seed", seed, "--request-timeout", "20",
            "--checks", ",".join(CHECKS), "--warnings", "off", "--no-shrink", "--continue-on-failure",
        ]
        for name in tried:
            command += ["--include-operation-id", name]
        outcome = subprocess.run(command, env=environment, cwd=folder, check=False)
        seen = json.loads(statuses.read_text()) if statuses.exists() else {}
    for name in tried:
        print(f"{name:32}", " ".join(f"{status}:{count}" for status, count in sorted(seen.get(name, {}).items())))
    barren = [name for name in tried if not any(status.startswith("2") for status in seen.get(name, {}))]
    # Nothing is made in namespaces of a random name.
    barren = [name for name in barren if name != "readTopicsInNamespace"]
    if barren:
        print("never succeeded:", ", ".join(barren))
    sys.exit(outcome.returncode or bool(barren))


main(*sys.argv[1:])
