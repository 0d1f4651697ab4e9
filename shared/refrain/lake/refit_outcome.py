"""What became of fitting a recipe once more on all rows of a run: a part of the run's evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refrain.lake.document import Document
from refrain.lake.footprint import Footprint
from refrain.lake.parity_figures import AnswerRounding, Parity

RefitFailure = Literal[
    "not_fitted", "broken", "parity_broken", "inexact", "golden_broken", "too_large", "too_slow", "too_different"
]
NotWanted = Literal["nothing_new", "recipe_gone", "recipe_refused", "recipe_worse"]
RefitCode = Literal["proved", "unproved", RefitFailure, NotWanted]


@dataclass(frozen=True)
class RefitFigures(Document):
    """The proofs of a refitted version, as far as they could be made.

    `distance` is the mean distance of its answers from those of its judged twin, on the holdout that it learned.
    `usual_distance` is that of the twin from a model one step back, on the newest training rows, which the twin
    learned. `loss` and `judged_loss` are the squared errors of both on the holdout (see `evaluation.refit_proof`).
    """

    parity: Parity
    golden: Parity
    latency_ms: float
    distance: float
    usual_distance: float
    loss: float
    judged_loss: float
    rounding: AnswerRounding | None = None


@dataclass(frozen=True)
class Prequential(Document):
    """The metric of the version in service on held-out rows that came after its `cut`, or that it had not learned.

    For a recommender, `rows` are users.
    """

    version: str
    cut: str
    rows: int
    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class RefitOutcome(Document):
    """Whether a recipe is fitted again on all rows, to be promoted or to refresh the champion, and what came of it.

    `candidate` names the recipe, and `version` the refitted version; None where no refit is wanted. A wanted one is
    "unproved" until a proof says otherwise.
    """

    purpose: Literal["promote", "refresh"]
    code: RefitCode
    reason: str
    candidate: str | None = None
    version: str | None = None
    figures: RefitFigures | None = None
    footprint: Footprint | None = None

    @property
    def has_failed(self) -> bool:
        """Tell whether it was wanted, and there is no proved version."""
        return self.version is not None and self.code != "proved"
