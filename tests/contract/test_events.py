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
from local.template import read_template
from refrain.aws.storage import open_store
from refrain.deployment import moves, rollback
from refrain.evaluation.evaluate import EvaluationRequest as EvaluationRequest
from refrain.ingest.upload_event import uploads
from refrain.lake.deployment import Served, set_champion
from refrain.monitoring.monitoring_request import MonitoringRequest as MonitoringRequest
from refrain.release.request import ReleaseRequest as ReleaseRequest
from refrain.serving.http.requests import HttpRequest as ServingRequest
from refrain.serving.http.routes import ROUTES
from refrain.serving.registry.registry import registry
from refrain.snapshot.snapshot_request import SnapshotRequest as RetrainingRequest
from refrain.training.training_request import TrainingRequest as TrainingRequest
from refrain.trial import judging
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
INPUTS = ("2-retraining", "2-rollback")
STEPS = ("3-snapshot", "4-train", "5-evaluate", "5b-promote")
TRIAL = ("5c-challenge", "7-judge", "7b-dismiss", "7c-take-back")
REQUESTS = [name for name in EVENT if name.startswith("6")]
STATES = {
    "3-snapshot": "Take a snapshot",
    "5-evaluate": "Compare with the champion",
    "5b-promote": "Promote",
    "5c-challenge": "Put the challenger beside the champion",
    "7-judge": "Judge the challenger",
    "7b-dismiss": "Dismiss the challenger",
    "7c-take-back": "Take the challenger back",
    "8-roll-back": "Roll back",
}
"""The state that sends each event of a run, but for training, which is inside of a map."""
TASKS: dict[str, Any] = {
    name: state["Parameters"] for name, state in yaml.safe_load(MACHINE)["States"].items() if state["Type"] == "Task"
}


def function_of(name: str) -> str:
    """The folder of the function that the state of an event calls."""
    return str(TASKS[STATES[name]]["FunctionName"]).removeprefix("${").removesuffix("FunctionArn}").lower()


def shape(payload: dict[str, Any]) -> frozenset[str]:
    """The names of the fields, as the function has them."""
    return frozenset(field.removesuffix(".$") for field in payload)


def test_every_event_is_one_that_is_known_here() -> None:
    known = {*UPLOADS, *INPUTS, *STEPS, *TRIAL, *REQUESTS, "5-monitoring", "8-roll-back", "9-pretraffic"}

    assert known == set(EVENT)
    assert {path.name for path in FILES} == {f"{name}.json" for name in known}


def test_the_numbers_follow_the_path_of_the_data() -> None:
    called = dict.fromkeys(name.lower() for name in re.findall(r"\$\{(\w+)FunctionArn\}", MACHINE))

    assert [*(name.partition("-")[2] for name in STEPS), function_of("7-judge")] == list(called)
    order = list(yaml.safe_load(MACHINE)["States"])
    moves = ["3-snapshot", "5-evaluate", *TRIAL, "8-roll-back"]
    assert moves == sorted(moves) == sorted(moves, key=lambda name: order.index(STATES[name]))


def test_every_function_has_an_event() -> None:
    functions = {path.parent.name for path in (PROJECT / "functions").rglob("app.py")}

    assert functions == {"ingest", "inference", "monitoring", "pretraffic", "train", *map(function_of, STATES)}
    assert REQUESTS


def test_the_check_before_traffic_reads_what_codedeploy_sends() -> None:
    asked = ReleaseRequest.of(EVENT["9-pretraffic"])

    assert (asked.deployment, bool(asked.hook)) == ("d-2XGTPV6KL", True)


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
    concluded = moves.MoveRequest.of(EVENT["5b-promote"])

    assert EVENT["3-snapshot"]["request"] == EVENT["2-retraining"]
    for each in (trained, compared, concluded):
        assert (each.model, each.run) == (asked.model, asked.run)
    assert (compared.reason, compared.started_at) == (asked.reason, asked.started_at)
    assert (compared.trained[0].name, compared.trained[0].version) == (trained.candidate, trained.version)
    assert compared.trained[1].error
    assert concluded.wish == "promote"


def test_a_trial_and_the_way_back_are_told_of_the_same_model() -> None:
    begun, ended, unjudged = (moves.MoveRequest.of(EVENT[name]) for name in TRIAL if name != "7-judge")
    judged = judging.JudgementRequest.of(EVENT["7-judge"])
    back = rollback.RollbackRequest.of(EVENT["8-roll-back"])

    assert {(each.model, each.run) for each in (begun, judged, ended, unjudged)} == {(judged.model, judged.run)}
    assert (begun.wish, ended.wish, unjudged.wish) == ("challenge", "dismiss", "dismiss")
    assert ended.trial == EVENT["7b-dismiss"]["judgement"]
    assert unjudged.trial is not None
    assert unjudged.trial["code"] == "unjudged"
    assert EVENT["8-roll-back"]["request"] == EVENT["2-rollback"]
    assert (back.model, back.version) == (judged.model, None)


def test_monitoring_is_sent_the_fields_that_the_schedule_sends() -> None:
    function = read_template(PROJECT / "template.yaml").resources["MonitoringFunction"]
    scheduled = json.loads(function.properties["Events"]["EachHour"]["Properties"]["Input"])

    assert set(EVENT["5-monitoring"]) == set(scheduled)
    assert MonitoringRequest.of(EVENT["5-monitoring"]).model is None


@pytest.mark.parametrize(("name", "state"), STATES.items())
def test_a_step_is_sent_the_fields_that_the_machine_sends(name: str, state: str) -> None:
    payload = TASKS[state]["Payload"]

    assert shape(EVENT[name]) == shape(payload)
    assert EVENT[name].get("outcome") == payload.get("outcome")


def test_training_is_sent_the_fields_that_the_machine_sends() -> None:
    items = yaml.safe_load(MACHINE)["States"]["Train the candidates"]["ItemSelector"]

    assert shape(EVENT["4-train"]) == shape(items)


def test_of_every_shape_that_a_state_sends_there_is_an_event() -> None:
    sent = {(parameters["FunctionName"], shape(parameters["Payload"])) for parameters in TASKS.values()}

    assert {(TASKS[state]["FunctionName"], shape(EVENT[name])) for name, state in STATES.items()} == sent


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
        assert answer["statusCode"] == (202 if name == "6f-label" else 200), (name, answer["body"])
        if name == "6-predict":
            assert json.loads(answer["body"])["predictions"][0]["label"] == "malignant"

    assert handler("retraining/judge")(EVENT["7-judge"], None)["judgement"]["verdict"] == "superseded"

    again = {"execution": "again", "started_at": "2026-11-23T14:00:00.000Z"}
    request = {**EVENT["3-snapshot"]["request"], "force": True}
    later = handler("retraining/snapshot")({"request": request, **again}, None)
    newer = handler("retraining/train")({**EVENT["4-train"], "run": later["run"]}, None)["version"]
    served = Served(newer, "2026-11-23T14:10:00.000Z", "roc_auc", 0.99)
    set_champion(open_store(inbox.lake), "tumours", served, expected=trained["version"], figures={})

    back = handler("retraining/promote")(EVENT["8-roll-back"], None)
    assert (back["outcome"], back["champion"], back["instead_of"]) == ("rolled_back", trained["version"], newer)
