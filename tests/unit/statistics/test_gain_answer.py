from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.gain_answer import answer_later, answer_to, gain_seen_by_most, rows_that_decide
from refrain.statistics.gains import MeasuredGain
from refrain.statistics.intervals import Interval, mean_interval


def measured(low: float, high: float, chance: float | None = None) -> MeasuredGain:
    sure = 0.01 if low > 0 else 0.3
    return MeasuredGain(
        (low + high) / 2, Interval(low, high), chance or sure, 0.01 if high < 0 else 0.7, (high - low) / 3
    )


@pytest.mark.parametrize(
    ("gain", "least_gain", "answer"),
    [
        (measured(0.01, 0.03), 0.0, "better"),
        (measured(0.0, 0.03, chance=0.04), 0.0, "better"),  # the exact test of ties knows it more surely
        (measured(0.01, 0.03), 0.02, "no_worse"),
        (measured(-0.004, 0.03), 0.0, "no_worse"),
        (measured(-0.004, -0.001), 0.0, "no_worse"),  # a loss, but one within the margin
        (measured(-0.006, 0.03), 0.0, "undecided"),
        (measured(-0.03, -0.001), 0.0, "worse"),
        (MeasuredGain(0.5, None, 0.2, 0.8, 0.1), 0.0, "undecided"),
    ],
)
def test_the_answer_is_what_the_interval_shows(gain: MeasuredGain, least_gain: float, answer: str) -> None:
    assert answer_to(gain, 0.005, least_gain, 0.05) == answer


@pytest.mark.parametrize(
    ("gain", "rows"),
    [
        (measured(-0.01, 0.03), 78),  # 0.015 from the margin, the nearest claim; the interval reaches 0.02
        (measured(-0.02, 0.02), 1500),
        (measured(-0.03, 0.01), 300),
    ],
)
def test_the_rows_that_decide_narrow_the_interval_to_the_nearest_claim(gain: MeasuredGain, rows: int) -> None:
    assert rows_that_decide(gain, 0.005, 0.0, 100) == pytest.approx(rows, abs=1)


def test_a_gain_of_zero_without_a_margin_is_never_decided() -> None:
    assert rows_that_decide(measured(-0.01, 0.01), 0.0, 0.0, 100) is None
    assert rows_that_decide(MeasuredGain(0.5, None, 0.2, 0.8, 0.1), 0.005, 0.0, 100) is None


def test_the_gain_that_is_seen_lies_beyond_the_interval() -> None:
    assert gain_seen_by_most(measured(-0.3, 0.3)) == pytest.approx(0.3 + 0.8416 * 0.2)
    assert gain_seen_by_most(MeasuredGain(0.5, None, 0.2, 0.8, 0.1)) is None


def compare_later(random: np.random.Generator, fall: float, rows: int) -> tuple[str, int | None]:
    """Compare hits of later rows, of which 80 % less the fall are right, with 1,000 earlier ones, by 95 % intervals."""
    samples = [(random.random(count) < share).astype(float) for count, share in ((rows, 0.8 - fall), (1000, 0.8))]
    ends = [mean_interval(values, np.arange(len(values)), 0.95) for values in samples]
    width, earlier_width = ((end.high - end.low) / 2 for end in ends)
    return answer_later(samples[0].mean() - samples[1].mean(), width, earlier_width, 0.02, rows)


@pytest.mark.parametrize("rows", [30, 200, 2000])
def test_equal_figures_are_seldom_called_different(rows: int) -> None:
    random = np.random.default_rng(rows)
    answers = [compare_later(random, 0.0, rows)[0] for _ in range(1500)]
    assert answers.count("worse") <= 0.025 * 1500 + 3 * np.sqrt(1500 * 0.025)
    assert answers.count("better") <= 0.025 * 1500 + 3 * np.sqrt(1500 * 0.025) + (30 if rows == 30 else 0)


def test_a_fall_is_seen_and_a_tolerated_one_is_none() -> None:
    random = np.random.default_rng(1)
    assert [compare_later(random, 0.1, 1000)[0] for _ in range(200)].count("worse") >= 190
    assert [compare_later(random, 0.02, 20_000)[0] for _ in range(200)].count("no_worse") <= 20


def test_as_many_rows_as_are_asked_for_decide() -> None:
    random = np.random.default_rng(2)
    decided = []
    for _ in range(300):
        answer, needed = compare_later(random, 0.1, 40)
        if answer == "undecided" and needed is not None and needed < 20_000:
            decided.append(compare_later(random, 0.1, 40 + needed)[0] != "undecided")
    assert len(decided) > 50
    assert np.mean(decided) > 0.5
