"""Curated parts in memory, and the way from them to frozen rows, as a run goes it."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from refrain.aws.storage import Object, Store
from refrain.lake.packed_columns import PackedColumns
from refrain.snapshot.frozen_rows import FrozenRows, freeze_rows
from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows
from refrain.snapshot.pieces import read_pieces
from refrain.snapshot.rows import RowLimit, choose_rows
from refrain.snapshot.snapshot_kind import RunData, SnapshotKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array
    from refrain.lake.receipt import Receipt

UNLIMITED = RowLimit(10**9)


class Shelf:
    """A store of one part an upload, by the upload's digest, in row groups of so many rows."""

    def __init__(self, parts: dict[str, pa.Table], group: int = 1000) -> None:
        self.parts = {f"curated/shops/{digest}/part-0000.parquet": table for digest, table in parts.items()}
        self.group = group

    def read(self, key: str) -> Object:
        file = io.BytesIO()
        pq.write_table(self.parts[key], file, row_group_size=self.group)
        return Object(file.getvalue(), "")


def store(group: int = 1000, **parts: pa.Table) -> Store:
    return cast(Store, Shelf(parts, group))


def part(**columns: Any) -> pa.Table:
    return pa.table(columns)


def freeze(
    store: Store,
    kind: SnapshotKind,
    receipts: Sequence[Receipt],
    labelled: LabelledRows = NO_LABELS,
    limit: RowLimit = UNLIMITED,
) -> FrozenRows:
    """Choose rows and freeze them; the files are finished."""
    definition, names = kind.definition, kind.deciding_columns
    read = partial(read_pieces, store, definition, receipts, labelled=labelled)
    newest = RunData(receipts, labelled).newest_arrival
    choice = choose_rows(definition, read(names=(*definition.key, *names)), names, newest, limit)
    rows = freeze_rows(kind, choice, lambda names: read(names=names))
    for packed in rows.files.values():
        packed.finish()
    return rows


def sides(rows: FrozenRows) -> tuple[dict[str, Array], dict[str, Array]]:
    """Read the training rows and the holdout back."""
    train, holdout = (dict(PackedColumns(packed.file)) for packed in rows.files.values())
    return train, holdout
