"""What a version's answers to the rows that judged it leave for its service: the rows, and how far off answers were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encode import encode_features
from refrain.conformal import answer_errors, error_bound, ranked_errors, set_lengths
from refrain.lake.calibration_errors import CalibrationErrors
from refrain.lake.evaluation import ToldUncertainty
from refrain.lake.judged_rows import MAX_KEPT_ROWS, JudgedRows
from refrain.lake.packed_columns import fit_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Columns
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store
    from refrain.lake.version import Manifest


@dataclass(frozen=True)
class AnsweredHoldout:
    """A version's `answers` to all rows that were held out, in the order of its own `classes`.

    `truth` has the rows at the places `compared` alone, as numbers of `all_classes` or as values.
    """

    classes: Sequence[str]
    answers: Floats
    truth: Truth
    all_classes: Sequence[str]
    compared: NDArray[np.int64] | slice

    def by_own_classes(self) -> tuple[Truth, NDArray[np.bool_]]:
        """Return the truth by the version's own classes, and mark the rows whose class it knows."""
        if not self.classes:
            return self.truth, np.ones(len(self.truth), bool)
        own = {label: number for number, label in enumerate(self.classes)}
        numbers = np.array([own.get(label, -1) for label in self.all_classes])[self.truth.astype(np.int64)]
        return numbers, numbers >= 0


def keep_judged(store: Store, manifest: Manifest, held_out: Columns, judged: AnsweredHoldout) -> None:
    """Write rows at equal distances, at most `MAX_KEPT_ROWS`, and the errors of the answers to them."""
    definition = manifest.parse_definition()
    truth, has_class = judged.by_own_classes()
    usable = np.flatnonzero(has_class)
    chosen = usable[np.linspace(0, len(usable) - 1, min(len(usable), MAX_KEPT_ROWS)).astype(np.int64)]
    rows = np.arange(len(judged.answers))[judged.compared][chosen]
    columns = {name: column[rows] for name, column in fit_to(definition, held_out).items()}
    kept = JudgedRows(
        matrix=encode_features(definition, manifest.vocabularies, columns),
        truth=truth[chosen],
        answers=judged.answers[rows],
        times=held_out[definition.time][rows] if definition.time else None,
    )
    kept.write(store, manifest)
    errors = CalibrationErrors(len(kept), tuple(ranked_errors(answer_errors(kept.truth, kept.answers))))
    errors.write(store, manifest.model, manifest.version)


def tell_uncertainty(coverage: float, truth: Truth, answers: Floats) -> ToldUncertainty | None:
    """Return what answers would tell of their uncertainty, if the holdout were all that is known of their errors."""
    bound = error_bound(ranked_errors(answer_errors(truth, answers)), 1 - coverage)
    if bound is None:
        return None
    labels = float(set_lengths(answers, bound).mean()) if answers.shape[1] > 1 else None
    return ToldUncertainty(coverage, bound, labels)
