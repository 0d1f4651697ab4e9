"""The sample events of events/: numbered in the order of the data's path, and taken by the functions as they are."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from local.demo.story import tumours
from refrain import promotion
from refrain.evaluation.request import Request as EvaluationRequest
from refrain.ingest.events import uploads
from refrain.retraining.request import Request as RetrainingRequest
from refrain.serving.registry import registry
from refrain.serving.requests import Request as ServingRequest
from refrain.serving.routes import ROUTES
from refrain.training.request import Request as TrainingRequest
from tests.integration.conftest import aws, endpoint  # noqa: F401  fixtures
from tests.integration.loop import Context, handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Aws

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted((PROJECT / "events").iterdir())
EVENT: dict[str, Any] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
MACHINE = (PROJECT / "functions" / "retraining" / "retraining.asl.yaml").read_text()

UPLOADS = ("1-upload", "1-uploads-several")
STEPS = ("3-snapshot", "4-train", "5-evaluate", "5b-promote")
REQUESTS = [name for name in EVENT if name.startswith("6")]
TASKS = {
    state["Parameters"]["FunctionName"]: state["Parameters"]["Payload"]
    for state in yaml.safe_load(MACHINE)["States"].values()
    if state["Type"] == "Task"
}
"""The payload of the last state that calls each function (promote is called by three, all alike)."""


def test_every_event_is_one_that_is_known_here() -> None:
    assert [*UPLOADS, "2-retraining", *STEPS, *REQUESTS] == list(EVENT)


def test_the_numbers_follow_the_path_of_the_data() -> None:
    called = dict.fromkeys(name.lower() for name in re.findall(r"\$\{(\w+)FunctionArn\}", MACHINE))

    assert [name.partition("-")[2] for name in STEPS] == list(called)
    assert {path.name for path in FILES} == {f"{name}.json" for name in EVENT}


def test_every_function_has_an_event() -> None:
    functions = {path.parent.name for path in (PROJECT / "functions").rglob("app.py")}

    assert functions == {"ingest", "inference", *(name.partition("-")[2] for name in STEPS)}
    assert REQUESTS


@pytest.mark.parametrize("name", UPLOADS)
def test_an_upload_is_read_as_s3_tells_it(name: str) -> None:
    for record in EVENT[name]["Records"]:
        found = uploads(record["body"])
        assert found
        assert all(upload.bucket and upload.model and upload.size for upload in found)


def test_the_steps_of_a_run_tell_of_the_same_run() -> None:
    """The name of the run is made from what the snapshot is given."""
    asked = RetrainingRequest.of(EVENT["3-snapshot"])
    trained = TrainingRequest.of(EVENT["4-train"])
    compared = EvaluationRequest.of(EVENT["5-evaluate"])
    concluded = promotion.Request.of(EVENT["5b-promote"])

    assert EVENT["3-snapshot"]["request"] == EVENT["2-retraining"]
    for each in (trained, compared, concluded):
        assert (each.model, each.run) == (asked.model, asked.run)
    assert (compared.reason, compared.started_at) == (asked.reason, asked.started_at)
    assert (compared.trained[0].name, compared.trained[0].version) == (trained.candidate, trained.version)
    assert compared.trained[1].error
    assert concluded.wish == "promote"


@pytest.mark.parametrize(("name", "function"), [("3-snapshot", "Snapshot"), ("5-evaluate", "Evaluate")])
def test_a_step_is_sent_the_fields_that_the_machine_sends(name: str, function: str) -> None:
    payload = TASKS[f"${{{function}FunctionArn}}"]

    assert set(EVENT[name]) == {field.removesuffix(".$") for field in payload}


def test_training_and_promotion_are_sent_the_fields_that_the_machine_sends() -> None:
    items = yaml.safe_load(MACHINE)["States"]["Train the candidates"]["ItemSelector"]

    assert set(EVENT["4-train"]) == {field.removesuffix(".$") for field in items}
    assert set(EVENT["5b-promote"]) == {field.removesuffix(".$") for field in TASKS["${PromoteFunctionArn}"]}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_has_a_route(name: str) -> None:
    request = ServingRequest.of(EVENT[name])

    assert [method for method, pattern, _ in ROUTES if pattern.fullmatch(request.path)] == [request.method]
    proxy = EVENT[name]["pathParameters"]
    assert proxy is None or f"/{proxy['proxy']}" == EVENT[name]["path"]


@pytest.fixture
def inbox(aws: Aws) -> Iterator[Aws]:  # noqa: F811
    """The bucket that the events name, with what they say was uploaded."""
    (_, first), (_, second), *_ = tumours().first
    table = io.BytesIO()
    pq.write_table(pa.table({"customerID": ["a", "b"], "tenure": [1, 2], "Churn": ["No", "Yes"]}), table)
    contents = {
        "tumours/first.csv": first,
        "tumours/2026 spring/ein Überblick + mehr.csv.gz": gzip.compress(_as_csv(second)),
        "churn/customers.parquet": table.getvalue(),
    }
    aws.s3.create_bucket(Bucket="inbox")
    for key, content in contents.items():
        aws.s3.put_object(Bucket="inbox", Key=key, Body=content)
    registry.cache_clear()
    yield aws
    registry.cache_clear()
    for key in contents:
        aws.s3.delete_object(Bucket="inbox", Key=key)
    aws.s3.delete_bucket(Bucket="inbox")


def _as_csv(lines: bytes) -> bytes:
    rows = [json.loads(line) for line in gzip.decompress(lines).splitlines()]
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]).encode()


def test_sent_in_their_order_they_take_files_to_predictions(inbox: Aws) -> None:
    for name in UPLOADS:
        assert handler("ingest")(EVENT[name], Context()) == {"batchItemFailures": []}
        receipts = [*inbox.receipts("tumours"), *inbox.receipts("churn")]
        kept = {receipt["source"]["key"] for receipt in receipts if receipt["status"] == "kept"}
        assert kept == {upload.key for record in EVENT[name]["Records"] for upload in uploads(record["body"])}

    snapshot, trained, compared, concluded = (
        handler(f"retraining/{name.partition('-')[2]}")(EVENT[name], None) for name in STEPS
    )
    assert (snapshot["enough"], snapshot["rows"]) == (True, 260)
    assert {**EVENT["5-evaluate"]["trained"][0], **trained} == trained
    assert compared["decision"]["promote"]
    assert concluded["champion"] == trained["version"]

    for name in REQUESTS:
        answer = handler("inference")(EVENT[name], None)
        assert answer["statusCode"] == 200, (name, answer["body"])
        if name == "6-predict":
            assert json.loads(answer["body"])["predictions"][0]["label"] == "malignant"
