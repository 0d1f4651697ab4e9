"""Joins predictions with their labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects, prepare
from refrain.lake.capture.reading import Captured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Array, Definition, Problem
    from refrain.lake.label import Label


@dataclass(frozen=True)
class LabelledPredictions:
    """The predictions that have a label, in the order of ids, and the rest of both sides.

    `values` are the labels as they were sent (object array of JSON values), `received` their times (datetime64[us]).
    `unmatched` are the ids of labels without a captured prediction, sorted; `unlabelled` counts the predictions without
    a label.
    """

    captured: Captured
    values: Array = field(repr=False)
    received: Array = field(repr=False)
    unmatched: tuple[str, ...] = field(repr=False)
    unlabelled: int

    def __len__(self) -> int:
        """Count the predictions that have a label."""
        return len(self.captured)

    @property
    def delays(self) -> Array:
        """The time from each prediction to its label: float64, in seconds."""
        return np.asarray((self.received - self.captured.times) / np.timedelta64(1, "s"), np.float64)

    def target(self, definition: Definition) -> tuple[Array, list[Problem]]:
        """Read the labels as a typed column, by the definition of the target; those that it refuses are missing."""
        name = definition.target
        columns, problems = prepare(definition, {name: self.values}, len(self), columns=[name])
        return columns[name], problems


def join_labels(captured: Captured, labels: Mapping[str, Label]) -> LabelledPredictions:
    """Join predictions and labels by the prediction's id. A late label counts like any other."""
    rows = [row for row in captured.rows if row.id in labels]
    matches = [labels[row.id] for row in rows]
    return LabelledPredictions(
        captured=Captured(rows, captured.damaged),
        values=objects([label.value for label in matches]),
        received=np.array([label.received_at for label in matches], "datetime64[us]"),
        unmatched=tuple(sorted(labels.keys() - {row.id for row in rows})),
        unlabelled=len(captured) - len(rows),
    )
