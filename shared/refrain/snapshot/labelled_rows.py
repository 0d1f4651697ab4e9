"""Predictions that turned out to be right or wrong, as rows to learn from beside those that were uploaded."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import decode, is_missing, missing, objects, prepare
from refrain.lake.capture.reading import Captured, read_captured
from refrain.lake.label_reading import read_labels
from refrain.lake.labelled_predictions import Joined, join
from refrain.lake.prediction_id import asked_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition, Problem
    from refrain.aws.storage import Store

MOST_REASONS = 10


@dataclass(frozen=True)
class LabelledRows:
    """Typed columns of labelled predictions, in the order in which their labels came.

    `arrived` (when the label that counts was first said) and `predicted` are datetime64[us]; `identities` name each
    row and its label. `labels` counts all labels of the model, `unmatched` those of no captured prediction, `unusable`
    the rows that the definition refuses, such as those of a model with a key that was not sent; `reasons` says why.
    """

    columns: Columns
    arrived: Array
    predicted: Array
    identities: Array
    labels: int = 0
    unmatched: int = 0
    unusable: int = 0
    reasons: tuple[tuple[str, str, int], ...] = ()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.arrived)

    @property
    def digest(self) -> str:
        """Name the rows and their labels: SHA-256, hex."""
        return hashlib.sha256("\n".join(self.identities.tolist()).encode()).hexdigest()

    def only(self, chosen: NDArray[np.bool_]) -> LabelledRows:
        """The chosen rows."""
        columns = {name: array[chosen] for name, array in self.columns.items()}
        aside = {name: getattr(self, name)[chosen] for name in ("arrived", "predicted", "identities")}
        return replace(self, columns=columns, **aside)


_NEVER = np.empty(0, "datetime64[us]")
NO_LABELS = LabelledRows({}, _NEVER, _NEVER, np.empty(0, object))
"""Where nothing is labelled."""


def read_labelled(store: Store, definition: Definition) -> LabelledRows:
    """Read all labels of a model and the predictions that they are of, and make rows of them."""
    labels = read_labels(store, definition.model)
    asked = [moment for moment in map(asked_at, labels) if moment]
    if not asked:  # no label could be of any prediction
        return labelled_rows(definition, join(Captured([]), labels))
    return labelled_rows(definition, join(read_captured(store, definition.model, min(asked), only=labels), labels))


def labelled_rows(definition: Definition, joined: Joined) -> LabelledRows:
    """Make rows of labelled predictions.

    Of a row there is what a prediction needs, what says which row it is, and the target; other columns are missing.
    Its event time is the one that was sent, else the moment of the prediction, unless the time is part of the key: then
    a row whose time was not sent might be any.
    """
    names = list(dict.fromkeys((*definition.inputs, *definition.key, *([definition.time] if definition.time else []))))
    raw = joined.captured.raw(names) | {definition.target: joined.values}
    if definition.time and definition.time not in definition.key:
        raw[definition.time] = _event_times(definition, raw[definition.time], joined.captured.times)
    columns, problems = prepare(definition, raw, len(joined), columns=[*names, definition.target])
    absent = {name: missing(column.kind, len(joined)) for name, column in definition.columns.items()}
    good = np.ones(len(joined), bool)
    good[[problem.row for problem in problems]] = False
    order = np.lexsort((np.arange(len(joined)), joined.received))
    rows = LabelledRows(
        columns={name: (absent | dict(columns))[name][order] for name in definition.columns},
        arrived=joined.received[order],
        predicted=joined.captured.times[order],
        identities=_identities(joined)[order],
        labels=len(joined) + len(joined.unmatched),
        unmatched=len(joined.unmatched),
        unusable=int((~good).sum()),
        reasons=_reasons(problems),
    )
    return rows.only(good[order])


def _event_times(definition: Definition, sent: Array, predicted: Array) -> Array:
    """Put the moment of the prediction where no event time was sent; one that cannot be read stays, to be refused."""
    name = definition.time
    typed, problems = decode(definition, {name: sent}, len(sent), columns=[name])
    fill = is_missing(typed[name])
    fill[[problem.row for problem in problems]] = False
    times = sent.copy()
    times[fill] = [f"{moment}Z" for moment in predicted[fill]]
    return times


def _identities(joined: Joined) -> Array:
    rows = zip(joined.captured.ids, joined.received.tolist(), joined.values.tolist(), strict=True)
    return objects([json.dumps([name, str(received), value]) for name, received, value in rows])


def _reasons(problems: list[Problem]) -> tuple[tuple[str, str, int], ...]:
    counted = Counter((problem.column, problem.reason) for problem in problems)
    found: list[Any] = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple((column, reason, rows) for (column, reason), rows in found[:MOST_REASONS])
