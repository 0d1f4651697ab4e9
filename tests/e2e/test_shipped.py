"""The whole loop runs on the built packages, with their layers and roles only.

Every function runs on its own package and layers alone, and every request that it makes is held against its role. So a
dependency, or a right, that is missing from what is shipped fails here, and a right that nothing needs is found.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local.aws_client import aws_client
from local.cloud import Cloud
from local.guard import RECORD_FILE
from local.names import local_name
from local.rights import Rights, read_rights
from local.stack_client import StackClient
from local.template import read_template
from tests.e2e.conftest import EXAMPLES, PROJECT
from tests.e2e.test_capture import ask, wait_until
from tests.e2e.test_rollout import DEFINITION, LOGISTIC, STUMP, TRIAL, Callers, World
from tests.integration.test_recommendation import interactions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNUSED_HERE = {
    # Only large uploads go in parts, and only a part that failed is taken back.
    "s3:AbortMultipartUpload"
}
"""Actions that no role uses in this loop, each with a reason."""
UNREAD_HERE = {
    # Logged lists are read for a recommender that explores, and here none does.
    ("refrain-evaluate-function", "s3:GetObject", "captured/*"),
    # Only a rollback of a model without a version in service has to tell whether there is such a model.
    ("refrain-move-function", "s3:GetObject", "definitions/*.json"),
    # Executions are described only while a run is under way, and whether one is depends on the clock.
    ("refrain-monitoring-function", "states:DescribeExecution", ""),
    # Training writes figures of a search, and no candidate here has one.
    ("refrain-train-function", "s3:PutObject", "snapshots/*/searches/*"),
}
"""Grants that their role does not use in this loop: function, action and the end of the resource."""

RULES = """
[gate]
min_metric = 0.6
[retraining]
cooldown = ""
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[World]:
    """A local cloud with the packages and one more model."""
    folder = tmp_path_factory.mktemp("cloud")
    models = folder / "definitions"
    models.mkdir()
    (models / "shop.toml").write_text(DEFINITION.format(candidate=STUMP, rollout="approval = true") + RULES)
    with Cloud(folder=folder, models=models, template=built) as cloud:
        client = StackClient(cloud)
        client.apply(EXAMPLES / "songs.toml")
        yield World(client, models)


