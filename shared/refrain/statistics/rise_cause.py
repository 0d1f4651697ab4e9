"""The cause of a rise of the mean loss: changed inputs or a changed meaning, and the feature that stands first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.statistics.changed_meaning import feature_of_meaning
from refrain.statistics.loss_rise import rise_deviation, split_rise
from refrain.statistics.moved_rows import changed_features, measure_log_ratios, share_cells

if TYPE_CHECKING:
    from collections.abc import Collection

    from refrain.statistics.loss_rise import LossRows, RiseSplit

SURELY_RISEN = 2.6
"""So many standard errors the loss must have risen before anything is named: by chance one window in 200 does."""


@dataclass(frozen=True)
class RiseCause:
    """The parts of a rise, and the feature by which the meaning changed most, None where no feature tells."""

    split: RiseSplit
    by_meaning: int | None

    @property
    def meaning_first(self) -> bool:
        """Tell whether more of the rise came with a changed meaning than with the inputs of any one feature."""
        greatest = max((part.value for part in self.split.features.values()), default=0.0)
        return self.split.meaning.value >= greatest

    @property
    def first(self) -> int | None:
        """The feature that stands first."""
        return self.by_meaning if self.meaning_first else next(iter(self.split.features))


def find_cause(
    reference: LossRows, window: LossRows, confidence: float, ignore: Collection[int] = ()
) -> RiseCause | None:
    """Find why the window's mean loss is greater than the reference's; None where it surely is not.

    Features to `ignore` are no cause, by their index: the calendar moves on, and a model may not rely on a column.
    """
    if rise_deviation(reference, window) < SURELY_RISEN:
        return None
    shared = share_cells(reference.matrix, window.matrix)
    changed = [feature for feature in changed_features(shared) if feature not in ignore]
    ratios = measure_log_ratios(shared, changed, (reference.folds, window.folds))
    split = split_rise(reference, window, ratios, confidence)
    losses, errors = (reference.losses, window.losses), (reference.errors, window.errors)
    return RiseCause(split, feature_of_meaning(shared, losses, errors, split.stayed))
