"""A round looks at every model, and at all others when one cannot be looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from refrain.errors import InvalidRequest, RoundIncomplete, UnknownModel
from refrain.monitoring.monitoring_request import MonitoringRequest
from refrain.monitoring.rounds import make_round
from tests.unit.monitoring.world import BEGINNING, Recorder
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
task = "regression"
target = "y"
[columns]
x = { type = "number" }
y = { type = "number" }
[training]
candidates = [{ name = "ridge", estimator = "sklearn.linear_model.Ridge" }]
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(GOOD)
    return tmp_path


def test_every_model_is_looked_at(models: Path) -> None:
    lake = Lake()

    found = make_round(lake, Recorder(), models, MonitoringRequest(None, BEGINNING))

    assert set(found) == {"one", "two"}
    assert found["one"]["state"] == "not_judged"
    assert lake.keys("monitoring/one/") == [
        "monitoring/one/20261101T000000Z.html",
        "monitoring/one/20261101T000000Z.json",
    ]


def test_a_broken_definition_does_not_keep_the_others_from_being_looked_at(models: Path) -> None:
    (models / "half.toml").write_text("task = ")
    lake = Lake()

    with pytest.raises(RoundIncomplete, match="half"):
        make_round(lake, Recorder(), models, MonitoringRequest(None, BEGINNING))

    assert json.loads(lake.read("monitoring/two/20261101T000000Z.json").data)["model"] == "two"


def test_one_model_alone(models: Path) -> None:
    assert set(make_round(Lake(), Recorder(), models, MonitoringRequest("two", BEGINNING))) == {"two"}
    with pytest.raises(UnknownModel):
        make_round(Lake(), Recorder(), models, MonitoringRequest("three", BEGINNING))


@pytest.mark.parametrize(
    ("event", "said"),
    [({"model": 3}, "model: expected"), ({"now": "soon"}, "now: expected"), ({"at": 1}, "at: unknown")],
)
def test_an_event_that_cannot_be_used_is_refused_in_words(event: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        MonitoringRequest.of(event)


def test_without_a_time_it_is_now() -> None:
    assert MonitoringRequest.of({}).now.tzinfo is not None
