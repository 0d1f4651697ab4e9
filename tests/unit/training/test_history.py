"""The history of training: every row in its block, bounded, and the same after it was stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import encode, parse_definition
from refrain.lake.training_history import TrainingHistory
from refrain.monitoring.reference import feature_references
from refrain.training.baseline import make_baseline
from refrain.training.history import MAX_BLOCKS, MAX_NUMBERS, count_blocks, count_history
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn, Learned

DERIVED = {"days": {"from": "at", "make": "days"}, "hour": {"from": "at", "make": "hour"}}


@pytest.mark.parametrize("days", [1, 60, 400, 4000, 90_000])
@pytest.mark.parametrize("columns", [1, 200])
def test_the_blocks_hold_nearly_all_rows_and_are_bounded(days: int, columns: int) -> None:
    random = np.random.default_rng(days)
    seconds = np.sort(random.integers(0, days * 86_400, 3000))
    times = np.datetime64("1990-01-01", "us") + seconds * np.timedelta64(1, "s")
    times[7] = np.datetime64("NaT", "us")
    cells = [random.integers(0, 12, 3000) for _ in range(columns)]

    blocks = count_blocks(times, cells)

    assert sum(block.rows.size for block in blocks) <= MAX_NUMBERS
    assert all(len(block.rows) <= MAX_BLOCKS and block.rows.sum() >= 0.98 * 3000 for block in blocks)
    first = blocks[0].start * blocks[0].hours
    assert abs(first - times[0].astype("datetime64[h]").astype(np.int64)) <= max(blocks[0].hours, days * 24 * 0.02)


def test_one_mistaken_year_does_not_make_blocks_coarse() -> None:
    times = np.datetime64("2026-01-01", "us") + np.arange(2000) * np.timedelta64(1, "h")
    times[0] = np.datetime64("1900-01-01", "us")
    assert count_blocks(times, [np.zeros(2000, dtype=np.int64)])[0].hours == 1


def test_rows_without_times_have_no_history() -> None:
    assert count_blocks(np.full(3, np.datetime64("NaT", "us")), [np.zeros(3, dtype=np.int64)]) == []


def timed(learned: Learned) -> Learned:
    """The same rows with a time column."""
    document = {**learned.definition.document, "time": "at", "derived": DERIVED}
    definition = parse_definition("timed", document, "timed.toml")
    matrix = encode(definition, learned.vocabularies, learned.columns)
    return replace(learned, definition=definition, matrix=matrix)


def test_the_history_of_a_version_adds_up_to_its_baseline_and_stays_the_same_in_the_lake(learn: Learn) -> None:
    learned = timed(learn(0))
    answers = np.random.default_rng(0).normal(size=(len(learned.matrix), 1))
    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, None, answers, learned.columns)

    history = count_history(learned.definition, learned.columns, learned.matrix, baseline, answers, learned.columns)

    assert history is not None
    for reference in feature_references(baseline, ()):
        total = history.features[reference.name].rows.sum(axis=0)
        assert np.abs(reference.counts[: len(total)] - total).sum() <= 0.15 * baseline.rows  # without a time, or stray
    lake = Lake()
    history.write(lake, "timed", "v1")
    stored = TrainingHistory.read(lake, "timed", "v1")
    assert list(stored.features) == list(history.features) and list(stored.answers) == list(history.answers)
    for before, after in zip(history.features.values(), stored.features.values(), strict=True):
        width = before.rows.shape[1]
        assert (before.start, before.hours) == (after.start, after.hours)
        assert (after.rows[:, :width] == before.rows).all() and not after.rows[:, width:].any()
    assert not TrainingHistory.read(lake, "timed", "older").features


def test_a_feature_that_only_tells_the_time_is_named(learn: Learn) -> None:
    learned = timed(learn(0))
    answers = np.zeros((len(learned.matrix), 1))
    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, None, answers, learned.columns)
    assert baseline.calendar == ("days",)
