"""A round names every model, and one time has one round however often it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.errors import InvalidRequest
from refrain.monitoring.rounds import begin_round
from tests.stored import define
from tests.unit.serving.tiny import Lake

STARTED = "2026-11-23T12:20:03.250Z"


@pytest.fixture
def lake() -> Lake:
    lake = Lake()
    for name in ("one", "two"):
        define(lake, name, "task = ")
    return lake


def begin(lake: Lake, request: object, execution: str = "a") -> dict[str, Any]:
    return begin_round(lake, {"request": request, "execution": execution, "started_at": STARTED})


def test_a_round_has_the_scheduled_time_and_every_model_even_one_whose_definition_is_broken(lake: Lake) -> None:
    answer = begin(lake, {"now": "2026-11-23T12:20:00Z"})

    assert answer == {"now": "2026-11-23T12:20:00Z", "models": ["one", "two"], "begun_here": True}


def test_a_round_that_is_started_by_hand_has_the_time_of_its_start(lake: Lake) -> None:
    assert begin(lake, {})["now"] == "2026-11-23T12:20:03Z"


def test_a_time_has_one_round_which_a_retry_of_its_execution_goes_on_with(lake: Lake) -> None:
    scheduled = {"now": "2026-11-23T12:20:00Z"}

    begun = [begin(lake, scheduled, execution)["begun_here"] for execution in ("a", "b", "a", "c")]

    assert begun == [True, False, True, False]
    assert begin(lake, {"now": "2026-11-23T13:20:00Z"}, "b")["begun_here"]


@pytest.mark.parametrize("request_", [None, "now", {"now": "soon"}, {"model": "one"}])
def test_a_request_that_cannot_be_used_is_refused_and_begins_nothing(lake: Lake, request_: object) -> None:
    before = lake.keys("")

    with pytest.raises(InvalidRequest):
        begin(lake, request_)

    assert lake.keys("") == before
