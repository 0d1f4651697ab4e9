"""Windows of the training data like the one that is judged: of the same length, and at the same hours of the week.

Seasons are no drift. A window of Saturday is held against the Saturdays of training, and it has drifted only if it
differs from them by more than any window of training differed from those at its own hours. Which hours are alike (those
of a week, of a day, or all) is what fits the features of the window best: rows may be asked about at other hours than
those they belong to, and then the season is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.design_effect import INDEPENDENT, NORMAL_99, DesignEffect, chi_squared_deviation
from refrain.statistics.homogeneity import pearson_statistic
from refrain.statistics.shifts import Contrasts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.training_history import BlockCounts
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.windows import Window
    from refrain.statistics.homogeneity import Counts
    from refrain.statistics.shifts import Floors

    type Pair = tuple[Reference, Counts]
    """A reference, and a window's counts in its cells."""

PERIODS = (168, 24, 0)
"""After so many hours the same hours come again; 0: all hours are alike."""
MIN_CYCLES = 3
MIN_WINDOWS = 10
"""With fewer windows than this nobody knows how far windows go."""
MAX_WINDOWS = 100
MIN_WINDOW_ROWS = 10
MIN_MATCHED_ROWS = 200
MAX_MISFIT = 6.0
CLEAR_MISFIT = 4.0
"""Hours of the week are left for hours of the day, and these for all hours, where they fit so much worse."""


@dataclass(frozen=True)
class TrainingWindows:
    """Windows of training [windows, cells], and for each of them the `rest` of training at the same hours."""

    rows: Counts
    rest: Counts
    ordered: bool

    def design_effect(self, rows: int) -> DesignEffect:
        """Return by how much more than by chance windows differ from the rest, for a window of so many rows.

        It is carried over from the length of these windows by the correlation of rows (Kish 1965). The degrees of
        freedom follow from its spread over the windows (Satterthwaite 1946): where all cells move together, few.
        """
        squares, freedom = self._squares
        if chi_squared_deviation(np.array([squares.sum()]), float(freedom.sum()))[0] <= NORMAL_99:
            return INDEPENDENT
        ratios = squares / freedom
        correlation = (squares.sum() / freedom.sum() - 1) / max(float(self.rows.sum(axis=1).mean()) - 1, 1.0)
        effective = 4 * ratios.mean() ** 2 / max(float(ratios.var()), 1e-9)
        return DesignEffect(float(max(1.0, 1 + (rows - 1) * correlation)), max(2, round(min(float(effective), 1000.0))))

    def greatest_shift(self, floors: Floors) -> float:
        """Return how far one of them surely shifted, in multiples of the floor."""
        return max(
            Contrasts.of(rest, ordered=self.ordered).shift_of(rows, floors).sure
            for rows, rest in zip(self.rows, self.rest, strict=True)
        )

    @cached_property
    def _squares(self) -> tuple[Counts, Counts]:
        """Pearson's statistic of each window, and its degrees of freedom."""
        statistics = [
            pearson_statistic(rows[np.newaxis], rows + rest, int(rows.sum()))[0]
            for rows, rest in zip(self.rows, self.rest, strict=True)
        ]
        freedom = np.maximum(((self.rows + self.rest) > 0).sum(axis=1) - 1, 1)
        return np.array(statistics), freedom


def match_hours(pairs: Sequence[Pair], window: Window) -> list[Pair]:
    """Let references with a history be those of training at the hours of a window."""
    matched = {period: [_match(reference, window, period) for reference, _ in pairs] for period in PERIODS}
    misfits = {period: _misfit(matched[period], pairs) for period in PERIODS}
    best = next(period for period in PERIODS if misfits[period] <= min(misfits.values()) + CLEAR_MISFIT)
    return [(match or reference, counts) for match, (reference, counts) in zip(matched[best], pairs, strict=True)]


def _misfit(matches: Sequence[Reference | None], pairs: Sequence[Pair]) -> float:
    """Sum how badly features fit, but for the worst one, which may have drifted; no history at these hours is worse."""
    misfits = []
    for match, (reference, counts) in zip(matches, pairs, strict=True):
        if match is not None:
            pooled, rows = match.counts + counts, int(counts.sum())
            squares = pearson_statistic(counts[np.newaxis], pooled, rows) / match.design_effect(rows).ratio
            freedom = max(int(np.count_nonzero(pooled)) - 1, 1)
            misfits.append(float(chi_squared_deviation(squares, freedom)[0].clip(0.0, MAX_MISFIT)))
        elif reference.history:
            misfits.append(2 * MAX_MISFIT)
    return sum(sorted(misfits)[:-1] if len(misfits) > 1 else misfits)


def window_blocks(history: BlockCounts, window: Window) -> int:
    """Return how many blocks of a history are as long as a window."""
    return max(1, round((window.until - window.since).total_seconds() / 3600 / history.hours))


def history_rows(reference: Reference) -> Counts:
    """Return the counts of a history [blocks, cells], in all cells of its reference."""
    assert reference.history
    rows = reference.history.rows
    return np.pad(rows, ((0, 0), (0, len(reference.counts) - rows.shape[1])))


def sum_windows(reference: Reference, length: int) -> Counts:
    """Return the counts [windows, cells] of all windows of so many blocks in a history, one for each first block."""
    rows = history_rows(reference)
    sums = np.vstack([np.zeros((1, rows.shape[1]), dtype=np.int64), np.cumsum(rows, axis=0)])
    windows: Counts = sums[length:] - sums[:-length]
    return windows


def _match(reference: Reference, window: Window, period: int) -> Reference | None:
    """Return the reference at the hours of a window; None if its history cannot show them."""
    history = reference.history
    if history is None:
        return None
    since = window.since.timestamp() / 3600 / history.hours
    length = window_blocks(history, window)
    blocks, cycle = len(history.rows), period // history.hours
    if length > blocks or (period and (period % history.hours or cycle < length or blocks < MIN_CYCLES * cycle)):
        return None
    windows = sum_windows(reference, length)
    first = round(since) - history.start
    if not cycle:
        every_row = history_rows(reference).sum(axis=0)[np.newaxis]
        return _with_windows(reference, windows, first % length, length, every_row, 1, first)
    of_phases = np.stack([windows[phase::cycle].sum(axis=0) for phase in range(cycle)])
    return _with_windows(reference, windows, first % length, length, of_phases, cycle, first)


def _with_windows(
    reference: Reference, windows: Counts, offset: int, length: int, of_phases: Counts, cycle: int, first: int
) -> Reference | None:
    """Choose the windows nearest to the hours of the judged one, which begins with block `first`, the newest first."""
    starts = np.arange(offset, len(windows), length)
    distance = (starts - first) % cycle
    order = np.lexsort((-starts, np.minimum(distance, cycle - distance)))
    chosen, rest = windows[starts], of_phases[starts % cycle] - windows[starts]
    enough = (chosen.sum(axis=1) >= MIN_WINDOW_ROWS) & (rest.sum(axis=1) >= MIN_WINDOW_ROWS)
    order = order[enough[order]][:MAX_WINDOWS]
    matched = of_phases[first % cycle]
    if len(order) < MIN_WINDOWS or matched.sum() < MIN_MATCHED_ROWS:
        return None
    own = TrainingWindows(chosen[order], rest[order], ordered=not reference.category)
    return replace(reference, counts=matched, own_windows=own)
