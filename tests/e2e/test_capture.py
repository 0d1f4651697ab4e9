"""A prediction is captured, labelled and learned from, through the interfaces of users."""

from __future__ import annotations

import gzip
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from local.demo.uploads import tumour_uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.stack_client import StackClient

MODEL = "tumours"
PATIENCE = 15.0


@pytest.fixture(scope="module")
def served(client: StackClient) -> list[dict[str, Any]]:
    """Rows to predict, with a model in service."""
    for key, content in tumour_uploads().first:
        client.upload(key, content)
        assert client.receipt(key)["status"] in ("kept", "duplicate")
    execution = client.retrain(MODEL)
    for _ in client.states(execution):
        pass
    champion = client.outcome(execution)["champion"]
    # A process learns of a move some seconds later, and may still serve a champion of an earlier test run.
    wait_until(lambda: ask(client, "GET", f"/v1/models/{MODEL}")[1]["model_version"] == champion)
    rows: list[dict[str, Any]] = json.loads(client.lake(f"versions/{MODEL}/{champion}/golden.json"))["rows"]
    return [row for row in rows if all(value is not None for value in row.values())][:5]


def ask(client: StackClient, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{client.stack['api_url']}{path}",
        None if body is None else json.dumps(body).encode(),
        {"x-api-key": client.stack["api_key"], "content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, json.loads(answer.read())


def captured(client: StackClient) -> dict[str, dict[str, Any]]:
    """Return every captured row of the model by id."""
    listed = client._s3.list_objects_v2(Bucket=client.stack["lake_bucket"], Prefix=f"captured/{MODEL}/")
    keys = [item["Key"] for item in listed.get("Contents", [])]
    lines = [json.loads(line) for key in keys for line in gzip.decompress(client.lake(key)).splitlines()]
    return {row["id"]: row for line in lines for row in line["rows"]}


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE) -> float:
    """Wait until a condition holds; return the seconds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + patience
        time.sleep(0.05)
    return time.monotonic() - started


def test_a_prediction_is_captured_labelled_and_learned_from(client: StackClient, served: list[dict[str, Any]]) -> None:
    # Given predictions of new patients
    instances = [row | {"id": f"patient-{number}"} for number, row in enumerate(served)]
    status, answer = ask(client, "POST", f"/v1/models/{MODEL}:predict", {"instances": instances})
    assert status == 200
    ids = answer["prediction_ids"]

    # Then instances and answers are in the lake within seconds
    wait_until(lambda: set(ids) <= captured(client).keys(), client.delivery_seconds)
    row = captured(client)[ids[0]]
    assert row["instance"] == {"id": "patient-0"} | served[0]
    assert row["answer"] == list(answer["predictions"][0]["probabilities"].values())

    # When they are labelled, some over HTTP and some by a file
    labels = [{"prediction_id": name, "label": "benign"} for name in ids[:3]]
    assert ask(client, "POST", f"/v1/models/{MODEL}:label", {"labels": labels})[0] == 202
    rows = "".join(f"{name},malignant\n" for name in ids[3:])
    client.upload(f"{MODEL}/labels/clinic.csv", f"prediction_id,label\n{rows}".encode())
    assert client.receipt(f"{MODEL}/labels/clinic.csv")["rows_kept"] == len(ids) - 3

    # Then the next run learns from them
    execution = client.start({"model": MODEL, "reason": "labels came"})
    for _ in client.states(execution):
        pass
    run = client.outcome(execution)["run"]
    data = json.loads(client.lake(f"snapshots/{MODEL}/{run}/snapshot.json"))["data"]
    assert data["labelled"] == {"rows": 5, "labels": 5, "unmatched": 0, "unusable": 0, "reasons": [], "left_out": 0}


def test_a_label_that_the_definition_forbids_is_refused_over_http(
    client: StackClient, served: list[dict[str, Any]]
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(client, "POST", f"/v1/models/{MODEL}:label", {"labels": [{"prediction_id": "a", "label": "perhaps"}]})

    assert refused.value.code == 422
    problem = json.loads(refused.value.read())["problems"][0]
    assert problem == {"index": 0, "field": "label", "value": "perhaps", "reason": "expected one of benign, malignant"}
