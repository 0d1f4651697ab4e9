"""Monitoring with the cloud around it (handler, state machine, topic), and on real data that is known to drift."""

from __future__ import annotations

import csv
import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest

from refrain.aws.cloud import AwsCloud
from refrain.aws.storage import open_store
from refrain.errors import ServiceUnavailable
from refrain.lake.deployment import Deployment
from refrain.lake.version import read_version_files
from refrain.model.tabular import TabularModel
from tests.integration.conftest import DATA, ROOT
from tests.integration.loop import handler, retrain, upload
from tests.unit.monitoring.conftest import DOCUMENT, IMPORTANCE, Shop, customers
from tests.unit.monitoring.world import Floats, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

CALIFORNIA = DATA / "california_monitoring"
ROLE = "arn:aws:iam::123456789012:role/refrain"
PASS = json.dumps({"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": True}}})
DEFINITION = """
task = "classification"
target = "bought"
[columns]
age = { type = "number" }
amount = { type = "number" }
city = { type = "category" }
bought = { type = "boolean" }
[training]
candidates = [{ name = "given", estimator = "sklearn.linear_model.LogisticRegression" }]
[gate]
min_metric = 0.6
[retraining]
on_drift = true
"""


@dataclass
class Surroundings:
    """A state machine, and a queue that hears what people hear."""

    endpoint: str
    machine: str
    queue: str

    def client(self, service: Any) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint)

    def executions(self) -> list[dict[str, Any]]:
        """The input of each run, by its name."""
        client = self.client("stepfunctions")
        found = client.list_executions(stateMachineArn=self.machine)["executions"]
        return [
            {"name": each["name"], **json.loads(client.describe_execution(executionArn=each["executionArn"])["input"])}
            for each in found
        ]

    def told(self) -> list[str]:
        """The subjects of all messages."""
        messages = self.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(each["Body"])["Subject"] for each in messages]


