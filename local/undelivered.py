"""`python -m local.undelivered <stack>`: bring back captured lines that Firehose could not deliver.

Firehose leaves them below `undelivered/`, each record with the reason. Here their lines go to `captured/`, to the hour
of their prediction, where every reader finds them. A line that is there already counts once.
"""

import argparse
import base64
import gzip
import hashlib
import json
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import boto3

from refrain.lake.capture.reading import UNDELIVERED, captured_key

_DECODER = json.JSONDecoder()


def captured_lines(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the captured lines of an object or of a record, as Firehose and CloudWatch wrapped them.

    Raises:
        ValueError: something in it is neither JSON nor a wrapping of them.
    """
    while data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    text = data.decode().strip()
    while text:
        document, end = _DECODER.raw_decode(text)
        text = text[end:].lstrip()
        match document:
            case {"rawData": str(record)}:
                yield from captured_lines(base64.b64decode(record, validate=True))
            case {"logEvents": list(events)}:
                for event in events:
                    yield from captured_lines(event["message"].encode())
            case {"capture": 1}:
                yield document
            case _:
                raise ValueError(f"not a captured line: {document!r:.80}")


def bring_back(s3: Any, bucket: str) -> tuple[int, list[str]]:
    """Move every object's lines to where they are read; return their number, and the objects that stay."""
    moved, left = 0, []
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=UNDELIVERED)
    for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
        try:
            lines = list(captured_lines(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            files = _files(key, lines)
        except (ValueError, KeyError, TypeError, OSError, EOFError, zlib.error):
            left.append(key)
            continue
        for name, content in files.items():
            s3.put_object(Bucket=bucket, Key=name, Body=gzip.compress(content))
        s3.delete_object(Bucket=bucket, Key=key)
        moved += len(lines)
    return moved, left


def _files(key: str, lines: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """The files of an object's lines; an object that is moved twice writes the same ones."""
    files: dict[str, bytes] = defaultdict(bytes)
    name = f"undelivered-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    for line in lines:
        hour = datetime.fromisoformat(line["time"])
        files[captured_key(line["model"], hour, name)] += json.dumps(line, separators=(",", ":")).encode() + b"\n"
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring them back, and end the alarm when nothing is left."""
    parser = argparse.ArgumentParser(prog="python -m local.undelivered", description="Bring captured lines back.")
    parser.add_argument("stack", help="the name of the stack")
    stack = parser.parse_args(arguments).stack
    cloudformation = boto3.client("cloudformation")
    bucket, queue = (
        cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=name)["StackResourceDetail"][
            "PhysicalResourceId"
        ]
        for name in ("LakeBucket", "UndeliveredRecords")
    )
    moved, left = bring_back(boto3.client("s3"), bucket)
    print(f"{moved} lines were brought back")
    if not left:
        boto3.client("sqs").purge_queue(QueueUrl=queue)
    for key in left:
        print(f"not understood, and left where it is: s3://{bucket}/{key}")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
