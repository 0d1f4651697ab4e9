"""Read what a snapshot is made of piece by piece, in the order of arrival: curated Parquet and labelled predictions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing import objects, prepare
from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows
from refrain.statistics.hashing import position_hashes, row_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.receipt import KeptPart, Receipt


@dataclass(frozen=True)
class Piece:
    """Rows that came together, with some of their columns.

    `unusable` are rows of an earlier definition that the present one refuses; they are not among the `rows`. `hashes`
    name each row by where it came from.
    """

    columns: Columns
    rows: int
    hashes: NDArray[np.uint64]
    unusable: int = 0
    labelled: bool = False


def read_pieces(
    store: Store,
    definition: Definition,
    receipts: Sequence[Receipt],
    names: Sequence[str],
    labelled: LabelledRows = NO_LABELS,
) -> Iterator[Piece]:
    """Read the named columns of all receipts' rows, with labelled predictions among them in the order of arrival.

    Rows that another definition shaped go through `prepare` again: an absent column is missing, a changed type is
    decoded anew, and a row that is no longer usable is left out and counted. S3 knows only the second of an upload. A
    label of the same second counts as earlier.
    """
    seconds = np.array([receipt.uploaded for receipt in receipts], "datetime64[s]")
    ends = np.searchsorted(labelled.arrived.astype("datetime64[s]"), seconds, side="right").tolist()
    for (start, end), receipt in zip_longest(pairwise([0, *ends, len(labelled)]), receipts):
        if end > start:
            columns = {name: labelled.columns[name][start:end] for name in names}
            hashes = row_hashes({"id": labelled.identities[start:end]}, ("id",))
            yield Piece(columns, end - start, hashes, labelled=True)
        if receipt:
            yield from _read_receipt(store, definition, receipt, names)


def _read_receipt(store: Store, definition: Definition, receipt: Receipt, names: Sequence[str]) -> Iterator[Piece]:
    first = 0
    for part in receipt.parts:
        for columns, rows, unusable in _read_part(store, definition, receipt, part, names):
            yield Piece(columns, rows, position_hashes(receipt.digest, first, rows), unusable)
            first += rows


def _read_part(
    store: Store, definition: Definition, receipt: Receipt, part: KeptPart, names: Sequence[str]
) -> Iterator[tuple[Columns, int, int]]:
    """Yield columns of the row groups of one part, with the number of rows, and of those that are not usable."""
    current = receipt.is_current(definition)
    if current and not names:
        yield {}, part.rows, 0
        return
    data = pa.BufferReader(store.read(part.key).data)
    schema = pq.read_schema(data)
    wanted = dict.fromkeys(names) if current else definition.raw_names
    stored = [name for name in wanted if name in schema.names]
    texts = [name for name in stored if pa.types.is_string(schema.field(name).type)]
    file = pq.ParquetFile(data, read_dictionary=texts)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=stored)
        raw = {name: _to_numpy(table.column(name)) for name in stored}
        if current:
            yield {name: _typed(definition, name, raw[name]) for name in names}, table.num_rows, 0
            continue
        columns, problems = prepare(definition, raw, table.num_rows)
        usable = np.ones(table.num_rows, bool)
        usable[[problem.row for problem in problems]] = False
        kept = int(usable.sum())
        yield take_rows({name: columns[name] for name in names}, usable), kept, table.num_rows - kept


def take_rows(columns: Columns, chosen: NDArray[np.bool_] | slice) -> dict[str, Array]:
    """Take the chosen rows of all columns."""
    return {name: array[chosen] for name, array in columns.items()}


def join_columns(pieces: Sequence[Columns]) -> dict[str, Array]:
    """Concatenate the columns of pieces, at least one."""
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _typed(definition: Definition, name: str, array: Array) -> Array:
    return array.astype(np.float64) if definition.columns[name].kind == "boolean" else array


def _to_numpy(column: Any) -> Array:
    """Turn texts into an object array in which equal texts are one object, and booleans into True, False and None."""
    if pa.types.is_boolean(column.type):
        return objects(column.to_pylist())
    if not pa.types.is_dictionary(column.type):
        return np.asarray(column.to_numpy())
    coded = column.unify_dictionaries().combine_chunks()
    values = objects([*coded.dictionary.to_pylist(), None])
    return np.asarray(values[coded.indices.fill_null(len(values) - 1).to_numpy()])
