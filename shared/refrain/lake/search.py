"""The search for a candidate's parameters: each part of it tries some, and training takes the best of all.

snapshots/<model>/<run>/searches/<candidate>/<part>.json   what one part tried
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refrain.lake.document import Document, StoredDocument
from refrain.lake.snapshot import snapshot_key

if TYPE_CHECKING:
    from refrain.aws.storage import Store

TRIALS_OF_A_PART = 5
"""A part has the function's time for so many."""


@dataclass(frozen=True)
class SearchTrial(Document):
    """Parameters, and the metric on each fold; one that failed has the `error` instead."""

    number: int
    parameters: dict[str, str | bool | int | float]
    values: list[float] = field(default_factory=list)
    error: str | None = None

    @property
    def mean(self) -> float:
        """The figure by which trials are compared."""
        return sum(self.values) / len(self.values)


@dataclass(frozen=True)
class SearchPart(StoredDocument):
    """What one part of a search tried."""

    path = "snapshots/{}/{}/searches/{}/{}.json"

    trials: list[SearchTrial]


@dataclass(frozen=True)
class SearchResult(Document):
    """All trials of a search in their order, and the number of those it was to make; `best` is one of them."""

    trials: list[SearchTrial]
    asked: int
    best: int | None = None

    @property
    def best_trial(self) -> SearchTrial | None:
        """The trial whose parameters are taken."""
        return next((trial for trial in self.trials if trial.number == self.best), None)


def count_parts(trials: int) -> int:
    """Return over how many invocations trials are spread."""
    return -(-trials // TRIALS_OF_A_PART)


def read_search_result(
    store: Store, model: str, run: str, candidate: str, asked: int, *, greater_is_better: bool
) -> SearchResult:
    """Gather what the parts of a search tried; a part that failed has none."""
    keys = store.keys(snapshot_key(model, run, f"searches/{candidate}/"))
    parts = [SearchPart.from_json(store.read_json(key)) for key in keys]
    trials = sorted((trial for part in parts for trial in part.trials), key=lambda trial: trial.number)
    compared = [trial for trial in trials if trial.values]
    choose = max if greater_is_better else min
    best = choose(compared, key=lambda trial: trial.mean).number if compared else None
    return SearchResult(trials, asked, best)
