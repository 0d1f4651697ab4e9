"""Segments of a window in which a model got worse, or in which inputs drifted: parts of a monitoring report."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document


@dataclass(frozen=True)
class SegmentFigure(Document):
    """A segment, named by its conditions, its share of the rows, and its mean loss on the holdout and in the window.

    Its loss rose by `more` than that of all other rows, with the interval `low` to `high`.
    """

    name: str
    share: float
    before: float
    now: float
    more: float
    low: float
    high: float


@dataclass(frozen=True)
class SegmentFigures(Document):
    """The segments that surely got worse than the rest, the worst first, of so many `tested`.

    `loss` is what is measured in them. `rows` are labelled rows of the window.
    """

    loss: str
    rows: int
    tested: int
    worst: tuple[SegmentFigure, ...] = ()


@dataclass(frozen=True)
class SegmentDrift(Document):
    """A segment in which a feature changed otherwise than in the rest of the rows.

    `share` is the segment's of the rows, `p` the probability of such a difference by chance, `effect` its size.
    """

    name: str
    share: float
    feature: str
    p: float
    effect: float
