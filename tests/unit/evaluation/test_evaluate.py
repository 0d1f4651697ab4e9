"""The request of the comparison: what it reads, and how it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.errors import InvalidRequest
from refrain.evaluation.entrants import Entrant
from refrain.evaluation.evaluate import EvaluationRequest

EVENT: dict[str, Any] = {
    "model": "shop",
    "run": "20260101T000000-abcdef",
    "reason": "manual",
    "started_at": "2026-01-01T00:00:00Z",
    "trained": [{"candidate": "tree", "version": "v-tree"}],
}


def failed(error: Any) -> Entrant:
    return EvaluationRequest.of({**EVENT, "trained": [{"candidate": "tree", "error": error}]}).trained[0]


def test_a_candidate_that_failed_keeps_the_sentence_of_its_error() -> None:
    cause = '{"errorMessage": "there is no solver abacus", "errorType": "CandidateRefused"}'

    assert failed({"Error": "CandidateRefused", "Cause": cause}) == Entrant(
        "tree", "20260101T000000-abcdef-tree", "there is no solver abacus"
    )
    assert failed({"Error": "States.Timeout"}).error == "States.Timeout"
    assert failed({"Error": "Sandbox.Timedout", "Cause": "no JSON"}).error == "no JSON"
    assert failed("out of memory").error == "out of memory"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": None}, "model: expected text, got None"),
        ({"reason": ""}, "reason: expected text, got ''"),
        ({"trained": []}, "trained: expected the list of what the Map trained"),
        ({"trained": [{"version": "v"}]}, "trained: expected items with the name of a candidate"),
    ],
)
def test_a_wrong_field_of_the_comparison_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        EvaluationRequest.of(EVENT | change)
