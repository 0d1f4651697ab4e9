"""Predictions whose true outcome was sent later, as rows to learn from beside the uploaded ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import decode, is_missing, missing, objects, prepare
from refrain.lake.capture.predictions import Captured, LabelledPredictions, join_labels, read_captured
from refrain.lake.capture.record import asked_at
from refrain.lake.label import read_labels
from refrain.lake.snapshot import LabelCounts, LabelReason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition, Problem
    from refrain.aws.storage import Store

MAX_REASONS = 10


@dataclass(frozen=True)
class LabelledRows:
    """Typed columns of labelled predictions, in the order in which their labels came.

    `arrived` (when the label that counts was first sent) and `predicted` are datetime64[us]; `identities` name each row
    and its label. `counts` has all labels of the model, also those without a row: a label without a captured prediction
    is unmatched, a row that the definition refuses, for example for a key that was not sent, is unusable.
    """

    columns: Columns
    arrived: Array
    predicted: Array
    identities: Array
    counts: LabelCounts

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.arrived)

    @property
    def digest(self) -> str:
        """Name the rows and their labels: SHA-256, hex."""
        return hashlib.sha256("\n".join(self.identities.tolist()).encode()).hexdigest()

    def select(self, chosen: NDArray[np.bool_]) -> LabelledRows:
        """Return the chosen rows."""
        arrays = {name: getattr(self, name)[chosen] for name in ("arrived", "predicted", "identities")}
        return replace(self, columns={name: array[chosen] for name, array in self.columns.items()}, **arrays)


_NEVER = np.empty(0, "datetime64[us]")
NO_LABELS = LabelledRows({}, _NEVER, _NEVER, np.empty(0, object), LabelCounts(0, 0, 0, 0, []))
"""The rows where nothing is labelled."""


def read_labelled(store: Store, definition: Definition) -> LabelledRows:
    """Read all labels of a model and their predictions, and make rows of them."""
    labels = read_labels(store, definition.model)
    times = [time for time in map(asked_at, labels) if time]  # without any, no label belongs to a prediction
    captured = read_captured(store, definition.model, min(times), only=labels) if times else Captured([])
    return labelled_rows(definition, join_labels(captured, labels))


def labelled_rows(definition: Definition, joined: LabelledPredictions) -> LabelledRows:
    """Make rows of labelled predictions.

    A row has the inputs of the prediction, the key and time, and the target; other columns are missing. Its event time
    is the one that was sent, else the time of the prediction. But where the time is part of the key it must have been
    sent: without it nobody knows which row this is.
    """
    names = list(dict.fromkeys((*definition.inputs, *definition.key, *([definition.time] if definition.time else []))))
    raw = joined.captured.raw(names) | {definition.target: joined.values}
    if definition.time and definition.time not in definition.key:
        raw[definition.time] = _event_times(definition, raw[definition.time], joined.captured.times)
    columns, problems = prepare(definition, raw, len(joined), columns=[*names, definition.target])
    absent = {name: missing(column.kind, len(joined)) for name, column in definition.columns.items()}
    in_order = np.argsort(joined.received, kind="stable")
    kept = in_order[~np.isin(in_order, [problem.row for problem in problems])]
    labels = zip(joined.captured.ids, joined.received.tolist(), joined.values.tolist(), strict=True)
    identities = objects([json.dumps([name, str(received), value]) for name, received, value in labels])
    counts = LabelCounts(
        rows=len(kept),
        labels=len(joined) + len(joined.unmatched),
        unmatched=len(joined.unmatched),
        unusable=len(joined) - len(kept),
        reasons=_count_reasons(problems),
    )
    columns_of_kept = {name: array[kept] for name, array in (absent | dict(columns)).items()}
    return LabelledRows(columns_of_kept, joined.received[kept], joined.captured.times[kept], identities[kept], counts)


def _event_times(definition: Definition, sent: Array, predicted: Array) -> Array:
    """Fill in the time of the prediction where no event time was sent; a text that is no time stays, to be refused."""
    name = definition.time
    typed, problems = decode(definition, {name: sent}, len(sent), columns=[name])
    absent = is_missing(typed[name])
    absent[[problem.row for problem in problems]] = False
    times = sent.copy()
    times[absent] = [f"{time}Z" for time in predicted[absent]]
    return times


def _count_reasons(problems: list[Problem]) -> list[LabelReason]:
    counts = Counter((problem.column, problem.reason) for problem in problems)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [LabelReason(column, reason, rows) for (column, reason), rows in ordered[:MAX_REASONS]]
