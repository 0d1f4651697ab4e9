"""Count the training rows by time, so that later windows are held against windows of the same hours of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.feature_profile import CategoryProfile
from refrain.lake.training_history import BlockCounts, TrainingHistory
from refrain.training.baseline import cells_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.lake.feature_profile import AnswerProfile, Profile
    from refrain.lake.version import Baseline
    from refrain.statistics.bins import Cells

BLOCK_HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 168, 672, 2688, 10752)
"""Lengths of a block: whole parts of a day, or whole weeks."""
MAX_BLOCKS = 2500
MAX_NUMBERS = 2_000_000
"""Counts of all features in a history; with int32 these are 8 MB."""
STRAY_TIMES = 0.005
"""This share of the rows at either end may lie far off, so that one mistaken year does not make blocks coarse."""


def count_history(
    definition: Definition,
    columns: Columns,
    matrix: NDArray[np.float32],
    baseline: Baseline,
    answers: NDArray[np.float64],
    holdout: Columns,
) -> TrainingHistory | None:
    """Count the training rows and the answers to the holdout in the cells of their baseline; None without a time."""
    if not definition.time:
        return None
    features = {
        name: cells_of(profile, columns[name] if isinstance(profile, CategoryProfile) else column, len(matrix))
        for (name, profile), column in zip(baseline.features.items(), matrix.T, strict=True)
    }
    profiles = _answer_profiles(baseline.predictions)
    answered = {index: cells_of(profile, answers[:, index], len(answers)) for index, profile in enumerate(profiles)}
    of_features = count_blocks(columns[definition.time], list(features.values()))
    of_answers = count_blocks(holdout[definition.time], list(answered.values()))
    return TrainingHistory(
        dict(zip(features, of_features, strict=False)), dict(zip(answered, of_answers, strict=False))
    )


def count_blocks(times: Array, columns: Sequence[Cells]) -> list[BlockCounts]:
    """Count the cells of each column by blocks of time; nothing where no row has a time.

    >>> times = np.array(["1970-01-01T00:30", "1970-01-01T02:10", "1970-01-01T02:50"], "datetime64[us]")
    >>> count_blocks(times, [np.array([0, 1, 1])])[0].rows.tolist()
    [[1, 0], [0, 0], [0, 2]]
    """
    timed = ~np.isnat(times)
    if not timed.any() or not columns:
        return []
    hours = times[timed].astype("datetime64[h]").astype(np.int64)
    first, last = (int(edge) for edge in np.quantile(hours, [STRAY_TIMES, 1 - STRAY_TIMES], method="nearest"))
    widths = [int(cells.max()) + 1 for cells in columns]
    most = min(MAX_BLOCKS, MAX_NUMBERS // sum(widths))
    length = next((hours_ for hours_ in BLOCK_HOURS if (last - first) // hours_ < most), BLOCK_HOURS[-1])
    start, count = first // length, last // length - first // length + 1
    block = hours // length - start
    inside = (block >= 0) & (block < count)
    return [
        BlockCounts(start, length, _count(block[inside], cells[timed][inside], count, width))
        for cells, width in zip(columns, widths, strict=True)
    ]


def _count(blocks: Cells, cells: Cells, count: int, width: int) -> NDArray[np.int64]:
    return np.bincount(blocks * width + cells, minlength=count * width).reshape(count, width)


def _answer_profiles(answers: AnswerProfile) -> list[Profile]:
    """Return the profile of each column of answers."""
    if answers.values is not None:
        return [answers.values]
    return list((answers.probabilities or {}).values())
