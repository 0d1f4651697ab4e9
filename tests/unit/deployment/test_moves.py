"""The request of a move: what it reads, and how it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.deployment.moves import MoveRequest
from refrain.errors import InvalidRequest


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"move": "win"}, "move: expected one of promote, refresh, keep, superseded, dismiss, start_trial, got 'win'"),
        ({"run": 7}, "run: expected text, got 7"),
    ],
)
def test_a_wrong_field_of_a_move_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        MoveRequest.of({"move": "keep", "model": "shop", "run": "r"} | change)


def test_a_challenger_that_could_not_be_judged_has_an_outcome_without_figures() -> None:
    event = {"move": "dismiss", "model": "shop", "run": "r", "at": "2026-11-23T13:04:09.123Z"}

    trial = MoveRequest.of(event).trial

    assert trial is not None
    assert (trial.code, trial.at, trial.figures) == ("unjudged", "2026-11-23T13:04:09.123Z", None)