@pytest.fixture(scope="module")
def lived(world: World) -> World:
    """The same after uploads, two champions, an approval, a trial, predictions, labels, monitoring and a rollback."""
    client = world.client
    client.upload("shop/first.csv", sales(800))
    assert client.receipt("shop/first.csv")["rows_rejected"] == 1
    client.upload("shop/empty.csv", b"")
    assert client.receipt("shop/empty.csv")["status"] == "refused"
    execution = world.start()
    wait_until(lambda: bool(client.keys("approvals/shop/")), patience=120)
    world.run(action="promote")
    states, ended = world.follow(execution)
    assert json.loads(ended["output"])["outcome"] == "promoted", (states, ended)

    world.define(LOGISTIC, TRIAL.format(mode="shadow", least_rows=150) + RULES)
    execution = world.start(reason="better")
    wait_until(lambda: world.deployment()["challenger"] is not None)
    label(client, 20)
    with Callers(client) as callers:
        states, ended = world.follow(execution)
        assert states[-1] == "Promote the challenger", ended
    assert set(callers.statuses) == {200}

    champion = json.loads(ended["output"])["champion"]
    wait_until(lambda: ask(client, "GET", "/v1/models/shop")[1]["model_version"] == champion)
    label(client, 300, wrongly=True)
    monitor_all(world)

    states, ended = world.run(action="rollback")
    assert states[-1] == "Roll back", ended
    assert invoke(client, "IngestFunction", vanished(client)) == {"batchItemFailures": []}
    failed = {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert invoke(client, "FailedUploadsFunction", vanished(client)) == failed
    assert client.receipt("shop/gone.csv")["status"] == "failed"
    no_event = {"messageId": "1", "receiptHandle": "1", "body": "no event", "eventSource": "aws:sqs"}
    assert invoke(client, "IngestFunction", {"Records": [no_event]}) == failed
    recommend(client)
    return world


def monitor_all(world: World) -> None:
    """Make a round twice, as if its schedule fired twice, with one model whose definition is broken."""
    lake, bucket = world.client.client("s3"), world.client.stack["lake_bucket"]
    lake.put_object(Bucket=bucket, Key="definitions/broken.json", Body=b"{}")
    request = {"now": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    first, second = (
        world.follow(world.client.start(request, "monitoring_state_machine_arn")) for _ in ("fires", "fires again")
    )
    lake.delete_object(Bucket=bucket, Key="definitions/broken.json")
    assert (first[0][-1], first[1]["cause"]) == ("Some models were not monitored", '["broken"]')
    assert second[0][-1] == "Another execution makes this round"
    (page, report) = world.client.keys("monitoring/shop/")
    assert json.loads(world.client.lake(report))["decision"]["code"] == "quality", page


def recommend(client: StackClient) -> None:
    """Train a recommender and ask it for a user with a history."""
    upload_interactions(client, "songs/interactions.csv", seed=1)
    execution = client.retrain("songs")
    for _ in client.states(execution):
        pass
    assert client.outcome(execution)["outcome"] == "promoted"
    status, answer, _ = client.predict("songs", [{"user": "u0"}])
    assert status == 200
    assert "popular" not in answer["predictions"][0]
    upload_interactions(client, "songs/later.csv", seed=2)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    decision = invoke(client, "MonitoringFunction", {"model": "songs", "now": later})
    assert decision["code"] == "nothing", decision


def upload_interactions(client: StackClient, key: str, seed: int) -> None:
    """Upload interactions and wait for their receipt."""
    rows = interactions(seed=seed)
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    client.upload(key, "\n".join(lines).encode())
    assert client.receipt(key)["status"] == "kept"


def vanished(client: StackClient) -> dict[str, Any]:
    """Send the event of an upload that was deleted before it was read."""
    inbox = client.stack["inbox_bucket"]
    version = client._s3.head_object(Bucket=inbox, Key="shop/first.csv")["VersionId"]
    upload = {"bucket": {"name": inbox}, "object": {"key": "shop/gone.csv", "size": 1, "versionId": version}}
    body = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": upload}]})
    return {"Records": [{"messageId": "1", "body": body, "eventSource": "aws:sqs"}]}


def sales(rows: int) -> bytes:
    """Make rows that a straight line separates, and one unusable row."""
    draw = random.Random(7)
    lines = ["customer,price,size,bought", "c,dear,1,true"]
    for number in range(rows):
        price, size = draw.gauss(0, 1), draw.gauss(0, 1)
        lines.append(f"c{number},{price:.5f},{size:.5f},{price - 2 * size + draw.gauss(0, 0.8) > 0}")
    return "\n".join(lines).encode()


def label(client: StackClient, rows: int, *, wrongly: bool = False) -> None:
    """Ask for predictions, and label them by both ways as right (or as wrong)."""
    draw = random.Random(8)
    instances = [{"customer": f"n{n}", "price": draw.gauss(0, 1), "size": draw.gauss(0, 1)} for n in range(rows)]
    status, answer, _ = client.predict("shop", instances)
    assert status == 200
    sure = ask(client, "POST", "/v1/models/shop:predict", {"instances": instances[:1], "uncertainty": True})
    assert sure[0] == 200
    ids = answer["prediction_ids"]
    truth = {"true": "false", "false": "true"} if wrongly else {"true": "true", "false": "false"}
    labels = [
        {"prediction_id": prediction_id, "label": truth[prediction["label"]]}
        for prediction_id, prediction in zip(ids, answer["predictions"], strict=True)
    ]
    assert ask(client, "POST", "/v1/models/shop:label", {"labels": labels[::2]})[0] == 202
    lines = "".join(f"{label['prediction_id']},{label['label']}\n" for label in labels[1::2])
    file = f"shop/labels/{ids[0]}.csv"
    client.upload(file, f"prediction_id,label\n{lines}".encode())
    assert client.receipt(file)["status"] == "kept"
    history = f"/v1/models/shop/history?prediction={ids[0]}"
    wait_until(lambda: ask(client, "GET", history)[1].get("source") == "captured")


def invoke(client: StackClient, function: str, event: dict[str, Any]) -> Any:
    """Call a function of the template."""
    awslambda = aws_client("lambda", client.stack["aws_endpoint_url"])
    answer = awslambda.invoke(FunctionName=local_name(function), Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read())


def record(world: World) -> list[dict[str, Any]]:
    """Read the recorded grants and denials."""
    return [json.loads(line) for line in (world.models.parent / RECORD_FILE).read_text().splitlines()]


def given(world: World, built: Path) -> Rights:
    return read_rights(read_template(built), world.client.stack["aws_endpoint_url"])


def test_the_whole_loop_runs_on_the_packages_without_a_denied_request(lived: World) -> None:
    assert [entry for entry in record(lived) if entry["by"] is None] == []


def test_new_code_with_the_same_answers_passes_the_pre_traffic_check(lived: World) -> None:
    result = invoke(lived.client, "PreTrafficFunction", {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"})

    assert result == {"champions": 2, "refused": {}, "broken_before": {}}


def test_every_grant_of_every_role_is_used_by_the_loop(lived: World, built: Path) -> None:
    used = {(entry["function"], entry["by"], entry["resource"]) for entry in record(lived)}

    allowed = {
        (function, grant.action, grant.resource)
        for function, grants in given(lived, built).items()
        for grant in grants
        if grant.action not in UNUSED_HERE
        and (function, grant.action, grant.resource.partition("/")[2]) not in UNREAD_HERE
    }
    unused = [" ".join(grant) for grant in sorted(allowed - used)]
    assert unused == []


def test_a_function_cannot_do_more_than_its_role_allows(lived: World) -> None:
    as_inference = aws_client("s3", lived.client.stack["aws_endpoint_url"])
    as_inference._request_signer._credentials.access_key = local_name("InferenceFunction")

    with pytest.raises(as_inference.exceptions.ClientError) as denied:
        as_inference.put_object(Bucket=lived.client.stack["lake_bucket"], Key="deployments/shop.json", Body=b"{}")

    assert denied.value.response["Error"]["Code"] == "AccessDenied"
    assert lived.deployment()["champion"]


def test_two_builds_are_identical_byte_for_byte(built: Path, tmp_path: Path) -> None:
    again = subprocess.run(
        ["make", "build", f"BUILD={tmp_path / 'again'}"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr

    first, second = contents(built.parent), contents(tmp_path / "again")
    assert len(first) > 1000
    assert {name for name in first | second if first.get(name) != second.get(name)} == set()


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of each file of the packages by path."""
    packages = [path for path in folder.iterdir() if path.is_dir()]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for package in packages
        for path in package.rglob("*")
        if path.is_file()
    }
