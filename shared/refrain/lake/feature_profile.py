"""What training saw of each feature and what a version answered on the holdout: the parts of its baseline."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document


@dataclass(frozen=True)
class BinCounts(Document):
    """Rows by cell: below the first edge, from each edge to the next, and from the last edge on."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True)
class Movement(Document):
    """How much the shares of blocks of `rows` consecutive rows differ: a design effect and its degrees of freedom."""

    rows: int
    effect: float
    freedom: int


@dataclass(frozen=True)
class NumberProfile(Document):
    """Numbers as the model gets them. Figures are None where all are missing, which is a share; quantiles go by 5 %."""

    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    missing: float
    quantiles: list[float]
    bins: BinCounts
    movement: list[Movement] | None = None


@dataclass(frozen=True)
class CategoryProfile(Document):
    """Rows by value, the most frequent values first; `other` counts the rows of the rest, `once` all unique values."""

    counts: dict[str, int]
    other: int
    once: int
    missing: float
    movement: list[Movement] | None = None


type Profile = NumberProfile | CategoryProfile


@dataclass(frozen=True)
class AnswerProfile(Document):
    """The answers to the holdout: `values`, or shares of the predicted `labels` and the `probabilities` by class."""

    rows: int
    values: NumberProfile | None = None
    labels: dict[str, float] | None = None
    probabilities: dict[str, NumberProfile] | None = None


@dataclass(frozen=True)
class Turnover(Document):
    """How many of the newest interactions were of items that training did not know."""

    rows: int
    profile: CategoryProfile
