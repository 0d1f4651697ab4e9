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
    """Numbers as the model gets them. Figures are None where all are missing, which is a share; quantiles go by 5 %.

    `far` counts the rows far below and far above nearly all others, and those between. They are in `bins`, too.
    """

    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    missing: float
    quantiles: list[float]
    bins: BinCounts
    movement: list[Movement] | None = None
    far: BinCounts | None = None

    @property
    def edges(self) -> list[float]:
        """The edges of all cells: those of the bins, and where far values begin."""
        first, last = ([edge] for edge in self.far.edges) if self.far else ([], [])
        return [*first, *self.bins.edges, *last]

    @property
    def counts(self) -> list[int]:
        """The rows of all cells."""
        if self.far is None:
            return self.bins.counts
        below, _, above = self.far.counts
        inner = list(self.bins.counts)
        inner[0] -= below
        inner[-1] -= above
        return [below, *inner, above]


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
