"""In which segments has the mean loss risen more than elsewhere? One half of the rows names them, the other measures.

A segment is a condition on one column, or on two. All of them are tested on the first half, at a false discovery rate
that holds for all. The figure that is told of a segment comes from the other half, of units that the search has not
seen, so choosing the worst does not inflate it (the winner's curse; Athey & Imbens, Recursive partitioning for
heterogeneous causal effects, 2016). The search reads each row once for each pair of columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.dependence import sum_units
from refrain.statistics.homogeneity import find_discoveries
from refrain.statistics.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats
    from refrain.statistics.bins import Cells
    from refrain.statistics.loss_rise import LossRows

MIN_SEGMENT_ROWS = 30
"""Of each half of the reference and of the window; smaller segments are not looked at."""

MAX_MEASURED_SEGMENTS = 10
FALSE_SEGMENTS = 0.05
OVERLAP = 0.5
"""Of two segments that share so much of the smaller one, only the one that is surer is told."""


@dataclass(frozen=True)
class SegmentColumn:
    """A column that segments: the cell of each row, and the conditions with their cells [conditions, cells]."""

    reference: Cells
    window: Cells
    marks: NDArray[np.bool_]
    words: tuple[str, ...]

    def fold(self, reference: NDArray[np.bool_], window: NDArray[np.bool_]) -> SegmentColumn:
        """Return the column for the rows of one half."""
        return SegmentColumn(self.reference[reference], self.window[window], self.marks, self.words)


@dataclass(frozen=True)
class Segment:
    """One or two conditions, as (column, condition) by their indexes."""

    conditions: tuple[tuple[int, int], ...]

    def words(self, columns: Sequence[SegmentColumn]) -> str:
        """Name it."""
        return " and ".join(columns[column].words[condition] for column, condition in self.conditions)

    def members(self, columns: Sequence[SegmentColumn]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Mark its rows of the reference and of the window."""
        marks = [(columns[column], columns[column].marks[condition]) for column, condition in self.conditions]
        before = np.logical_and.reduce([mark[column.reference] for column, mark in marks])
        now = np.logical_and.reduce([mark[column.window] for column, mark in marks])
        return before, now


@dataclass(frozen=True)
class MeasuredSegment:
    """A segment with its share of the window and its mean loss before and now.

    `more` is by how much that rose more than in all other rows.
    """

    words: str
    share: float
    before: float
    now: float
    more: float
    interval: Interval


@dataclass(frozen=True)
class SegmentSearch:
    """The segments that surely got worse than the rest, the worst first, and how many were tested."""

    worst: list[MeasuredSegment]
    tested: int


def search_segments(
    columns: Sequence[SegmentColumn], reference: LossRows, window: LossRows, confidence: float, depth: int = 2
) -> SegmentSearch:
    """Find the segments in which the loss rose more than elsewhere, by at most `depth` columns each."""
    folds = [
        (
            [column.fold(reference.folds == fold, window.folds == fold) for column in columns],
            reference.fold(fold),
            window.fold(fold),
        )
        for fold in (0, 1)
    ]
    segments, deviations = _test_segments(*folds[0], depth)
    chances = [1 - NormalDist().cdf(deviation) for deviation in deviations]
    surely = find_discoveries(chances, FALSE_SEGMENTS)
    order = [int(number) for number in np.argsort(-deviations) if surely[number]]
    chosen = _apart([segments[number] for number in order], folds[0][0])
    measured = [_measure(segment, *folds[1], confidence) for segment in chosen]
    worst = [segment for segment in measured if segment is not None and segment.interval.low > 0]
    return SegmentSearch(sorted(worst, key=lambda segment: -segment.more), len(segments))


def _test_segments(
    columns: Sequence[SegmentColumn], reference: LossRows, window: LossRows, depth: int
) -> tuple[list[Segment], Floats]:
    """Return all segments with enough rows, and how many standard errors more their loss rose than that of the rest."""
    segments: list[Segment] = []
    deviations = [np.empty(0)]
    dependent = max(_dependence(reference), _dependence(window))
    for numbers in [group for size in range(1, depth + 1) for group in combinations(range(len(columns)), size)]:
        group = [columns[number] for number in numbers]
        before = _Sums.of([column.reference for column in group], group, reference.losses)
        now = _Sums.of([column.window for column in group], group, window.losses)
        tested = np.minimum(before.least_rows, now.least_rows) >= MIN_SEGMENT_ROWS
        rise, square = (now.rise(before), now.square + before.square)
        deviations.append((rise / np.sqrt(np.maximum(square, 1e-300) * dependent))[tested])
        segments += [Segment(tuple(zip(numbers, line, strict=True))) for line in np.argwhere(tested).tolist()]
    return segments, np.concatenate(deviations)


