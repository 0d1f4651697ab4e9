"""The input of the training step, checked at the door."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.errors import InvalidRequest
from refrain.training.train import TrainingRequest

EVENT = {"model": "income", "run": "20261123T120409-3fa9c1", "candidate": "logistic"}


def test_a_version_is_named_by_its_run_and_candidate() -> None:
    assert TrainingRequest.of(EVENT).version == "20261123T120409-3fa9c1-logistic"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model": None}, "model: expected"),
        ({"model": "../x"}, "model: expected"),
        ({"run": "today"}, "run: expected"),
        ({"candidate": 3}, "candidate: expected"),
        ({"seed": 1}, "seed: unknown; known are model, run, candidate and all_rows"),
    ],
)
def test_what_cannot_be_used_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        TrainingRequest.of(EVENT | changes)
