"""Labelled predictions as metrics take them: truth and answers over all classes, and which rows are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import aligned, class_labels, class_numbers
from refrain.statistics.dependence import number_blocks, number_units
from refrain.statistics.metrics import choose_metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.lake.observed_rows import ObservedRows
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.window_statistics import LabelledSample
    from refrain.statistics.metrics import Metric


@dataclass(frozen=True)
class LabelledAnswers:
    """Truth and answers [rows, classes] or [rows, 1]; classes that only labels have come after the version's own."""

    truth: Truth
    answers: Floats
    classes: tuple[str, ...]

    @classmethod
    def of(cls, version: ServedVersion, labelled: LabelledSample) -> LabelledAnswers:
        """Read those of labelled predictions."""
        target, answers = labelled.truth, labelled.rows.answers
        if not version.classes:
            return cls(target.astype(np.float64), answers, ())
        labels = class_labels(version.definition.columns[version.definition.target], target)
        classes = (*version.classes, *sorted({*labels.tolist()} - {*version.classes}))
        return cls(class_numbers(labels, classes), aligned(answers, version.classes, classes), classes)

    def metric(self, version: ServedVersion, definition: Definition) -> Metric:
        """Return the present definition's metric, as every figure of the version is computed."""
        return choose_metric(definition.training.metric, self.classes, version.positive, definition.decision.cost)


def number_observed_units(version: ServedVersion, rows: ObservedRows, values: Floats) -> NDArray[np.int64]:
    """Number the unit of each row: its entity, or else a block of rows in the order of time.

    Neighbours are alike for as long as on the holdout: a fall within the window lasts, too.
    """
    if version.definition.training.group or version.definition.key:
        return number_units(rows.entities, None, values[:, np.newaxis])
    return number_blocks(rows.times, version.evaluated.figures.block if version.evaluated else 1)
