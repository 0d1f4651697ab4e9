"""The table of the judge: one row a case, and simulations of what it promises over many looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Gate, Rollout
from refrain.lake.trial_outcome import HARMS
from refrain.trial.labelled_gain import LabelledGain
from refrain.trial.verdict import TrialFacts, reach_verdict

if TYPE_CHECKING:
    from refrain.arrays import Floats

GATE = Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=5.0)
KEEPS = Rollout("shadow", least_rows=200, least_labels=50, least_minutes=5, most_minutes=60)
PROMOTES = replace(KEEPS, without_labels="promote")


def asked(rows: int, **others: Any) -> TrialFacts:
    """A challenger that was asked for rows, one a request, answered all of them, and did nothing wrong."""
    facts = TrialFacts(
        minutes=10,
        failed=np.zeros(rows),
        requests=np.arange(rows),
        milliseconds=np.full(rows, 0.4),
        distances=np.full(rows, 0.02),
        tolerated_distance=0.09,
    )
    return replace(facts, **others)


def labels(rows: int, gain: float, error: float = 0.01, rare: int | None = 100) -> dict[str, Any]:
    """Labelled rows, whose gain may be worse by 0.05."""
    return {"labelled": rows, "gain": LabelledGain("ROC AUC", rows, float(rows), rare, gain, error, 0.05, float(rows))}


def failing(rows: int, share: float, rows_a_request: int = 1) -> dict[str, Floats]:
    """Failures spread evenly."""
    failed = (np.arange(rows) % round(1 / share) == 0).astype(np.float64)
    return {"failed": failed, "requests": np.arange(rows) // rows_a_request}


def one_request_failing(rows: int) -> dict[str, Floats]:
    """Two requests, the first of which failed whole."""
    return {"failed": np.repeat([1.0, 0.0], rows), "requests": np.repeat([0, 1], rows)}


GOOD = labels(200, 0.0)
LATE = {"minutes": 61.0}
UNSAFE = failing(200, 0.04, 100)

CASES: list[tuple[str, TrialFacts, Rollout, str, str]] = [
    ("nothing seen yet", TrialFacts(0.0), KEEPS, "wait", "gathering"),
    ("few rows so far", asked(50, **labels(50, 0.0)), KEEPS, "wait", "gathering"),
    ("surely no worse by its labels", asked(200, **GOOD), KEEPS, "promote", "proved"),
    ("surely better by its labels", asked(200, **labels(200, 0.2)), KEEPS, "promote", "proved"),
    ("too early", asked(200, **GOOD, minutes=4.0), KEEPS, "wait", "gathering"),
    ("no label yet", asked(2000), KEEPS, "wait", "gathering"),
    ("few labels so far", asked(2000, **labels(49, 0.0)), KEEPS, "wait", "gathering"),
    ("too few events so far", asked(2000, **labels(200, 0.0, rare=29)), KEEPS, "wait", "gathering"),
    ("labels without a figure yet", asked(300, labelled=60), KEEPS, "wait", "gathering"),
    ("labels that do not settle it yet", asked(300, **labels(200, 0.0, 0.03)), KEEPS, "wait", "gathering"),
    ("surely worse than is tolerated", asked(150, **labels(200, -0.2)), KEEPS, "dismiss", "worse"),
    ("surely a little worse", asked(500, **labels(200, -0.03, 0.001)), KEEPS, "promote", "proved"),
    ("worse, but nobody knows how much", asked(300, **labels(200, -0.05)), KEEPS, "wait", "gathering"),
    ("worse on a handful of events", asked(300, **labels(200, -0.5, rare=14)), KEEPS, "wait", "gathering"),
    ("it cannot be loaded", TrialFacts(0.0, broken="its model.onnx is absent"), KEEPS, "dismiss", "broken"),
    ("it fails every time", asked(20, failed=np.ones(20)), KEEPS, "dismiss", "failing"),
    ("one failure early proves nothing", asked(20, failed=np.eye(1, 20)[0]), KEEPS, "wait", "gathering"),
    ("it fails one time in ten", asked(200, **failing(200, 0.1)), KEEPS, "dismiss", "failing"),
    ("one request of many rows failed", asked(600, **one_request_failing(300)), KEEPS, "wait", "gathering"),
    ("one failure in five hundred", asked(500, failed=np.eye(1, 500)[0], **GOOD), KEEPS, "promote", "proved"),
    ("slower than the gate allows", asked(100, milliseconds=np.full(100, 9.0)), KEEPS, "dismiss", "too_slow"),
    ("slow at times", asked(200, milliseconds=np.tile([90.0, 0.4, 0.4], 70), **GOOD), KEEPS, "promote", "proved"),
    ("answers unlike the champion's", asked(60, distances=np.full(60, 0.7)), KEEPS, "dismiss", "shifted"),
    ("unlike as on the holdout", asked(300, distances=np.full(300, 0.08), **GOOD), KEEPS, "promote", "proved"),
    ("the time is over, too few rows", asked(199, **LATE), KEEPS, "dismiss", "too_few_rows"),
    ("the time is over, nobody asked", TrialFacts(61.0), PROMOTES, "dismiss", "too_few_rows"),
    ("the time is over, no label", asked(2000, **LATE), KEEPS, "dismiss", "no_labels"),
    ("the time is over, few labels", asked(2000, **LATE, **labels(49, 0.2)), KEEPS, "dismiss", "no_labels"),
    ("labels that never settle it", asked(300, **labels(200, 0.0, 0.03), **LATE), KEEPS, "dismiss", "undecided"),
    ("labels that promise much", asked(300, **labels(200, 0.1, 0.06), **LATE), PROMOTES, "dismiss", "undecided"),
    ("failures in doubt at the end", asked(200, **UNSAFE, **LATE, **GOOD), KEEPS, "dismiss", "undecided"),
    ("labels without a figure at the end", asked(300, labelled=60, **LATE), KEEPS, "dismiss", "undecided"),
    ("no label, and none expected", asked(200), PROMOTES, "promote", "unlabelled"),
    ("few labels, and none expected", asked(200, **labels(49, 0.0, 0.03)), PROMOTES, "promote", "unlabelled"),
    ("no label expected, but too early", asked(200, minutes=4.0), PROMOTES, "wait", "gathering"),
    ("no label expected, but failures in doubt", asked(200, **UNSAFE, **LATE), PROMOTES, "dismiss", "undecided"),
    ("no label expected, but they came and are bad", asked(200, **labels(45, -0.2)), PROMOTES, "dismiss", "worse"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "rollout", "verdict", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_every_case_has_its_verdict(facts: TrialFacts, rollout: Rollout, verdict: str, code: str) -> None:
    found = reach_verdict(facts, rollout, GATE)

    assert (found.verdict, found.code) == (verdict, code), found.reason
    assert found.reason.endswith(".")


def test_whatever_the_labels_show_harm_and_good_are_never_both_proved() -> None:
    random = np.random.default_rng(3)
    for _ in range(500):
        gain, error = random.normal(0, 0.2), float(random.lognormal(-4, 2))
        figures = LabelledGain("MAE", 500, 500.0, None, gain, error, float(random.lognormal(-4, 2)), 500.0)

        assert not (figures.is_harmful(0.0125) and figures.is_no_worse(0.0125))


def test_without_a_limit_in_the_gate_no_latency_is_too_long() -> None:
    slow = asked(200, milliseconds=np.full(200, 900.0), **GOOD)

    assert reach_verdict(slow, KEEPS, replace(GATE, max_latency_ms=None)).code == "proved"


REASONS = [
    (asked(100, **failing(100, 0.2)), KEEPS, "The challenger had no answer to 20 % of 100 rows."),
    (asked(200), PROMOTES,
     "The challenger did well on 200 rows. "
     "No label came: only failures, speed and the distance of the answers were checked."),
    (asked(200, **LATE), KEEPS,
     "The champion stays: after 61 minutes there are 0 labelled rows of the 50 that are needed. "
     "No label came: only failures, speed and the distance of the answers were checked."),
    (asked(300, **labels(200, 0.0, 0.03)), KEEPS,
     "After 10 minutes it is not decided: the gain of ROC AUC is 0 (−0.1050 to +0.0999) on 200 labelled rows, and "
     "−0.0500 is tolerated; about 683 labelled rows more would decide."),
    (asked(200, **GOOD), KEEPS,
     "The challenger did well on 200 rows, and by its labels it is surely no worse: the gain of ROC AUC is 0 "
     "(−0.0350 to +0.0333) on 200 labelled rows, and −0.0500 is tolerated."),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "rollout", "reason"), REASONS)
def test_the_reason_names_what_is_sure_and_what_is_open(facts: TrialFacts, rollout: Rollout, reason: str) -> None:
    assert reach_verdict(facts, rollout, GATE).reason == reason


def simulated(random: np.random.Generator, rows: int, *, harm: float = 0.0) -> TrialFacts:
    """A challenger on noisy rows without labels; `harm` moves its answers."""
    return asked(
        rows,
        failed=(random.random(rows) < 0.005 + harm / 10).astype(np.float64),
        milliseconds=random.lognormal(-1, 1, rows),
        distances=np.clip(np.abs(random.normal(0.05 + harm, 0.1, rows)), 0, 1),
        tolerated_distance=0.2,
    )


def judgements(facts: TrialFacts, every: int) -> list[str]:
    """The verdicts of a judge who looks again and again as the rows come, until it is over."""
    found: list[str] = []
    for rows in range(every, facts.rows + 1, every):
        seen = replace(
            facts,
            failed=facts.failed[:rows],
            requests=facts.requests[:rows],
            milliseconds=facts.milliseconds[:rows],
            distances=facts.distances[:rows],
        )
        found.append(reach_verdict(seen, KEEPS, GATE).code)
        if found[-1] in HARMS:
            break
    return found


def test_a_good_challenger_is_dismissed_no_more_often_than_the_confidence_allows_however_often_it_is_judged() -> None:
    random = np.random.default_rng(11)
    trials = 150

    dismissed = sum(judgements(simulated(random, 2000), 100)[-1] in HARMS for _ in range(trials))

    assert dismissed / trials <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


def test_a_bad_challenger_is_dismissed_before_many_rows() -> None:
    random = np.random.default_rng(12)

    ends = [judgements(simulated(random, 600, harm=0.5), 50)[-1] for _ in range(50)]

    assert sum(end in HARMS for end in ends) >= 49
