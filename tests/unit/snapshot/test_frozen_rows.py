"""Rows that are frozen piece by piece are those that would be frozen at once, bit for bit."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preprocessing import objects
from refrain.lake import packed_columns
from refrain.lake.receipt import KeptPart
from refrain.snapshot.snapshot_kind import SnapshotKind, split_by_class, split_by_time
from refrain.statistics.hashing import row_hashes
from tests.unit.snapshot.frozen import freeze, part, sides, store

if TYPE_CHECKING:
    from preprocessing import Array, Columns, Definition
    from tests.unit.snapshot.conftest import Define, MakeReceipt

UTC = pa.timestamp("us", tz="UTC")
TYPES = {"at": UTC, "who": pa.string(), "spent": pa.float64(), "member": pa.bool_(), "back": pa.string()}

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.none() | st.text(max_size=4)
rows_of_any_kind = st.tuples(
    st.integers(0, 10**16), st.sampled_from("abcdefgh"), numbers, st.none() | st.booleans(), texts
)


def frozen_at_once(definition: Definition, rows: list[tuple[Any, ...]]) -> list[dict[str, Array]]:
    """Freeze as one would with all rows in memory: typed columns, the last row of each key, then the split."""
    if definition.key:
        last = {row[1]: number for number, row in enumerate(rows)}
        rows = [row for number, row in enumerate(rows) if last[row[1]] == number]
    at, who, spent, member, back = zip(*rows, strict=True)
    columns = {
        "at": np.array(at, "datetime64[us]"),
        "who": objects(who),
        "spent": np.array(spent, float),
        "member": np.array(member, float),
        "back": objects(back),
    }
    share, count = definition.training.holdout, len(rows)
    held = {
        "time": split_by_time(columns["at"], share).holdout,
        "upload": np.arange(count) >= count - round(count * share),
        "hash": split_by_class(row_hashes(columns, definition.identity), columns["back"], share).holdout,
    }[definition.training.split]
    return [{name: array[side] for name, array in columns.items()} for side in (~held, held)]


def same(one: Columns, other: Columns) -> None:
    assert list(one) == list(other)
    for name, array in one.items():
        assert array.dtype == other[name].dtype
        if array.dtype == object:
            assert array.tolist() == other[name].tolist()
        else:
            assert array.tobytes() == other[name].tobytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(rows_of_any_kind, min_size=1, max_size=40),
    cuts=st.sets(st.integers(1, 39), max_size=5),
    group=st.integers(1, 9),
    cells=st.sampled_from([1, 20, 35, 10**6]),
    key=st.booleans(),
    split=st.sampled_from(["time", "upload", "hash"]),
)
def test_any_partition_gives_the_same_rows_as_freezing_them_at_once(
    define: Define,
    make_receipt: MakeReceipt,
    rows: list[tuple[Any, ...]],
    cuts: set[int],
    group: int,
    cells: int,
    key: bool,
    split: str,
) -> None:
    # Given rows of every type in any uploads, row groups and blocks
    definition = define(time="at", training={"split": split, "holdout": 0.4}, **({"key": ["who"]} if key else {}))
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    pieces = [rows[start:end] for start, end in pairwise(edges)]
    tables = {
        f"u{number}": part(
            **{
                name: pa.array(values, kind)
                for (name, kind), values in zip(TYPES.items(), zip(*piece, strict=True), strict=True)
            }
        )
        for number, piece in enumerate(pieces)
    }
    receipts = [
        make_receipt(name, parts=[KeptPart(f"curated/shops/{name}/part-0000.parquet", table.num_rows)])
        for name, table in tables.items()
    ]
    receipts = [
        make_receipt(receipt.digest, definition=definition.fingerprint, parts=receipt.parts) for receipt in receipts
    ]

    # When they are frozen piece by piece
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packed_columns, "MAX_BLOCK_CELLS", cells)
        frozen = freeze(store(group, **tables), SnapshotKind(definition), receipts)

    # Then they are the rows that memory would have held, with every digit
    train, holdout = frozen_at_once(definition, rows)
    if len(train["at"]) and len(holdout["at"]):
        for one, other in zip(sides(frozen), (train, holdout), strict=True):
            same(one, other)
    # And each is named by its hash, side by side
    held = frozen.split.holdout
    for one, hashes in zip(sides(frozen), (frozen.hashes[~held], frozen.hashes[held]), strict=True):
        assert row_hashes(one, definition.identity).tolist() == hashes.tolist()
    assert (frozen.held_out, len(frozen)) == (len(holdout["at"]), len(train["at"]) + len(holdout["at"]))
