"""A half-life that a definition does not give, chosen by what ranks the newest part of the training data best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from refrain.recommenders.parameter_choice import (
    MAX_ASKED_USERS,
    MAX_CHOICE_ITEMS,
    MIN_ASKED_USERS,
    USUAL_METRIC,
    InnerSplit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import Interactions
    from refrain.recommenders.parameter_choice import Parameters

CENTURY = 36_500.0
"""A half-life in days that is as good as none."""

HALF_LIVES = (28.0, 7.0, 2.0)

MIN_SURE_GAIN = 2.0
"""Standard errors by which a half-life has to rank better than none, so that steady data keep their model."""


class Fading(Protocol):
    """An estimator that may let interactions fade."""

    half_life_days: float | None

    def can_fade(self, interactions: Interactions) -> bool:
        """Tell whether a half-life acts on what is learned, and whether there is time for it."""

    def score_half_lives(self, split: InnerSplit, half_lives: Sequence[float]) -> Iterator[NDArray[np.float32]]:
        """Score the histories of a split by a model of each half-life."""


def choose_half_life(estimator: Fading, interactions: Interactions, metric: str = USUAL_METRIC) -> Parameters:
    """Return a half-life that was not given: one that ranks the newest choices surely better than none, else a century.

    It comes before the other parameters, with the usual options of those: all at once would take too many fits.
    """
    is_timed = bool(np.isfinite(interactions.times).all())
    if estimator.half_life_days is not None or not is_timed or not estimator.can_fade(interactions):
        return {}
    split = InnerSplit.of(interactions, 0, MAX_ASKED_USERS, MAX_CHOICE_ITEMS, metric)
    if len(split.histories) < MIN_ASKED_USERS:
        return {"half_life_days": CENTURY}
    none, *fading = (split.judge(scores) for scores in estimator.score_half_lives(split, (CENTURY, *HALF_LIVES)))
    days, best = max(zip(HALF_LIVES, fading, strict=True), key=lambda pair: float(pair[1].mean()))
    gain = best - none
    is_sure = gain.mean() > MIN_SURE_GAIN * gain.std() / np.sqrt(len(gain))
    return {"half_life_days": days if is_sure else CENTURY}
