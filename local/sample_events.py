"""Sends the sample events of events/, and prepares a stack that can handle them."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.cloud import Cloud
from local.demo.uploads import tumour_uploads
from local.errors import StackFailed
from local.stack_client import StackClient

PROJECT = Path(__file__).resolve().parent.parent
INBOX = "inbox"
"""The bucket that the sample events name."""

RETRAINING, MONITORING = "RetrainingStateMachine", "MonitoringStateMachine"
STATE_MACHINES = {RETRAINING: "state_machine_arn", MONITORING: "monitoring_state_machine_arn"}
"""The state machines that receive events, and how the stack names their ARNs."""

RECEIVERS = {
    "03-retraining": RETRAINING,
    "01-upload": "IngestFunction",
    "02-uploads": "IngestFunction",
    "04-snapshot": "SnapshotFunction",
    "05-train": "TrainFunction",
    "06-evaluate": "EvaluateFunction",
    "07-fit-all-rows": "TrainFunction",
    "08-prove": "EvaluateFunction",
    "09-start-trial": "MoveFunction",
    "10-judge": "JudgeFunction",
    "11-promote": "MoveFunction",
    "12-dismiss": "MoveFunction",
    "13-dismiss-unjudged": "MoveFunction",
    "14-predict": "InferenceFunction",
    "15-infer": "InferenceFunction",
    "16-models": "InferenceFunction",
    "17-model": "InferenceFunction",
    "18-ready": "InferenceFunction",
    "19-label": "InferenceFunction",
    "20-monitoring": MONITORING,
    "21-list-models": "MonitoringFunction",
    "22-monitor": "MonitoringFunction",
    "23-pretraffic": "PreTrafficFunction",
    "24-rollback": RETRAINING,
    "25-roll-back": "MoveFunction",
    "26-failed-upload": "FailedUploadsFunction",
    "27-ask-approval": "MoveFunction",
    "28-dismiss-unapproved": "MoveFunction",
    "29-promote-by-hand": "MoveFunction",
}
"""Each event's receiver by logical id, in the order of sending.

The run comes first: after it, the uploads are the new rows that the snapshot needs.
"""

type Send = Callable[[str, dict[str, Any]], str]
"""Sends an event to a function (by its logical id); returns what went wrong, or nothing."""


def prepare_stack(cloud: Cloud) -> None:
    """Prepare the bucket, the files and the model that the events name.

    The model in service knows one measure of the tumours. Rows with another measure follow, so each run finds a better
    model.
    """
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=INBOX, CreateBucketConfiguration={"LocationConstraint": cloud.stack["region"]})
    for key, content in sample_uploads().items():
        s3.put_object(Bucket=INBOX, Key=key, Body=content)
    client = StackClient(cloud)
    for model in ("tumours", "churn"):
        client.apply(PROJECT / "examples" / f"{model}.toml")
    _upload(client, "mean_perimeter")
    _run(client, RETRAINING, read_event("03-retraining"))
    _upload(client, "worst_perimeter")


def sample_uploads() -> dict[str, bytes]:
    """Return the uploads that the events announce, by key."""
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
        "tumours/never-ending.csv": _as_csv(rows),
    }


def read_event(name: str) -> dict[str, Any]:
    """Read a sample event."""
    event: dict[str, Any] = json.loads((PROJECT / "events" / f"{name}.json").read_text())
    return event


def send_all(cloud: Cloud, send: Send) -> dict[str, str]:
    """Send every event in order; return what went wrong, by the event's name."""
    client = StackClient(cloud)
    failures: dict[str, str] = {}
    for name, receiver in RECEIVERS.items():
        try:
            event = read_event(name)
            failures[name] = _run(client, receiver, event) if receiver in STATE_MACHINES else send(receiver, event)
        except StackFailed as error:
            failures[name] = str(error)
    return {name: failure for name, failure in failures.items() if failure}


def _run(client: StackClient, machine: str, request: dict[str, Any]) -> str:
    """Start an execution with an input and wait until it has succeeded. Raises `StackFailed`."""
    execution = client.start(request, STATE_MACHINES[machine])
    *_, _ = client.states(execution)
    client.outcome(execution)
    return ""


def _upload(client: StackClient, measure: str) -> None:
    """Upload the first file with only one measure."""
    rows = csv.DictReader(io.StringIO(tumour_uploads().first[0][1].decode()))
    kept = {"id", "diagnosis", measure}
    content = _as_csv([{name: value if name in kept else "" for name, value in row.items()} for row in rows])
    client.upload(f"tumours/{measure}.csv", content)
    client.receipt(f"tumours/{measure}.csv")


def _as_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]).encode()
