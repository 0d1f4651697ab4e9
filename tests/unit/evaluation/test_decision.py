"""Every case of the decision, as a table."""

import json
from typing import Any, NamedTuple

import numpy as np
import pytest

from preprocessing import Gate
from refrain.evaluation.decision import decide
from refrain.lake.evaluation import Answer, Figures, GateDecision
from refrain.lake.parity_figures import AnswerRounding, Parity
from refrain.lake.stakes import Stakes
from refrain.model.parity import parity
from refrain.statistics.intervals import Interval
from refrain.statistics.metrics import METRICS

GATE = Gate(min_metric=0.8, max_metric=None, confidence=0.95, max_latency_ms=5.0)
EXACT = Parity(rows=1000, max_difference=4e-7, differing=0)
UNLIKE = Parity(rows=1000, max_difference=0.4, differing=203)


def model(name: str, value: float | None, answer: Answer = "better", **more: Any) -> Figures:
    figures = {
        "gain_interval": Interval(-0.1, 0.1),
        "interval": Interval(0.0, 1.0),
        "latency_ms": 0.03,
        "bytes": 900,
        "parity": EXACT,
        "golden": EXACT,
    }
    return Figures(name, f"1-{name}", value, answer=answer, chance=0.004, **{**figures, **more})


def failed(name: str, error: str = "lbfgs failed") -> Figures:
    return Figures(name, f"1-{name}", error=error)


CHAMPION = model("champion", 0.9)


class Case(NamedTuple):
    """Champion and candidates, and what must come of them; `says` are pieces of the sentence."""

    champion: Figures | None
    candidates: list[Figures]
    code: str
    version: str | None
    verdicts: dict[str, str]
    says: tuple[str, ...]
    gate: Gate = GATE
    metric: str = "roc_auc"


