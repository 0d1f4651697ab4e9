"""How often monitoring raises false alarms, and how seldom it misses drift, by simulation of 30 features.

`REFRAIN_WINDOWS` sets how many windows are simulated for each number of rows. The ordinary test run simulates few, and
the bounds below allow for chance at that number. Run alone, it prints the shares:

    REFRAIN_WINDOWS=2000 python -m pytest tests/simulation/test_no_false_alarms.py -s
"""

from __future__ import annotations

import os
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import objects
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.reference import Reference
from refrain.training.baseline import profile_category, profile_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.lake.judged_window import Distribution

WINDOWS = int(os.environ.get("REFRAIN_WINDOWS", "25"))
FEATURES = 30
TRAINING_ROWS = 5000
ALLOWED = 0.01
NEEDED = 0.95
FLOOR = 0.1

type Make = Callable[[np.random.Generator, int], np.ndarray[Any, Any]]


def gappy(random: np.random.Generator, rows: int) -> np.ndarray[Any, Any]:
    return np.where(random.random(rows) < 0.2, np.nan, random.normal(size=rows))


KINDS: dict[str, Make] = {
    "continuous": lambda random, rows: random.normal(size=rows),
    "heavy-tailed": lambda random, rows: random.standard_t(3, size=rows),
    "zero-inflated": lambda random, rows: np.where(random.random(rows) < 0.6, 0.0, random.lognormal(size=rows)),
    "with missing": gappy,
    "counts": lambda random, rows: random.poisson(2, rows).astype(np.float64),
    "boolean": lambda random, rows: (random.random(rows) < 0.3).astype(np.float64),
    "few categories": lambda random, rows: objects([f"c{each}" for each in random.integers(0, 6, rows)]),
    "many categories": lambda random, rows: objects([f"c{each}" for each in random.zipf(1.4, rows).clip(max=10**9)]),
}
NUMBERS = [name for name in KINDS if not name.endswith("categories")]


def kind_of(feature: int) -> str:
    return list(KINDS)[feature % len(KINDS)]


def references(random: np.random.Generator) -> list[Reference]:
    """Describe training rows as training does."""
    made = []
    for feature in range(FEATURES):
        values = KINDS[kind_of(feature)](random, TRAINING_ROWS)
        profile = profile_category(values) if values.dtype == object else profile_number(values)
        made.append(Reference.of(f"{feature} {kind_of(feature)}", profile, TRAINING_ROWS))
    return made


def window(
    random: np.random.Generator, known: list[Reference], rows: int, *, shifted: int | None = None, least: float = FLOOR
) -> list[Distribution]:
    """Judge one window, in which one feature may be shifted by half a standard deviation."""
    counted = []
    for feature, reference in enumerate(known):
        values = KINDS[kind_of(feature)](random, rows)
        if feature == shifted:
            values = values + 0.5 * np.nanstd(values)
        counted.append((reference, reference.count(values)))
    return [test.distribution for test in compare_distributions(counted, [], least_effect=least, importance={})]


def chance_of_at_most(found: int, of: int, share: float) -> float:
    return sum(comb(of, each) * share**each * (1 - share) ** (of - each) for each in range(found + 1))


@pytest.mark.parametrize("rows", [30, 100, 500, 5000])
def test_at_most_one_window_in_a_hundred_alarms_while_nothing_drifts(rows: int) -> None:
    random = np.random.default_rng(rows)
    alarms = above_floor = 0
    for place in range(WINDOWS):
        if place % 10 == 0:
            known = references(random)
        distributions = window(random, known, rows, least=0.0)
        drifted = [each.effect for each in distributions if each.drifted]
        alarms += bool(drifted)
        above_floor += any(effect >= FLOOR for effect in drifted)

    print(f"\n{rows} rows: {above_floor} of {WINDOWS} windows alarmed, {alarms} if there were no floor")
    assert chance_of_at_most(alarms - 1, WINDOWS, ALLOWED) < 0.999, "more than chance would do at a rate of 1 %"


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_shift_of_half_a_standard_deviation_in_one_feature_is_found_at_500_rows(kind: str) -> None:
    random = np.random.default_rng(len(kind))
    shifted = list(KINDS).index(kind)
    found = 0
    for place in range(WINDOWS):
        if place % 10 == 0:
            known = references(random)
        moved = window(random, known, 500, shifted=shifted)
        found += any(each.drifted and each.name == known[shifted].name for each in moved)

    print(f"\n{kind}: {found} of {WINDOWS} shifts found")
    assert chance_of_at_most(found, WINDOWS, NEEDED) > 0.001, "fewer than chance would do at a share of 95 %"
