"""The input of the state machine, checked at the door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from refrain.errors import InvalidRequest, UnknownModel
from refrain.lake.model_definition import find_definition
from refrain.snapshot.take import SnapshotRequest
from tests.stored import define
from tests.unit.serving.tiny import Lake

ROOT = Path(__file__).parents[3]


def of(request: object, **changes: object) -> SnapshotRequest:
    event = {"request": request, "execution": "abc", "started_at": "2026-11-23T12:04:09.123Z"}
    return SnapshotRequest.of(event | changes)


def test_a_model_is_all_that_is_needed() -> None:
    assert of({"model": "income"}) == SnapshotRequest(
        "income", "20261123T120409-ba7816", "manual", False, None, "2026-11-23T12:04:09.123Z"
    )


def test_the_sample_events_are_one_run() -> None:
    given, asked, trained = (
        json.loads((ROOT / "events" / name).read_text())
        for name in ("03-retraining.json", "04-snapshot.json", "05-train.json")
    )
    assert asked["request"] == given
    assert SnapshotRequest.of(asked).run == trained["run"]


def test_the_same_execution_is_always_the_same_run() -> None:
    assert of({"model": "income"}).run == of({"model": "income", "reason": "drift"}).run
    assert of({"model": "income"}).run != of({"model": "income"}, execution="another").run


def test_a_start_with_another_zone_names_the_run_in_utc() -> None:
    assert of({"model": "income"}, started_at="2026-11-23T13:04:09+01:00").run.startswith("20261123T120409-")
    assert of({"model": "income"}, started_at="2026-11-23T13:04:09").run.startswith("20261123T130409-")


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (None, "expected an object"),
        (["income"], "expected an object"),
        ({}, "model: expected the name"),
        ({"model": 7}, "model: expected the name"),
        ({"model": "../income"}, "model: expected the name"),
        ({"model": "income", "modle": "income", "x": 1}, "modle, x: unknown"),
        ({"model": "income", "reason": ""}, "reason: expected text"),
        ({"model": "income", "reason": "x" * 501}, "reason: expected text"),
        ({"model": "income", "force": "yes"}, "force: expected true or false"),
    ],
)
def test_what_cannot_be_used_is_named(request_: Any, named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        of(request_)


@pytest.mark.parametrize("started_at", [None, "yesterday", 7])
def test_a_start_that_is_no_time_is_named(started_at: object) -> None:
    with pytest.raises(InvalidRequest, match="started_at"):
        of({"model": "income"}, started_at=started_at)


def test_an_execution_without_a_name_is_named() -> None:
    with pytest.raises(InvalidRequest, match="execution"):
        of({"model": "income"}, execution=None)


def test_a_model_without_a_definition_is_unknown_and_the_known_are_named() -> None:
    lake = Lake()
    define(lake, "income")
    with pytest.raises(UnknownModel, match=r"'incomes'; the models are income"):
        find_definition(lake, "incomes")
    assert find_definition(lake, "income").target == "income"