@pytest.fixture
def surroundings(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """What the template makes around the function, and the shop's definition."""
    name = aws.lake
    machine = boto3.client("stepfunctions", endpoint_url=aws.endpoint).create_state_machine(
        name=name, definition=PASS, roleArn=ROLE
    )["stateMachineArn"]
    topic = boto3.client("sns", endpoint_url=aws.endpoint).create_topic(Name=name)["TopicArn"]
    sqs = boto3.client("sqs", endpoint_url=aws.endpoint)
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns", endpoint_url=aws.endpoint).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    aws.define("shop", DEFINITION)
    monkeypatch.setenv("REFRAIN_STATE_MACHINE_ARN", machine)
    monkeypatch.setenv("REFRAIN_NOTIFICATION_TOPIC_ARN", topic)
    return Surroundings(aws.endpoint, machine, queue)


@pytest.fixture
def shop(aws: Aws, surroundings: Surroundings) -> Shop:
    world = World.of(open_store(aws.lake), "shop", tomllib.loads(DEFINITION))
    people, answers, _ = customers(3000, seed=1)
    return Shop(world, world.serve(people, answers, importance=IMPORTANCE))


def monitor(now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = handler("monitoring")({"model": "shop", "now": now.isoformat()}, None)
    return found


def test_drift_starts_one_run_and_tells_people_once_however_often_the_tick_is_delivered(
    shop: Shop, surroundings: Surroundings
) -> None:
    shop.world.upload(500, "a" * 32)
    found = []
    for day in range(2):
        shop.day(day, older=8.0)
        found += [monitor(shop.evening(day)), monitor(shop.evening(day))]

    assert [each["state"] for each in found] == ["watch", "watch", "drifted", "drifted"]
    assert found[-1]["execution"] == "shop-20261103T002000Z"
    (run,) = surroundings.executions()
    assert (run["name"], run["model"]) == ("shop-20261103T002000Z", "shop")
    assert run["reason"].startswith("in 2 of the last 2 windows (an alarm takes 2) age differed from training")
    assert surroundings.told() == ["shop: drift"]


def test_while_a_run_is_under_way_no_other_is_started(shop: Shop, surroundings: Surroundings) -> None:
    surroundings.client("stepfunctions").start_execution(
        stateMachineArn=surroundings.machine, name="by-hand", input=json.dumps({"model": "shop"})
    )
    shop.world.upload(500, "a" * 32)
    for day in range(2):
        shop.day(day, older=8.0)
        found = monitor(shop.evening(day))

    assert found["code"] == "running"
    assert [each["name"] for each in surroundings.executions()] == ["by-hand"]


def test_a_run_of_another_model_is_no_hindrance(surroundings: Surroundings) -> None:
    client = surroundings.client("stepfunctions")
    for name, text in (("other", '{"model": "flats"}'), ("odd", "[]")):
        client.start_execution(stateMachineArn=surroundings.machine, name=name, input=text)
    services = AwsCloud(surroundings.machine, "")
    assert not services.is_running("shop")
    assert services.is_running("flats")


def test_a_name_that_was_taken_is_the_same_run(surroundings: Surroundings) -> None:
    services = AwsCloud(surroundings.machine, "")
    services.start_run("shop", "shop-1", "first")
    services.start_run("shop", "shop-1", "second")
    assert [each["reason"] for each in surroundings.executions()] == ["first"]


def test_what_aws_refuses_is_told_in_our_words(surroundings: Surroundings) -> None:
    gone = AwsCloud(surroundings.machine + "-gone", "arn:aws:sns:us-east-1:123456789012:gone")
    with pytest.raises(ServiceUnavailable, match="StartExecution"):
        gone.start_run("shop", "shop-1", "why")
    with pytest.raises(ServiceUnavailable, match="Publish"):
        gone.notify("subject", "text")


def test_the_sample_events_are_taken_by_the_handler(surroundings: Surroundings) -> None:
    listing, each = (
        json.loads((ROOT / "events" / f"{name}.json").read_text()) for name in ("21-list-models", "22-monitor")
    )

    now = listing["request"]["now"]
    assert handler("monitoring")(listing, None) == {"now": now, "models": ["shop"], "begun_here": True}
    report = handler("monitoring")({**each, "model": "shop"}, None)
    assert (report["model"], report["time"]) == ("shop", now)


def test_a_version_that_was_trained_here_is_watched_with_its_importance_and_calibration(
    aws: Aws, surroundings: Surroundings
) -> None:
    # Given a champion from a real run
    people, _, _ = customers(2000, seed=1)
    upload(aws, "shop/people.csv", [dict(each) for each in people])
    assert retrain("shop")["outcome"] == "promoted"
    store = open_store(aws.lake)
    deployment = Deployment.read(store, "shop")
    assert deployment is not None
    assert deployment.champion is not None
    files = read_version_files(store, "shop", deployment.champion.version)
    servable = TabularModel.load(files.manifest, files.model, files.baseline)
    # When it answers a day of the same kind of people, and a day of others
    world = World.of(store, "shop", DOCUMENT)
    since = datetime.fromisoformat(deployment.champion.since)
    found = []
    for day, older in enumerate((0.0, 8.0)):
        asked, _, _ = customers(400, seed=7 + day, older=older)
        columns, _ = servable.prepare(asked)
        begun = since + timedelta(days=day, hours=1)
        times = [begun + timedelta(seconds=100 * place) for place in range(400)]
        world.ask(servable.version, asked, servable.predict_columns(columns).astype(float), times)
        found.append(world.monitor(since + timedelta(days=day + 1, minutes=20)))
    # Then the first day is as in training, and the second is not, in what the model relies on most
    assert [each.state for each in found] == ["steady", "watch"]
    window = found[1].window
    assert window is not None
    assert (window.distributions[0].name, window.distributions[0].drifted) == ("age", True)
    assert window.distributions[0].importance > 0.9
    assert window.estimated is not None
    assert found[0].evaluated is not None
    assert found[0].evaluated.value is not None
    assert found[0].window is not None
    assert found[0].window.estimated is not None
    assert found[0].window.estimated.value == pytest.approx(found[0].evaluated.value, abs=0.04)


HOUSES = ("MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude")
MONTH = timedelta(days=30)


@dataclass
class Houses:
    """One of the files as rows, scores and times."""

    rows: list[dict[str, Any]]
    answers: Floats
    times: list[datetime]

    @classmethod
    def of(cls, name: str) -> Houses:
        with (CALIFORNIA / f"california_housing_{name}.csv").open() as file:
            rows: list[dict[str, Any]] = list(csv.DictReader(file))
        scores = np.array([float(row["y_pred_proba"]) for row in rows])
        times = [datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC) for row in rows]
        return cls(rows, np.column_stack([1 - scores, scores]), times)


def houses(reference: Houses, since: datetime) -> tuple[World, str]:
    """Put the model of the scores into service: its training and holdout are the reference period."""
    document = {
        "task": "classification",
        "target": "clf_target",
        "time": "timestamp",
        "columns": {name: {"type": "number"} for name in HOUSES}
        | {"timestamp": {"type": "time"}, "clf_target": {"type": "boolean"}},
        "training": DOCUMENT["training"],
        "gate": {"min_metric": 0.8},
        "monitoring": {"window": "30d", "quality": "400d"},
    }
    world = World.of(Lake(), "houses", document)
    return world, world.serve(reference.rows, reference.answers, since=since)


@pytest.mark.skipif(not CALIFORNIA.is_dir(), reason="needs the files of california_monitoring")
def test_on_the_reference_period_no_drift_is_told() -> None:
    reference = Houses.of("reference")
    world, version = houses(reference, reference.times[0])
    ids = world.ask(version, reference.rows, reference.answers, reference.times)
    world.label(ids, [row["clf_target"] for row in reference.rows], reference.times[-1])

    reports = [world.monitor(reference.times[0] + month * MONTH + timedelta(minutes=20)) for month in range(1, 9)]

    reports.append(world.monitor(reference.times[-1] + timedelta(hours=1)))

    assert [each.state for each in reports] == ["steady"] * 9
    assert [past.alarmed for past in reports[-1].history] == [False] * 8
    assert world.services.told == []
    assert reports[-1].quality is not None
    assert reports[-1].quality.measured is not None
    assert reports[-1].quality.measured.value == pytest.approx(0.908, abs=0.003)


@pytest.mark.skipif(not CALIFORNIA.is_dir(), reason="needs the files of california_monitoring")
def test_on_the_analysis_period_it_sees_the_fall_before_the_labels_and_measures_it_after() -> None:
    reference, analysis = Houses.of("reference"), Houses.of("analysis")
    world, version = houses(reference, analysis.times[0])
    ids = world.ask(version, analysis.rows, analysis.answers, analysis.times)

    # When nobody has said yet what turned out to be true
    before = [world.monitor(analysis.times[0] + month * MONTH + timedelta(minutes=20)) for month in range(1, 5)]
    # Then the third month has it: in the second one the interval of the estimate reaches just above the gate
    assert [each.state for each in before] == ["steady", "steady", "watch", "drifted"]
    assert before[-1].quality is not None
    assert before[-1].quality.measured is None
    assert [subject for subject, _ in world.services.told] == ["houses: drift"]
    assert "estimated ROC AUC" in before[2].summary
    assert before[-1].window is not None
    drifted = [each.name for each in before[-1].window.distributions if each.drifted]
    assert drifted == ["Latitude", "the probability of true"]

    # When all labels are in
    with (CALIFORNIA / "california_housing_analysis_gt.csv").open() as file:
        truth = {row["id"]: row["clf_target"] for row in csv.DictReader(file)}
    world.label(ids, [truth[row["id"]] for row in analysis.rows], analysis.times[-1])
    after = world.monitor(analysis.times[-1] + timedelta(days=1))
    # Then the fall is measured
    assert after.evaluated is not None
    assert after.evaluated.value == pytest.approx(0.908, abs=0.0005)
    assert after.quality is not None
    assert after.quality.measured is not None
    assert after.quality.measured.value == pytest.approx(0.840, abs=0.0005)
    assert after.quality.answer == "worse"
    assert "surely worse than the 0.9079 on the holdout" in after.summary
