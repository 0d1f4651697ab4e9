"""The sample events of events/, and the world in which functions take them."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.cloud import Cloud
from local.demo.errors import DemoFailed
from local.demo.uploads import tumour_uploads
from local.stack_client import StackClient

PROJECT = Path(__file__).resolve().parent.parent
INBOX = "inbox"
"""The bucket that the sample events name."""

STATE_MACHINE = "RetrainingStateMachine"
RECEIVERS = {
    "01-upload": "IngestFunction",
    "02-uploads": "IngestFunction",
    "03-retraining": STATE_MACHINE,
    "04-snapshot": "SnapshotFunction",
    "05-train": "TrainFunction",
    "06-evaluate": "EvaluateFunction",
    "07-start-trial": "MoveFunction",
    "08-judge": "JudgeFunction",
    "09-promote": "MoveFunction",
    "10-dismiss": "MoveFunction",
    "11-dismiss-unjudged": "MoveFunction",
    "12-predict": "InferenceFunction",
    "13-infer": "InferenceFunction",
    "14-models": "InferenceFunction",
    "15-model": "InferenceFunction",
    "16-ready": "InferenceFunction",
    "17-label": "InferenceFunction",
    "18-monitoring": "MonitoringFunction",
    "19-pretraffic": "PreTrafficFunction",
    "20-rollback": STATE_MACHINE,
    "21-roll-back": "MoveFunction",
}
"""Each event's receiver by logical id, in an order in which each event finds what it needs."""

type Send = Callable[[str, dict[str, Any]], str]
"""Sends a function (by its logical id) an event; the sentence that says what went wrong, empty where nothing did."""


def prepare_stack(cloud: Cloud) -> None:
    """Make the world in which the events find what they need.

    There is a bucket of the name that they tell, with the files. A model is in service that knows one measure of the
    tumours; then rows came that have another, so that each run that the events tell of finds a better model.
    """
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=INBOX, CreateBucketConfiguration={"LocationConstraint": cloud.stack["region"]})
    for key, content in sample_uploads().items():
        s3.put_object(Bucket=INBOX, Key=key, Body=content)
    stage = StackClient(cloud)
    _upload(stage, "mean_perimeter")
    _run(stage, read_event("03-retraining"))
    _upload(stage, "worst_perimeter")


def sample_uploads() -> dict[str, bytes]:
    """What the events say was uploaded, by its key."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (_, first), (_, second), *_ = tumour_uploads().first
    rows = [json.loads(line) for line in gzip.decompress(second).splitlines()]
    table = io.BytesIO()
    pq.write_table(pa.table({"customerID": ["a", "b"], "tenure": [1, 2], "Churn": ["No", "Yes"]}), table)
    return {
        "tumours/first.csv": first,
        "tumours/2026 spring/ein Überblick + mehr.csv.gz": gzip.compress(_as_csv(rows)),
        "churn/customers.parquet": table.getvalue(),
    }


def read_event(name: str) -> dict[str, Any]:
    """Read a sample event."""
    read: dict[str, Any] = json.loads((PROJECT / "events" / f"{name}.json").read_text())
    return read


def send_all(cloud: Cloud, send: Send) -> dict[str, str]:
    """Send every event in its order; what went wrong, by the event's name."""
    stage = StackClient(cloud)
    said: dict[str, str] = {}
    for name, receiver in RECEIVERS.items():
        try:
            said[name] = (
                send(receiver, read_event(name)) if receiver != STATE_MACHINE else _run(stage, read_event(name))
            )
        except DemoFailed as error:
            said[name] = str(error)
    return {name: sentence for name, sentence in said.items() if sentence}


def _run(stage: StackClient, request: dict[str, Any]) -> str:
    """Start an execution with an input and wait until it has succeeded. Raises `DemoFailed`."""
    execution = stage.start(request)
    *_, _ = stage.states(execution)
    stage.outcome(execution)
    return ""


def _upload(stage: StackClient, measure: str) -> None:
    """Upload the first file with one measure, and all others missing."""
    rows = csv.DictReader(io.StringIO(tumour_uploads().first[0][1].decode()))
    kept = {"id", "diagnosis", measure}
    content = _as_csv([{name: value if name in kept else "" for name, value in row.items()} for row in rows])
    stage.upload(f"tumours/{measure}.csv", content)
    stage.receipt(f"tumours/{measure}.csv")


def _as_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]).encode()
