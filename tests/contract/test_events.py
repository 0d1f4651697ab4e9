"""The sample events in events/ follow the path of the data, and the functions take them as they are."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from local.demo.uploads import tumour_uploads
from local.sample_events import MONITORING, RECEIVERS, STATE_MACHINES
from local.template import read_template
from refrain.aws.storage import open_store
from refrain.deployment.asking import ActionRequest
from refrain.deployment.moves import MoveRequest
from refrain.deployment.rollback import RollbackRequest
from refrain.evaluation.evaluate import EvaluationRequest
from refrain.events import read_fields
from refrain.ingest.upload_event import read_uploads
from refrain.lake.deployment_moves import set_champion
from refrain.release.check import ReleaseRequest
from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import ROUTES
from refrain.serving.registry.registry import registry
from refrain.snapshot.take import SnapshotRequest
from refrain.training.train import TrainingRequest
from refrain.trial.judging import JUDGEMENT_FIELDS
from tests.integration.conftest import aws, endpoint  # noqa: F401  fixtures
from tests.integration.loop import Context, handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Aws

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = read_template(PROJECT / "template.yaml")
EVENT: dict[str, Any] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((PROJECT / "events").iterdir())
}
STATES: dict[str, Any] = yaml.safe_load((PROJECT / "functions/retraining/retraining.asl.yaml").read_text())["States"]
ROUND: dict[str, Any] = yaml.safe_load((PROJECT / "functions/monitoring/monitoring.asl.yaml").read_text())["States"]
TASKS = {name: state["Parameters"] for name, state in STATES.items() if "FunctionName" in state.get("Parameters", {})}

UPLOADS = ("01-upload", "02-uploads")
STEPS = ("04-snapshot", "05-train", "06-evaluate", "07-fit-all-rows", "08-prove", "11-promote")
TRIAL = ("09-start-trial", "12-dismiss", "13-dismiss-unjudged")
REQUESTS = [name for name, receiver in RECEIVERS.items() if receiver == "InferenceFunction"]
SENT_BY = {
    "04-snapshot": "Take a snapshot",
    "06-evaluate": "Compare with the champion",
    "07-fit-all-rows": "Fit on all rows",
    "08-prove": "Prove the refitted model",
    "09-start-trial": "Start a trial",
    "10-judge": "Judge the challenger",
    "11-promote": "Promote",
    "12-dismiss": "Dismiss the challenger",
    "13-dismiss-unjudged": "Dismiss the unjudged challenger",
    "25-roll-back": "Roll back",
    "27-ask-approval": "Ask for approval",
    "28-dismiss-unapproved": "Dismiss the unapproved version",
    "29-promote-by-hand": "Promote or dismiss by hand",
}
"""The state that sends each event of a run. Training is left out: its state is inside a map."""


def function_of(state: str) -> str:
    """The logical id of the function that a state calls."""
    return str(TASKS[state]["FunctionName"]).removeprefix("${").removesuffix("Arn}")


def send(name: str, **changes: object) -> Any:
    """Call the handler that receives an event."""
    folder = TEMPLATE.resources[RECEIVERS[name]].properties["CodeUri"].removeprefix("functions/")
    return handler(folder)({**EVENT[name], **changes}, Context())


def fields(payload: dict[str, Any]) -> frozenset[str]:
    """The names of the fields, as the function has them."""
    return frozenset(field.removesuffix(".$") for field in payload)


def test_every_event_has_a_receiver_and_all_but_the_run_are_sent_in_the_order_of_their_numbers() -> None:
    first, *rest = RECEIVERS

    assert set(RECEIVERS) == set(EVENT)
    assert (first, rest) == ("03-retraining", sorted(rest))


def test_the_events_of_a_run_are_numbered_in_the_order_of_their_states() -> None:
    order = list(STATES)

    assert list(SENT_BY.values()) == sorted(SENT_BY.values(), key=order.index)
    assert order.index("Take a snapshot") < order.index("Train the candidates") < order.index(SENT_BY["06-evaluate"])


def test_every_function_receives_an_event() -> None:
    functions = {function.logical_id for function in TEMPLATE.of_type("AWS::Serverless::Function")}

    assert functions == RECEIVERS.values() - STATE_MACHINES.keys()


def test_the_check_before_traffic_reads_what_codedeploy_sends() -> None:
    request = ReleaseRequest.of(EVENT["23-pretraffic"])

    assert (request.deployment, bool(request.hook)) == ("d-2XGTPV6KL", True)


@pytest.mark.parametrize("name", [*UPLOADS, "26-failed-upload"])
def test_an_upload_is_read_as_s3_announces_it(name: str) -> None:
    for record in EVENT[name]["Records"]:
        announced = read_uploads(record["body"])
        assert announced
        assert all(upload.bucket and upload.model and upload.size for upload in announced)


def test_the_steps_of_a_run_name_the_same_run() -> None:
    """The name of the run is made from the input of the snapshot."""
    snapshot = SnapshotRequest.of(EVENT["04-snapshot"])
    training = TrainingRequest.of(EVENT["05-train"])
    evaluation = EvaluationRequest.of(EVENT["06-evaluate"])
    move = MoveRequest.of(EVENT["11-promote"])

    assert EVENT["04-snapshot"]["request"] == EVENT["03-retraining"]
    for request in (training, evaluation, move):
        assert (request.model, request.run) == (snapshot.model, snapshot.run)
    assert (evaluation.reason, evaluation.started_at) == (snapshot.reason, snapshot.started_at)
    assert (evaluation.trained[0].name, evaluation.trained[0].version) == (training.candidate, training.version)
    assert evaluation.trained[1].error
    assert move.move == "promote"


def test_a_trial_and_the_rollback_name_the_same_model() -> None:
    start, end, end_unjudged = (MoveRequest.of(EVENT[name]) for name in TRIAL)
    model, run = read_fields(EVENT["10-judge"], JUDGEMENT_FIELDS).values()
    back = RollbackRequest.of(EVENT["25-roll-back"])

    for request in (start, end, end_unjudged):
        assert (request.model, request.run) == (model, run)
    assert (start.move, end.move, end_unjudged.move) == ("start_trial", "dismiss", "dismiss")
    assert end.trial is not None
    assert end.trial.to_json() == EVENT["12-dismiss"]["judgement"]
    assert end_unjudged.trial is not None
    assert end_unjudged.trial.code == "unjudged"
    unapproved, by_hand = MoveRequest.of(EVENT["28-dismiss-unapproved"]), ActionRequest.of(EVENT["29-promote-by-hand"])
    assert (unapproved.run, unapproved.trial, unapproved.unapproved) == (run, None, True)
    assert (by_hand.model, by_hand.action) == (model, "promote")
    assert EVENT["25-roll-back"]["request"] == EVENT["24-rollback"]
    assert (back.model, back.version) == (model, None)


def test_the_events_of_monitoring_have_the_fields_that_the_schedule_and_the_states_send() -> None:
    schedule = TEMPLATE.resources[MONITORING].properties["Events"]["EachHour"]["Properties"]
    listing, each = EVENT["21-list-models"], EVENT["22-monitor"]

    assert EVENT["20-monitoring"].keys() == json.loads(schedule["Input"]).keys()
    assert fields(listing) == fields(ROUND["List the models"]["Parameters"]["Payload"])
    assert listing["request"] == EVENT["20-monitoring"]
    assert fields(each) == fields(ROUND["Monitor each model"]["ItemSelector"])
    assert each["now"] == listing["request"]["now"]


@pytest.mark.parametrize(("name", "state"), SENT_BY.items())
def test_the_event_of_a_step_has_the_fields_that_its_state_sends(name: str, state: str) -> None:
    payload = TASKS[state]["Payload"]

    assert RECEIVERS[name] == function_of(state)
    assert fields(EVENT[name]) == fields(payload)
    assert EVENT[name].get("move") == payload.get("move")


def test_the_event_of_training_has_the_fields_that_the_map_sends() -> None:
    assert fields(EVENT["05-train"]) == fields(STATES["Train the candidates"]["ItemSelector"])


def test_every_shape_that_a_state_sends_has_an_event() -> None:
    sent = {(function_of(state), fields(parameters["Payload"])) for state, parameters in TASKS.items()}

    assert {(RECEIVERS[name], fields(EVENT[name])) for name in SENT_BY} == sent


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_has_exactly_one_route(name: str) -> None:
    request = HttpRequest.of(EVENT[name])

    assert [method for method, pattern, _ in ROUTES if pattern.fullmatch(request.path)] == [request.method]
    proxy = EVENT[name]["pathParameters"]
    assert proxy is None or f"/{proxy['proxy']}" == EVENT[name]["path"]


@pytest.fixture
def inbox(aws: Aws) -> Iterator[Aws]:  # noqa: F811
    """The bucket that the events name, with the files that they announce."""
    (_, first), (_, second), *_ = tumour_uploads().first
    table = io.BytesIO()
    pq.write_table(pa.table({"customerID": ["a", "b"], "tenure": [1, 2], "Churn": ["No", "Yes"]}), table)
    contents = {
        "tumours/first.csv": first,
        "tumours/2026 spring/ein Überblick + mehr.csv.gz": gzip.compress(_as_csv(second)),
        "churn/customers.parquet": table.getvalue(),
    }
    for model in ("tumours", "churn"):
        aws.define(model)
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


def test_the_events_lead_from_files_to_predictions_and_back_to_the_version_before(inbox: Aws) -> None:
    for name in UPLOADS:
        assert send(name) == {"batchItemFailures": []}
        receipts = [*inbox.receipts("tumours"), *inbox.receipts("churn")]
        kept = {receipt["source"]["key"] for receipt in receipts if receipt["status"] == "kept"}
        assert kept == {upload.key for record in EVENT[name]["Records"] for upload in read_uploads(record["body"])}

    (unanswered,) = EVENT["26-failed-upload"]["Records"]
    assert send("26-failed-upload") == {"batchItemFailures": [{"itemIdentifier": unanswered["messageId"]}]}
    assert sorted(receipt["status"] for receipt in inbox.receipts("tumours")) == ["failed", "kept", "kept"]

    snapshot, trained, compared, fitted, proof, promoted = (send(name) for name in STEPS)
    assert (snapshot["enough"], snapshot["rows"]) == (True, 260)
    assert {**EVENT["06-evaluate"]["trained"][0], **trained} == trained
    assert compared["decision"]["promote"]
    assert proof["proved"], proof["reason"]
    assert promoted["champion"] == fitted["version"]

    for name in REQUESTS:
        answer = send(name)
        assert answer["statusCode"] == (202 if name == "19-label" else 200), (name, answer["body"])
        if name == "14-predict":
            assert json.loads(answer["body"])["predictions"][0]["label"] == "malignant"

    assert send("10-judge")["judgement"]["verdict"] == "superseded"

    request = {**EVENT["04-snapshot"]["request"], "force": True}
    later = send("04-snapshot", request=request, execution="again", started_at="2026-11-23T14:00:00.000Z")
    newer = send("05-train", run=later["run"])["version"]
    set_champion(open_store(inbox.lake), "tumours", newer, expected=fitted["version"], reasons={})

    back = send("25-roll-back")
    assert (back["outcome"], back["champion"], back["instead_of"]) == ("rolled_back", fitted["version"], newer)
