"""A round monitors every model, and all others when one fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from refrain.errors import InvalidRequest, RoundIncomplete, UnknownModel
from refrain.monitoring.rounds import run_round
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


def test_every_model_gets_a_report(models: Path) -> None:
    lake = Lake()

    results = run_round(lake, Recorder(), models, {"now": BEGINNING.isoformat()})

    assert set(results) == {"one", "two"}
    assert results["one"]["state"] == "not_judged"
    assert lake.keys("monitoring/one/") == [
        "monitoring/one/20261101T000000Z.html",
        "monitoring/one/20261101T000000Z.json",
    ]


def test_a_broken_definition_does_not_keep_the_others_from_their_reports(models: Path) -> None:
    (models / "half.toml").write_text("task = ")
    lake = Lake()

    with pytest.raises(RoundIncomplete, match="half"):
        run_round(lake, Recorder(), models, {"now": BEGINNING.isoformat()})

    assert json.loads(lake.read("monitoring/two/20261101T000000Z.json").data)["model"] == "two"


def test_one_model_alone(models: Path) -> None:
    assert set(run_round(Lake(), Recorder(), models, {"model": "two"})) == {"two"}
    with pytest.raises(UnknownModel):
        run_round(Lake(), Recorder(), models, {"model": "three"})


@pytest.mark.parametrize(
    ("event", "sentence"),
    [({"model": 3}, "model: expected"), ({"now": "soon"}, "now: expected"), ({"at": 1}, "at: unknown")],
)
def test_an_event_that_cannot_be_used_is_refused_in_words(
    models: Path, event: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        run_round(Lake(), Recorder(), models, event)


def test_without_a_time_it_is_now(models: Path) -> None:
    results = run_round(Lake(), Recorder(), models, {})
    assert abs(datetime.fromisoformat(str(results["one"]["time"])) - datetime.now(UTC)) < timedelta(minutes=1)
