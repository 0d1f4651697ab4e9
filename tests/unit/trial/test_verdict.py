"""The table of the judge: one row a case, and simulations of what it promises over many looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Gate, Rollout
from refrain.lake.trial_outcome import HARMS
from refrain.trial.verdict import TrialFacts, reach_verdict

if TYPE_CHECKING:
    from refrain.arrays import Floats

GATE = Gate(min_metric=None, max_metric=None, confidence=0.95, max_latency_ms=5.0)
SHADOW = Rollout("shadow", least_rows=200, most_minutes=60)


def asked(rows: int, **others: Any) -> TrialFacts:
    """A challenger that was asked for rows, one a request, answered all of them, and did nothing wrong."""
    facts = TrialFacts(
        minutes=10,
        failed=np.zeros(rows),
        requests=np.arange(rows),
        milliseconds=np.full(rows, 0.4),
        distances=np.full(rows, 0.02),
        expected_distance=0.02,
    )
    return replace(facts, **others)


def failing(rows: int, share: float, rows_a_request: int = 1) -> dict[str, Floats]:
    """Failures spread evenly."""
    failed = (np.arange(rows) % round(1 / share) == 0).astype(np.float64)
    return {"failed": failed, "requests": np.arange(rows) // rows_a_request}


def one_request_failing(rows: int) -> dict[str, Floats]:
    """Two requests, the first of which failed whole."""
    return {"failed": np.repeat([1.0, 0.0], rows), "requests": np.repeat([0, 1], rows)}


def alternating(rows: int, mean: float, swing: float) -> Floats:
    return mean + np.where(np.arange(rows) % 2, swing, -swing)


LATE = {"minutes": 61.0}

CASES: list[tuple[str, TrialFacts, str, str]] = [
    ("nothing seen yet", TrialFacts(0.0), "wait", "gathering"),
    ("few rows so far", asked(50), "wait", "gathering"),
    ("enough rows, all well", asked(200), "promote", "proved"),
    ("it cannot be loaded", TrialFacts(0.0, broken="its model.onnx is absent"), "dismiss", "broken"),
    ("it fails every time", asked(20, failed=np.ones(20)), "dismiss", "failing"),
    ("one failure early proves nothing", asked(20, failed=np.eye(1, 20)[0]), "wait", "gathering"),
    ("it fails one time in ten", asked(200, **failing(200, 0.1)), "dismiss", "failing"),
    ("one request of many rows failed", asked(600, **one_request_failing(300)), "wait", "gathering"),
    ("one failure in five hundred", asked(500, failed=np.eye(1, 500)[0]), "promote", "proved"),
    ("slower than the gate allows", asked(100, milliseconds=np.full(100, 9.0)), "dismiss", "too_slow"),
    ("slow at times, as all are", asked(200, milliseconds=np.tile([90.0, 0.4, 0.4], 70)), "promote", "proved"),
    ("answers unlike the champion's", asked(60, distances=np.full(60, 0.7)), "dismiss", "shifted"),
    ("unlike as on the holdout", asked(300, distances=np.full(300, 0.3), expected_distance=0.2), "promote", "proved"),
    ("a canary whose mean moved", asked(150, shifts={"mean of yes": alternating(80, 0.5, 0.2)}), "dismiss", "shifted"),
    ("a canary whose mean fell", asked(150, shifts={"mean of yes": alternating(80, -0.5, 0.2)}), "dismiss", "shifted"),
    ("a canary that differs a little", asked(300, shifts={"mean": alternating(150, 0.05, 0.4)}), "promote", "proved"),
    ("worse on labelled rows", asked(150, losses=alternating(150, 0.3, 0.3)), "dismiss", "worse"),
    ("surely a hair's breadth worse", asked(5000, losses=np.full(5000, 0.004)), "promote", "proved"),
    ("surely no worse on labelled rows", asked(400, losses=alternating(400, -0.02, 0.1)), "promote", "proved"),
    ("labels, but too few to tell", asked(300, losses=alternating(20, 0.1, 0.3)), "promote", "proved"),
    ("labels that do not settle it yet", asked(300, losses=alternating(60, 0.0, 0.4)), "wait", "gathering"),
    ("labels that never settle it", asked(300, losses=alternating(60, 0.0, 0.4), **LATE), "promote", "no_harm"),
    ("labels that speak against it", asked(300, losses=alternating(60, 0.04, 0.4), **LATE), "dismiss", "doubtful"),
    ("the time is over, too few rows", asked(199, **LATE), "dismiss", "too_few_rows"),
    ("the time is over, nobody asked", TrialFacts(61.0), "dismiss", "too_few_rows"),
    ("the time is over, failures in doubt", asked(200, **failing(200, 0.04, 100), **LATE), "dismiss", "doubtful"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "verdict", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_case_has_its_verdict(facts: TrialFacts, verdict: str, code: str) -> None:
    found = reach_verdict(facts, SHADOW, GATE)

    assert (found.verdict, found.code) == (verdict, code), found.reason
    assert found.reason.endswith(".")


def test_without_a_limit_in_the_gate_no_latency_is_too_long() -> None:
    slow = asked(200, milliseconds=np.full(200, 900.0))

    assert reach_verdict(slow, SHADOW, replace(GATE, max_latency_ms=None)).code == "proved"


def test_the_reason_names_the_figures() -> None:
    found = reach_verdict(asked(100, **failing(100, 0.2)), SHADOW, GATE)

    assert found.reason == "The challenger had no answer to 20 % of 100 rows."


def simulated(random: np.random.Generator, rows: int, *, harm: float = 0.0, canary: bool = False) -> TrialFacts:
    """A challenger on noisy rows; `harm` moves its answers and its losses."""
    noise = random.normal(0, 0.3, rows)
    return asked(
        rows,
        failed=(random.random(rows) < 0.005 + harm / 10).astype(np.float64),
        milliseconds=random.lognormal(-1, 1, rows),
        distances=np.empty(0) if canary else np.clip(np.abs(random.normal(0.05 + harm, 0.1, rows)), 0, 1),
        expected_distance=0.09,
        shifts={"mean of yes": np.clip(noise + harm, -1, 1), "spread of yes": noise / 2} if canary else {},
        losses=np.clip(random.normal(harm / 4, 0.15, rows // 2), -1, 1),
    )


def judgements(facts: TrialFacts, every: int) -> list[str]:
    """The verdicts of a judge who looks again and again as the rows come, until it is over."""
    found: list[str] = []
    for rows in range(every, facts.rows + 1, every):
        seen = replace(
            facts,
            minutes=1.0,
            failed=facts.failed[:rows],
            requests=facts.requests[:rows],
            milliseconds=facts.milliseconds[:rows],
            distances=facts.distances[:rows],
            shifts={name: gaps[:rows] for name, gaps in facts.shifts.items()},
            losses=facts.losses[: rows // 2],
        )
        found.append(reach_verdict(seen, replace(SHADOW, least_rows=10**9), GATE).code)
        if found[-1] in HARMS:
            break
    return found


@pytest.mark.parametrize("canary", [False, True], ids=["shadow", "canary"])
def test_a_good_challenger_is_dismissed_no_more_often_than_the_confidence_allows_however_often_it_is_judged(
    canary: bool,
) -> None:
    random = np.random.default_rng(11)
    trials = 150

    dismissed = sum(judgements(simulated(random, 2000, canary=canary), 100)[-1] in HARMS for _ in range(trials))

    assert dismissed / trials <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


@pytest.mark.parametrize("canary", [False, True], ids=["shadow", "canary"])
def test_a_bad_challenger_is_dismissed_before_many_rows(canary: bool) -> None:
    random = np.random.default_rng(12)

    ends = [judgements(simulated(random, 600, harm=0.5, canary=canary), 50)[-1] for _ in range(50)]

    assert sum(end in HARMS for end in ends) >= 49


def test_a_challenger_that_is_worse_by_more_than_the_margin_is_hardly_ever_promoted_early() -> None:
    random = np.random.default_rng(13)
    promoted = 0
    for _ in range(100):
        facts = asked(3000, losses=np.clip(random.normal(0.03, 0.15, 3000), -1, 1))
        for rows in range(200, 3001, 200):
            seen = replace(
                facts, failed=facts.failed[:rows], requests=facts.requests[:rows], losses=facts.losses[:rows]
            )
            found = reach_verdict(seen, SHADOW, GATE)
            if found.verdict != "wait":
                promoted += found.verdict == "promote"
                break

    assert promoted <= 5
