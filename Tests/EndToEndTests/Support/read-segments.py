"""Decodes every record of every segment below a data directory: read-segments.py DATA-DIRECTORY

It shares no code with Millrace: the reader is kafka-python's. Each record becomes one line of JSON on standard output,
with key, value and header values in Base64. Every batch must be of format 2 and pass its checksum, each segment must
begin at the offset that names it and be whole to its last byte, and the offsets of a partition must have no gap;
otherwise the first fault is told on standard error and the exit status is 1.
"""

import base64
import datetime
import functools
import json
import pathlib
import sys

from kafka.partitioner import murmur2
from kafka.record import MemoryRecords

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Fault(Exception):
    pass


def main(directory):
    topics = sorted(path for path in (directory / "topics").iterdir() if path.is_dir())
    for topic in topics:
        partitions = sorted((path for path in topic.iterdir() if path.is_dir()), key=lambda path: int(path.name))
        for partition in partitions:
            for record in records_of(partition, len(partitions)):
                print(json.dumps({"topic": topic.name, "partition": int(partition.name), **record}))


def records_of(partition, partition_count):
    expected = None
    for segment in sorted(partition.glob("*.log")):
        base = int(segment.stem)
        if expected is not None and base != expected:
            raise Fault(f"{segment} begins at {base}, but the segment before ends at {expected}")
        expected = base
        for batch in batches_of(segment):
            if batch.base_offset != expected:
                raise Fault(f"{segment}: a batch has the base offset {batch.base_offset}, not {expected}")
            count = 0
            for record in batch:
                if record.offset != expected:
                    raise Fault(f"{segment}: a record has the offset {record.offset}, not {expected}")
                expected += 1
                count += 1
                yield described(record, partition_count)
            if count != batch.records_count or expected != batch.next_offset:
                raise Fault(f"{segment}: the batch at {batch.base_offset} holds {count} records, not as it says")


def batches_of(segment):
    content = segment.read_bytes()
    batches = MemoryRecords(content)
    if batches.valid_bytes() != len(content):
        raise Fault(f"{segment} has {len(content)} bytes, but whole batches only up to {batches.valid_bytes()}")
    for batch in batches:
        if batch.magic != 2:
            raise Fault(f"{segment} holds a batch of format {batch.magic}")
        if not batch.validate_crc():
            raise Fault(f"{segment}: the checksum of the batch at offset {batch.base_offset} does not match")
        yield batch


def described(record, partition_count):
    return {
        "offset": record.offset,
        "timestamp": record.timestamp,
        "time": rfc3339(record.timestamp),
        "key": encoded(record.key),
        "value": encoded(record.value),
        "headers": [{"name": name, "value": encoded(value)} for name, value in record.headers],
        "partitionOfKey": None if record.key is None else partition_of(bytes(record.key), partition_count),
    }


def encoded(data):
    return None if data is None else base64.b64encode(data).decode("ascii")


@functools.lru_cache(maxsize=1024)
def rfc3339(milliseconds):
    time = EPOCH + datetime.timedelta(milliseconds=milliseconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


@functools.lru_cache(maxsize=None)
def partition_of(key, partition_count):
    """Kafka's own rule."""
    return (murmur2(key) & 0x7FFFFFFF) % partition_count


if __name__ == "__main__":
    try:
        main(pathlib.Path(sys.argv[1]))
    except Fault as fault:
        sys.exit(str(fault))
