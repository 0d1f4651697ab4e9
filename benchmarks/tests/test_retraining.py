"""The time of a retraining run is split into `fit` and everything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.retraining import FIT_AGAIN, REFIT, STEP, TRAIN, everything_but_fit, step_seconds

BEGAN = datetime(2026, 11, 25, tzinfo=UTC)


def at(second: float, name: str = "", *, entered: bool = False, fit: float | None = None) -> dict[str, Any]:
    event: dict[str, Any] = {"timestamp": BEGAN + timedelta(seconds=second)}
    if name:
        event["stateEnteredEventDetails" if entered else "stateExitedEventDetails"] = {"name": name}
    if fit is not None:
        event["stateExitedEventDetails"]["output"] = json.dumps({"candidate": "one", "fit_seconds": fit})
    return event


RUN = [
    at(0),
    at(0.25, "Take a snapshot", entered=True),
    at(1.25, "Take a snapshot"),
    at(1.25, "Enough to learn from?", entered=True),
    at(1.5, "Enough to learn from?"),
    at(1.5, TRAIN, entered=True),
    at(1.5, STEP, entered=True),
    at(1.5, STEP, entered=True),
    at(4.5, STEP, fit=1.0),
    at(7.5, STEP, fit=5.0),
    at(7.5, TRAIN),
    at(7.5, "Promote", entered=True),
    at(8.0, "Promote"),
    at(8.0),
]


def test_training_counts_the_slowest_candidate_without_its_fit() -> None:
    taken = step_seconds(RUN)

    assert taken == {
        "Take a snapshot": 1.0,
        TRAIN: 2.0,
        "Promote": 0.5,
        "between the steps": 0.5,
        "the longest fit": 5.0,
        "the whole run": 8.0,
    }
    assert everything_but_fit(taken) == pytest.approx(4.0)


def test_the_refit_counts_as_a_fit() -> None:
    refit = [at(8.0, REFIT, entered=True), at(12.0, REFIT), at(12.0)]
    refit[1]["stateExitedEventDetails"]["output"] = json.dumps({"fitted": {"version": "v", "fit_seconds": 3.5}})

    taken = step_seconds([*RUN[:-1], *refit])

    assert (taken[REFIT], taken[FIT_AGAIN], taken["between the steps"]) == (0.5, 3.5, 0.5)
    assert everything_but_fit(taken) == pytest.approx(4.5)
