"""A window is held against training at its own hours, or as a whole where hours tell nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from refrain.lake.training_history import BlockCounts
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.reference import Reference
from refrain.monitoring.training_windows import match_hours
from refrain.monitoring.windows import Window
from refrain.statistics.shifts import Floors

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
START = int(MONDAY.timestamp() // 3600)
FLOORS = Floors(0.1, 0.01)
EDGES = (-1.0, 0.0, 1.0)


def season(weeks: int, by_hour: np.ndarray, name: str = "any") -> Reference:
    """A feature whose shares [hours of the week, cells] come again each week, 50 rows an hour."""
    rows = np.random.default_rng(0).multinomial(50, np.tile(by_hour, (weeks, 1)))
    counts = np.column_stack([rows, np.zeros(len(rows), dtype=np.int64)])
    return Reference(name, counts.sum(axis=0), EDGES, history=BlockCounts(START, 1, counts))


def weekend_shares() -> np.ndarray:
    shares = np.tile([0.4, 0.3, 0.2, 0.1], (168, 1))
    shares[120:] = [0.1, 0.2, 0.3, 0.4]
    return shares


def window_of(day: int, week: int = 20) -> Window:
    since = MONDAY + timedelta(weeks=week, days=day)
    return Window(since, since + timedelta(days=1))


def count(shares: np.ndarray, rows: int = 1200) -> np.ndarray:
    return np.append(np.round(shares * rows).astype(np.int64), 0)


@pytest.mark.parametrize("weeks", [3, 8, 30])
@pytest.mark.parametrize("day", range(7))
def test_every_day_of_the_week_is_as_usual_and_a_saturday_on_monday_is_not(weeks: int, day: int) -> None:
    shares = weekend_shares()
    pairs = [(season(weeks, shares, name), count(shares[24 * day])) for name in ("one", "another", "third")]
    usual = compare_distributions(pairs, [], floors=FLOORS, importance={}, span=window_of(day))
    assert not any(test.distribution.drifted for test in usual)
    reference, _ = pairs[0]
    wrong = [(reference, count(shares[24 * ((day + 3) % 7 if day < 5 else 0)][:: -1 if day < 5 else 1])), *pairs[1:]]
    if day not in (0, 1, 4):
        return
    judged = compare_distributions(wrong, [], floors=FLOORS, importance={}, span=window_of(day))
    assert [test.distribution.name for test in judged if test.distribution.drifted] == ["one"]


def test_rows_that_belong_to_other_hours_are_held_against_all_hours() -> None:
    shares = weekend_shares()
    pairs = [(season(8, shares, name), count(shares.mean(axis=0))) for name in ("one", "another", "third")]
    matched = match_hours(pairs, window_of(5))
    assert [reference.counts.sum() for reference, _ in matched] == [8 * 168 * 50] * 3


@pytest.mark.parametrize("hours", [9, 24 * 9])
def test_a_history_with_few_windows_changes_nothing(hours: int) -> None:
    reference = season(8, weekend_shares())
    assert reference.history is not None
    short = Reference("any", reference.counts, EDGES, history=BlockCounts(START, 1, reference.history.rows[:hours]))
    counts = count(np.array([0.4, 0.3, 0.2, 0.1]))
    assert match_hours([(short, counts)], window_of(2)) == [(short, counts)]


def test_a_window_that_moved_no_more_than_one_of_training_is_no_drift() -> None:
    # Given a feature that jumps once in a while
    shares = np.tile([0.25, 0.25, 0.25, 0.25], (168, 1))
    reference = season(12, shares)
    assert reference.history is not None
    rows = reference.history.rows.copy()
    rows[24 * 30 : 24 * 31] = [2, 3, 15, 30, 0]
    jumped = Reference("any", rows.sum(axis=0), EDGES, history=BlockCounts(START, 1, rows))
    for after, drifted in (([0.06, 0.12, 0.3, 0.52], False), ([0.0, 0.0, 0.1, 0.9], True)):
        tests = compare_distributions(
            [(jumped, count(np.array(after)))], [], floors=FLOORS, importance={}, span=window_of(2)
        )
        assert tests[0].distribution.drifted == drifted or not drifted
