"""Predictions whose true outcome was sent later, as rows to learn from beside the uploaded ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import decode, is_missing, missing, objects, prepare
from refrain.lake.by_hour import keys_between, read_all
from refrain.lake.capture.predictions import Captured, LabelledPredictions, join_labels, rows_of_line
from refrain.lake.capture.reading import captured_prefix, rows_of_lines
from refrain.lake.capture.record import asked_at
from refrain.lake.newest_labels import NewestLabels
from refrain.lake.snapshot import LabelCounts, LabelReason
from refrain.process_memory import function_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.capture.predictions import CapturedRow

MAX_REASONS = 10
MAX_LABELLED_ROWS = 1_000_000
"""Of more predictions with a label, a snapshot holds the newest; of fewer where its memory ends before."""

LABELLED_SHARE = 0.3
"""Of the function's memory; the rest is for libraries and for choosing among all rows."""

BYTES_PER_CELL = 80
"""Of a labelled row: a value, or a text of its own."""

OTHER_CELLS = 4
"""The id, the label, and the two together as a name, while labels and columns are held at once."""

MAX_PIECE_ROWS = 10_000
"""Captured rows that are held at once, before they are columns."""


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

    def select(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> LabelledRows:
        """Return the chosen rows, in the order in which they are chosen."""
        arrays = {name: getattr(self, name)[chosen] for name in ("arrived", "predicted", "identities")}
        return replace(self, columns={name: array[chosen] for name, array in self.columns.items()}, **arrays)


_NEVER = np.empty(0, "datetime64[us]")
NO_LABELS = LabelledRows({}, _NEVER, _NEVER, np.empty(0, object), LabelCounts(0, 0, 0, 0, []))
"""The rows where nothing is labelled."""


def labelled_bytes(definition: Definition, rows: int) -> int:
    """Return what so many labelled rows take while they are read."""
    return rows * BYTES_PER_CELL * (len(definition.columns) + OTHER_CELLS)


def most_labelled_rows(definition: Definition) -> int:
    """Return how many labelled rows a snapshot holds."""
    return int(min(LABELLED_SHARE * function_bytes() / labelled_bytes(definition, 1), MAX_LABELLED_ROWS))


def read_labelled(store: Store, definition: Definition) -> LabelledRows:
    """Read the labels of the newest predictions of a model, and make rows of these predictions."""
    newest = NewestLabels.read(store, definition.model, most_labelled_rows(definition))
    parts = [NO_LABELS]
    for rows in batched(_captured_rows(store, definition.model, newest), MAX_PIECE_ROWS, strict=False):
        labels = {row.id: newest.labels[row.id] for row in rows}
        parts.append(labelled_rows(definition, join_labels(Captured(rows), labels)))
    joined = _join(definition, parts)
    matched = joined.counts.labels
    counts = replace(
        joined.counts,
        labels=len(newest.labels) + newest.left_out + newest.foreign,
        unmatched=len(newest.labels) - matched + newest.foreign,
        left_out=newest.left_out,
    )
    return replace(joined, counts=counts)


def _captured_rows(store: Store, model: str, newest: NewestLabels) -> Iterator[CapturedRow]:
    """Yield the captured row of each label, once, as it was delivered first."""
    seen: set[str] = set()
    since = asked_at(min(newest.labels)) if newest.labels else None  # without any, no label belongs to a prediction
    keys = keys_between(store, captured_prefix(model), since, None) if since else []
    for key, content in read_all(store, keys):
        for rows in rows_of_lines(key, content.data, rows_of_line):
            for row in rows or ():
                if row.id in newest.labels and row.id not in seen:
                    seen.add(row.id)
                    yield row


def _join(definition: Definition, parts: Sequence[LabelledRows]) -> LabelledRows:
    """Put the rows of several parts together, in the order of their labels and then of their ids."""
    counts = [part.counts for part in parts]
    reasons: Counter[tuple[str, str]] = Counter()
    for part in counts:
        reasons.update({(reason.column, reason.reason): reason.rows for reason in part.reasons})
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ("arrived", "predicted", "identities")
    }
    columns = {
        name: np.concatenate([missing(column.kind, 0), *(part.columns[name] for part in parts if part.columns)])
        for name, column in definition.columns.items()
    }
    by_id = np.argsort(arrays["identities"], kind="stable")
    order = by_id[np.argsort(arrays["arrived"][by_id], kind="stable")]
    totals = {name: sum(getattr(part, name) for part in counts) for name in ("rows", "labels", "unmatched", "unusable")}
    rows = LabelledRows(columns, counts=LabelCounts(**totals, reasons=_most_frequent(reasons)), **arrays)
    return rows.select(order)


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
        reasons=_most_frequent(Counter((problem.column, problem.reason) for problem in problems)),
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


def _most_frequent(counts: Counter[tuple[str, str]]) -> list[LabelReason]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [LabelReason(column, reason, rows) for (column, reason), rows in ordered[:MAX_REASONS]]