CASES = {
    "the first model": Case(
        None, [model("a", 0.85)], "first_model", "1-a", {"a": "promoted"}, ("a is the first model", "0.8500")
    ),
    "the first model is the best of several": Case(
        None,
        [model("a", 0.85), model("b", 0.88), model("c", 0.81)],
        "first_model",
        "1-b",
        {"a": "not_best", "b": "promoted", "c": "not_best"},
        ("b is the first model",),
    ),
    "better": Case(
        CHAMPION,
        [model("a", 0.93)],
        "better",
        "1-a",
        {"a": "promoted"},
        ("a is surely better", "0.9300 against 0.9000", "0.4 %"),
    ),
    "better, but not surely": Case(
        CHAMPION,
        [model("a", 0.91, "undecided", rows_needed=3000)],
        "not_better",
        None,
        {"a": "not_better"},
        ("stays", "neither surely better nor surely worse", "about 3,000 more rows would tell"),
    ),
    "undecided whatever the rows": Case(
        CHAMPION, [model("a", 0.91, "undecided")], "not_better", None, {"a": "not_better"}, ("nor surely worse (",)
    ),
    "no worse": Case(
        CHAMPION,
        [model("a", 0.9, "no_worse")],
        "not_better",
        None,
        {"a": "not_better"},
        ("stays", "no worse by more than 0.0100, but not surely better"),
    ),
    "worse": Case(
        CHAMPION, [model("a", 0.89, "worse")], "not_better", None, {"a": "not_better"}, ("stays", "is surely worse")
    ),
    "better by more than the least gain": Case(
        CHAMPION,
        [model("a", 0.93)],
        "better",
        "1-a",
        {"a": "promoted"},
        ("surely better than the champion by more than 0.0100",),
        Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None, least_gain=0.01),
    ),
    "the surer one, not the one that looks best": Case(
        CHAMPION,
        [model("a", 0.94, "undecided"), model("b", 0.92)],
        "better",
        "1-b",
        {"a": "not_best", "b": "promoted"},
        ("b is surely better",),
    ),
    "the first model is not surely better than the trivial predictor": Case(
        None,
        [model("a", 0.85, "undecided")],
        "all_refused",
        None,
        {"a": "below_trivial"},
        ("a is not surely better than the same answer for everybody (ROC AUC 0.8500 against 0.5000)", "still no model"),
        Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None),
    ),
    "the first model on too few units to be sure of anything": Case(
        None,
        [model("a", 0.85, "undecided", gain_interval=None), model("b", 0.45, "undecided", gain_interval=None)],
        "first_model",
        "1-a",
        {"a": "promoted", "b": "below_trivial"},
        ("a is the first model",),
        Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None),
    ),
    "worse than the trivial predictor, though better than the champion": Case(
        model("champion", 0.4),
        [model("a", 0.45)],
        "all_refused",
        None,
        {"a": "below_trivial"},
        ("1-champion stays",),
        Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None),
    ),
    "of equal candidates the first": Case(
        None, [model("a", 0.9), model("b", 0.9)], "first_model", "1-a", {"a": "promoted", "b": "not_best"}, ("a is",)
    ),
    "worse than the floor, with a champion": Case(
        model("champion", 0.7),
        [model("a", 0.79)],
        "all_refused",
        None,
        {"a": "below_floor"},
        ("0.7900", "0.8000", "1-champion stays"),
    ),
    "no champion, none above the floor": Case(
        None,
        [model("a", 0.79), model("b", 0.6)],
        "all_refused",
        None,
        {"a": "below_floor", "b": "below_floor"},
        ("None of 2 candidates passed", "still no model"),
    ),
    "on the floor": Case(None, [model("a", 0.8)], "first_model", "1-a", {"a": "promoted"}, ("0.8000",)),
    "an error above the greatest allowed": Case(
        None,
        [model("a", 120.0), model("b", 90.0)],
        "first_model",
        "1-b",
        {"a": "below_floor", "b": "promoted"},
        ("b is the first model", "RMSE 90.00"),
        Gate(min_metric=None, max_metric=100.0, confidence=0.95, max_latency_ms=None),
        "rmse",
    ),
    "a smaller error is better": Case(
        model("champion", 90.0),
        [model("a", 80.0), model("b", 85.0)],
        "better",
        "1-a",
        {"a": "promoted", "b": "not_best"},
        ("RMSE 80.00 against 90.00",),
        Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None),
        "rmse",
    ),
    "parity broken: the others go on": Case(
        CHAMPION,
        [model("forest", 0.99, parity=UNLIKE), model("a", 0.93)],
        "better",
        "1-a",
        {"forest": "parity_broken", "a": "promoted"},
        ("a is surely better",),
    ),
    "inexact: the others go on": Case(
        CHAMPION,
        [
            model("svm", 0.99, rounding=AnswerRounding(3e-4, 1e-5)),
            model("a", 0.93, rounding=AnswerRounding(9e-6, 1e-5)),
        ],
        "better",
        "1-a",
        {"svm": "inexact", "a": "promoted"},
        ("a is surely better",),
    ),
    "inexact alone": Case(
        CHAMPION,
        [model("svm", 0.99, rounding=AnswerRounding(3e-4, 1e-5))],
        "all_refused",
        None,
        {"svm": "inexact"},
        ("puts it 0.0003 of the target's spread", "1e-05 is allowed", "take a smaller C or alpha, or trees"),
    ),
    "golden broken": Case(
        CHAMPION,
        [model("a", 0.99, golden=UNLIKE)],
        "all_refused",
        None,
        {"a": "golden_broken"},
        ("203 of 1,000 golden rows",),
    ),
    "parity never looked at": Case(
        CHAMPION, [model("a", 0.99, parity=None)], "all_refused", None, {"a": "parity_broken"}, ("not proved",)
    ),
    "too slow": Case(
        CHAMPION,
        [model("a", 0.99, latency_ms=7.25)],
        "all_refused",
        None,
        {"a": "too_slow"},
        ("7.25 ms", "5.00 ms are allowed"),
    ),
    "slow where no one minds": Case(
        None,
        [model("a", 0.9, latency_ms=900.0)],
        "first_model",
        "1-a",
        {"a": "promoted"},
        ("first",),
        Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=None),
    ),
    "one failed to train": Case(
        CHAMPION,
        [failed("a"), model("b", 0.93)],
        "better",
        "1-b",
        {"a": "failed", "b": "promoted"},
        ("b is surely better",),
    ),
    "the only one failed": Case(
        CHAMPION, [failed("a")], "all_failed", None, {"a": "failed"}, ("a, failed", "lbfgs failed", "stays in service")
    ),
    "all failed": Case(
        None,
        [failed("a"), failed("b")],
        "all_failed",
        None,
        {"a": "failed", "b": "failed"},
        ("None of 2 candidates could be trained", "still no model"),
    ),
    "all refused for different reasons": Case(
        CHAMPION,
        [failed("a"), model("b", 0.99, latency_ms=None), model("c", 0.99, parity=UNLIKE)],
        "all_refused",
        None,
        {"a": "failed", "b": "too_slow", "c": "parity_broken"},
        ("None of 3 candidates passed",),
    ),
    "no candidates": Case(CHAMPION, [], "all_failed", None, {}, ("No candidate was trained", "stays in service")),
    "the champion cannot be asked": Case(
        Figures("champion", "1-champion", error="its input file is damaged"),
        [model("a", 0.85)],
        "champion_failed",
        "1-a",
        {"a": "promoted"},
        ("a goes into service", "its input file is damaged"),
    ),
    "the champion cannot be asked and nothing passes": Case(
        Figures("champion", "1-champion", error="damaged"),
        [model("a", 0.5)],
        "all_refused",
        None,
        {"a": "below_floor"},
        ("1-champion stays",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_decision_is_right(case: Case) -> None:
    # When decided
    stakes = Stakes(0.5 if case.metric == "roc_auc" else None, 0.01, 1000)
    decision = decide(case.gate, METRICS[case.metric], case.champion, case.candidates, stakes)
    # Then code, version and each candidate's verdict are as the table says
    assert (decision.code, decision.version) == (case.code, case.version)
    assert decision.promote == (case.version is not None)
    assert {verdict.name: verdict.code for verdict in decision.verdicts} == case.verdicts
    # and people read one sentence with the figures, for the run and for each candidate
    for piece in case.says:
        assert piece in decision.reason
    reasons = [decision.reason, *(verdict.reason for verdict in decision.verdicts)]
    assert all(reason.endswith(".") for reason in reasons)
    assert GateDecision.from_json(json.loads(json.dumps(decision.to_json(), allow_nan=False))) == decision


@pytest.mark.parametrize("candidate", [model("a", 0.99, parity=UNLIKE), failed("a", "it ran out of memory")])
def test_what_inference_cannot_hold_is_refused_for_that_whatever_else_is_wrong(candidate: Figures) -> None:
    too_large = {"1-a": "a would hold 2 GB: train fewer trees."}

    decision = decide(
        GATE, METRICS["roc_auc"], CHAMPION, [candidate, model("b", 0.93)], Stakes(0.5, 0.01, 1000), too_large
    )

    assert (decision.code, decision.version) == ("better", "1-b")
    verdict = decision.verdicts[0]
    assert (verdict.code, verdict.reason) == ("too_large", too_large["1-a"])


def test_figures_become_plain_json() -> None:
    document = json.loads(json.dumps(model("a", 0.9).to_json(), allow_nan=False))
    assert document["parity"] == {"rows": 1000, "max_difference": 4e-7, "differing": 0}
    assert document["interval"] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("task", "expected", "answered", "holds", "differing"),
    [
        ("classification", [[0.2, 0.8]], [[0.2000003, 0.7999997]], True, 0),
        ("classification", [[0.2, 0.8]], [[0.6, 0.4]], False, 1),
        ("classification", [[0.2, 0.8]], [[0.3, 0.7]], False, 0),
        ("classification", [[0.5000001, 0.4999999]], [[0.4999999, 0.5000001]], True, 0),
        ("classification", [[0.2, 0.8]], [[np.nan, 0.8]], False, 1),
        ("classification", [[0.2, 0.8]], [[np.inf, 0.8]], False, 1),
        ("regression", [10.0, 20.0], [[10.0], [20.0]], True, 0),
        ("regression", [1e6, 2e6], [1e6 + 1, 2e6], True, 0),
        ("regression", [10.0, 20.0], [10.0, 21.0], False, 1),
        ("regression", [5.0, 5.0], [5.0, 5.0], True, 0),
        ("classification", np.empty((0, 2)), np.empty((0, 2)), False, 0),
    ],
)
def test_rounding_is_not_a_difference_and_anything_else_is(
    task: Any, expected: Any, answered: Any, holds: bool, differing: int
) -> None:
    found = parity(task, np.array(expected), np.array(answered))
    assert (found.holds, found.differing) == (holds, differing)
    json.dumps(found.max_difference, allow_nan=False)
