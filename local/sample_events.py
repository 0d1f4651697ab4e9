"""The sample events of events/, and the world in which functions take them."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.cloud import Cloud
from local.demo.story import tumours

PROJECT = Path(__file__).resolve().parent.parent
INBOX = "inbox"
"""The bucket that the sample events name."""

SENT_TO = {
    "1-upload": "IngestFunction",
    "1-uploads-several": "IngestFunction",
    "3-snapshot": "SnapshotFunction",
    "4-train": "TrainFunction",
    "5-evaluate": "EvaluateFunction",
    "5b-promote": "PromoteFunction",
    "6-predict": "InferenceFunction",
    "6b-infer": "InferenceFunction",
    "6c-models": "InferenceFunction",
    "6d-model": "InferenceFunction",
    "6e-ready": "InferenceFunction",
    "6f-label": "InferenceFunction",
    "5-monitoring": "MonitoringFunction",
    "7-judge": "JudgeFunction",
    "7b-dismiss": "PromoteFunction",
    "7c-take-back": "PromoteFunction",
    "9-pretraffic": "PreTrafficFunction",
}
"""The events that a function takes in a new world, in an order in which each finds what it needs."""

NEEDS_ANOTHER_WORLD = {
    "2-retraining": "an input of the state machine",
    "2-rollback": "an input of the state machine",
    "5c-challenge": "a run that found a better candidate than the champion",
    "8-roll-back": "a champion before the one in service",
}

type Send = Callable[[str, dict[str, Any]], str]
"""Sends a function (by its logical id) an event; the sentence that says what went wrong, empty where nothing did."""


def seed(cloud: Cloud) -> None:
    """Make a bucket of the events' name, with what they say was uploaded."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=INBOX, CreateBucketConfiguration={"LocationConstraint": cloud.stack["region"]})
    for key, content in uploads().items():
        s3.put_object(Bucket=INBOX, Key=key, Body=content)


def uploads() -> dict[str, bytes]:
    """What the events say was uploaded, by its key."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (_, first), (_, second), *_ = tumours().first
    rows = [json.loads(line) for line in gzip.decompress(second).splitlines()]
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    table = io.BytesIO()
    pq.write_table(pa.table({"customerID": ["a", "b"], "tenure": [1, 2], "Churn": ["No", "Yes"]}), table)
    return {
        "tumours/first.csv": first,
        "tumours/2026 spring/ein Überblick + mehr.csv.gz": gzip.compress("\n".join(lines).encode()),
        "churn/customers.parquet": table.getvalue(),
    }


def send_all(send: Send) -> dict[str, str]:
    """Send every event in its order; what went wrong, by the event's name."""
    said = {
        name: send(function, json.loads((PROJECT / "events" / f"{name}.json").read_text()))
        for name, function in SENT_TO.items()
    }
    return {name: sentence for name, sentence in said.items() if sentence}
