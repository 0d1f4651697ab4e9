"""Does the refitted version serve, or its judged twin: every proof that may fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from preprocessing import Gate
from refrain.evaluation.refit_verdict import MAX_DISTANCE, is_too_different, judge_refit
from refrain.lake.parity_figures import AnswerRounding, Parity
from refrain.lake.refit_outcome import RefitFigures

GATE = Gate(None, None, 0.95, 5.0)
EXACT, UNLIKE = Parity(1000, 1e-7, 0), Parity(1000, 0.4, 203)
GOOD = RefitFigures(EXACT, EXACT, 0.1, distance=0.02, usual_distance=0.02, loss=0.1, judged_loss=0.12)
FAR = 1.1 * MAX_DISTANCE * GOOD.usual_distance


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({}, "proved", "they differ by 0.0200, where 0.0200 is usual"),
        ({"parity": UNLIKE}, "parity_broken", "203 of 1,000 rows differ"),
        ({"parity": Parity(0, 0.0, 0)}, "parity_broken", "0 of 0 rows"),
        ({"rounding": AnswerRounding(3e-4, 1e-5)}, "inexact", "puts it 0.0003 of the target's spread"),
        ({"golden": UNLIKE}, "golden_broken", "203 of 1,000 rows differ"),
        ({"latency_ms": 7.0}, "too_slow", "takes 7.00 ms for one row; 5.00 ms are allowed"),
        ({"distance": FAR, "loss": 0.2}, "too_different", "is worse than its judged twin on rows that it learned"),
    ],
)
def test_the_first_proof_that_fails_decides(changes: dict[str, Any], code: str, says: str) -> None:
    verdict, sentence = judge_refit(GATE, "logistic", replace(GOOD, **changes), None)

    assert verdict == code
    assert says in sentence
    assert sentence.startswith("logistic, fitted again on all rows, ")


def test_what_inference_cannot_hold_is_too_large() -> None:
    assert judge_refit(GATE, "logistic", GOOD, "It would hold too much.") == ("too_large", "It would hold too much.")


def test_a_refit_may_be_far_from_its_twin_where_it_is_nearer_to_the_truth() -> None:
    assert not is_too_different(replace(GOOD, distance=FAR))
    assert not is_too_different(replace(GOOD, loss=0.2))
    assert is_too_different(replace(GOOD, distance=FAR, loss=0.2))
