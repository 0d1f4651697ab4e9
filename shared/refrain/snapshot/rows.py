"""Read curated Parquet as the rows of a snapshot: in the order of upload, and of each key the newest row alone.

Labelled predictions stand among the uploads, each in the place of its label's arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing import missing, objects, prepare
from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.receipt import Receipt


@dataclass(frozen=True)
class Rows:
    """Typed columns in the order of upload and of the lines of each file, with counts of the rows that were left out.

    `unusable`: rows of an earlier definition that the present one refuses. `merged`: rows whose key came again later.
    `outside`: rows older than the window. `labelled` marks the rows that are predictions with their labels (bool, as
    long as the columns; empty where there are none).
    """

    columns: dict[str, Array]
    unusable: int = 0
    merged: int = 0
    outside: int = 0
    labelled: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def __len__(self) -> int:
        """Count the rows that are left."""
        return len(next(iter(self.columns.values())))

    def select(self, chosen: NDArray[np.bool_], *, merged: int = 0, outside: int = 0) -> Rows:
        """Return the chosen rows; the others are counted as merged or outside."""
        labelled = self.labelled[chosen] if len(self.labelled) else self.labelled
        columns = take_rows(self.columns, chosen)
        return Rows(columns, self.unusable, self.merged + merged, self.outside + outside, labelled)


def read_rows(
    store: Store, definition: Definition, receipts: Sequence[Receipt], labelled: LabelledRows = NO_LABELS
) -> Rows:
    """Read the parts of all receipts, one by one, and put labelled predictions among them in the order of arrival.

    Rows that another definition shaped go through `prepare` again: an absent column is missing, a changed type is
    decoded anew, and a row that is no longer usable is left out and counted.
    """
    pieces: dict[str, list[Array]] = {name: [missing(column.kind, 0)] for name, column in definition.columns.items()}
    origins: list[NDArray[np.bool_]] = [np.zeros(0, bool)]
    unusable = 0
    for columns, refused, predicted in _pieces(store, definition, receipts, labelled):
        unusable += refused
        origins.append(np.full(len(next(iter(columns.values()))), predicted))
        for name, array in columns.items():
            pieces[name].append(array)
    columns_of_all = {name: np.concatenate(pieces.pop(name)) for name in definition.columns}
    return Rows(columns_of_all, unusable=unusable, labelled=np.concatenate(origins))


def _pieces(
    store: Store, definition: Definition, receipts: Sequence[Receipt], labelled: LabelledRows
) -> Iterator[tuple[Columns, int, bool]]:
    """Yield columns in the order of arrival, the number of rows they lost, and whether they are labelled predictions.

    S3 knows only the second of an upload. A label of the same second counts as earlier.
    """
    seconds = np.array([receipt.uploaded for receipt in receipts], "datetime64[s]")
    ends = np.searchsorted(labelled.arrived.astype("datetime64[s]"), seconds, side="right").tolist()
    for (start, end), receipt in zip_longest(pairwise([0, *ends, len(labelled)]), receipts):
        if end > start:
            yield take_rows(labelled.columns, slice(start, end)), 0, True
        for part in receipt.parts if receipt else ():
            yield *_read_part(store.read(part.key).data, definition, receipt.is_current(definition)), False


def without_duplicates(definition: Definition, rows: Rows) -> Rows:
    """Keep the row of each key that came last; without a key all rows are kept."""
    if not definition.key:
        return rows
    keys = pd.DataFrame({name: rows.columns[name] for name in definition.key})
    latest = ~keys.duplicated(keep="last").to_numpy()
    return rows.select(latest, merged=int((~latest).sum()))


def within_window(definition: Definition, rows: Rows, newest_arrival: np.datetime64) -> Rows:
    """Keep the rows whose event time is in the window, which reaches back from the newest event.

    An event later than the newest arrival is a mistake or a forecast. It is kept, but does not move the window: one
    wrong year would push all other rows out of it.
    """
    if definition.training.window is None or not definition.time or not len(rows):
        return rows
    times = rows.columns[definition.time]
    past = times[times <= newest_arrival]
    newest = past.max() if len(past) else times.max()
    inside = times >= newest - np.timedelta64(round(definition.training.window * 1e6), "us")
    return rows.select(inside, outside=int((~inside).sum()))


def take_rows(columns: Columns, chosen: NDArray[np.bool_] | slice) -> dict[str, Array]:
    """Take the chosen rows of all columns."""
    return {name: array[chosen] for name, array in columns.items()}


def _read_part(data: bytes, definition: Definition, current: bool) -> tuple[Columns, int]:
    """Return the typed columns of one part, and how many of its rows are no longer usable."""
    schema = pq.read_schema(pa.BufferReader(data))
    names = [name for name in definition.raw_names if name in schema.names]
    texts = [name for name in names if pa.types.is_string(schema.field(name).type)]
    table = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts).read(columns=names)
    raw = {name: _to_numpy(table.column(name)) for name in names}
    if current:
        booleans = {name: raw[name].astype(np.float64) for name in names if definition.columns[name].kind == "boolean"}
        return raw | booleans, 0
    columns, problems = prepare(definition, raw, table.num_rows)
    usable = np.ones(table.num_rows, bool)
    usable[[problem.row for problem in problems]] = False
    return take_rows(columns, usable), int((~usable).sum())


def _to_numpy(column: Any) -> Array:
    """Turn texts into an object array in which equal texts are one object, and booleans into True, False and None."""
    if pa.types.is_boolean(column.type):
        return objects(column.to_pylist())
    if not pa.types.is_dictionary(column.type):
        return np.asarray(column.to_numpy())
    coded = column.unify_dictionaries().combine_chunks()
    values = objects([*coded.dictionary.to_pylist(), None])
    return np.asarray(values[coded.indices.fill_null(len(values) - 1).to_numpy()])