class _Sums:
    """Rows, losses and squared losses of all segments of one or two columns, and of the rest of the rows."""

    def __init__(self, inside: Floats, whole: Floats) -> None:
        self._parts = (inside, whole.reshape(3, *[1] * (inside.ndim - 1)) - inside)

    @classmethod
    def of(cls, cells: Sequence[Cells], columns: Sequence[SegmentColumn], losses: Floats) -> _Sums:
        shape = tuple(column.marks.shape[1] for column in columns)
        flat = np.ravel_multi_index(tuple(cells), shape)
        size = int(np.prod(shape))
        table = np.stack([np.bincount(flat, losses**power, size).reshape(shape) for power in range(3)])
        inside = table
        for axis, column in enumerate(columns, 1):
            inside = np.moveaxis(np.tensordot(column.marks.astype(np.float64), inside, (1, axis)), 0, axis)
        return cls(inside, table.reshape(3, -1).sum(axis=1))

    @property
    def least_rows(self) -> Floats:
        return np.asarray(np.minimum(self._parts[0][0], self._parts[1][0]))

    @property
    def excess(self) -> Floats:
        """By how much a segment's mean lies above that of the rest."""
        inside, outside = (part[1] / np.maximum(part[0], 1) for part in self._parts)
        return np.asarray(inside - outside)

    @property
    def square(self) -> Floats:
        """The square of its standard error; one row of the whole's variance is added to each segment's rows."""
        rows, losses, squares = self._parts[0] + self._parts[1]
        usual = squares / rows - (losses / rows) ** 2
        parts = [
            ((squares - losses**2 / np.maximum(rows, 1)) + usual) / (rows + 1) / np.maximum(rows, 1)
            for rows, losses, squares in self._parts
        ]
        return np.asarray(parts[0] + parts[1])

    def rise(self, before: _Sums) -> Floats:
        return np.asarray(self.excess - before.excess)


def _dependence(side: LossRows) -> float:
    """Return how much more the mean loss varies than that of independent rows."""
    mean, variance = float(side.losses.mean()), float(side.losses.var())
    sums, sizes = sum_units(side.losses[:, np.newaxis], side.units)
    spread = float(((sums[:, 0] - mean * sizes) ** 2).sum()) / len(side.losses)
    return max(1.0, spread / variance) if variance else 1.0


def _apart(segments: Sequence[Segment], columns: Sequence[SegmentColumn]) -> list[Segment]:
    """Keep the first segments that do not say nearly the same."""
    chosen: list[tuple[Segment, NDArray[np.bool_]]] = []
    for segment in segments:
        own = segment.members(columns)[1]
        if all((own & other).sum() <= OVERLAP * min(own.sum(), other.sum()) for _, other in chosen):
            chosen.append((segment, own))
        if len(chosen) == MAX_MEASURED_SEGMENTS:
            break
    return [segment for segment, _ in chosen]


def _measure(
    segment: Segment, columns: Sequence[SegmentColumn], reference: LossRows, window: LossRows, confidence: float
) -> MeasuredSegment | None:
    """Measure a segment on rows that did not choose it; None with too few."""
    means, square = [], 0.0
    for side, inside in zip((reference, window), segment.members(columns), strict=True):
        for rows in (inside, ~inside):
            if rows.sum() < MIN_SEGMENT_ROWS:
                return None
            means.append(float(side.losses[rows].mean()))
        influence = np.where(
            inside, (side.losses - means[-2]) / inside.sum(), -(side.losses - means[-1]) / (~inside).sum()
        )
        square += float((sum_units(influence[:, np.newaxis], side.units)[0] ** 2).sum())
    more = means[2] - means[0] - (means[3] - means[1])
    width = NormalDist().inv_cdf((1 + confidence) / 2) * square**0.5
    share = float(segment.members(columns)[1].mean())
    return MeasuredSegment(
        segment.words(columns), share, means[0], means[2], more, Interval(more - width, more + width)
    )
