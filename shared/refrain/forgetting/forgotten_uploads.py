"""Forget people in what uploads left: curated rows, rejected rows, receipts, and the uploads themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preprocessing import objects
from refrain.aws.storage import to_json
from refrain.forgetting.forgotten_rejections import forget_rejected
from refrain.lake.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store
    from refrain.forgetting.people import People

SENTENCE = "Rows of this upload were forgotten, and the figures of its columns with them"


@dataclass
class OwnTexts:
    """Texts that the rows of the people have and no other row: what names such a text is theirs."""

    texts: set[str] = field(default_factory=set)

    def add(self, table: pa.Table) -> None:
        """Take the texts of the people's rows."""
        self.texts.update(text for column in _text_columns(table) for text in pc.unique(column).to_pylist() if text)

    def discard(self, table: pa.Table) -> None:
        """Leave out the texts of others' rows."""
        for column in _text_columns(table):
            self.texts.difference_update(pc.unique(column).to_pylist())


def find_in_uploads(store: Store, people: People) -> OwnTexts:
    """Find the texts that the people alone have in curated rows; nothing is changed."""
    own, receipts = OwnTexts(), _kept(store, people.definition.model)
    for theirs, _ in _divided(store, people, receipts):
        own.add(theirs)
    if own.texts:
        for _, others in _divided(store, people, receipts):
            own.discard(others)
    return own


def forget_in_uploads(
    store: Store, people: People, lake: ObjectVersions, inbox: ObjectVersions, removed: dict[str, int]
) -> tuple[str, ...]:
    """Remove their rows from all that uploads left; return the keys of uploads that were never read.

    An upload that held them is deleted from the inbox: its other rows are curated. The receipt is changed last, so a
    repetition after a crash finds the rows by the parts that were not rewritten yet, and the upload by what is left.
    """
    unread = []
    for receipt in _receipts(store, people.definition.model):
        if receipt.status in ("failed", "refused") and not receipt.rows_read:
            unread.append(receipt.source.key)
        kept = [_forget_part(store, people, part.key) for part in receipt.parts if part.key.endswith(".parquet")]
        rejected = forget_rejected(store, people, receipt.rejected) if receipt.rejected else 0
        _count(removed, "curated", sum(gone for gone, _ in kept))
        _count(removed, "rejected", rejected)
        if sum(gone for gone, _ in kept) + rejected or _is_half_done(receipt, kept):
            _count(removed, "inbox", inbox.delete_all(receipt.source.key, receipt.source.etag))
            after = _without(receipt, [rows for _, rows in kept], rejected)
            store.write(Receipt.key(receipt.model, receipt.digest), to_json(after.to_json()))
    for folder in ("curated", "rejected", "receipts"):
        lake.delete_former(f"{folder}/{people.definition.model}/")
    return tuple(dict.fromkeys(unread))


def _receipts(store: Store, model: str) -> list[Receipt]:
    return [Receipt.from_json(store.read_json(key)) for key in store.keys(Receipt.prefix(model))]


def _kept(store: Store, model: str) -> list[Receipt]:
    return [receipt for receipt in _receipts(store, model) if receipt.status == "kept"]


def _divided(store: Store, people: People, receipts: list[Receipt]) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield the people's rows and all others of each row group."""
    for receipt in receipts:
        for part in receipt.parts:
            if part.key.endswith(".parquet"):
                with TemporaryFile() as file:
                    store.download(part.key, file)
                    yield from (
                        (table.filter(pa.array(mask)), table.filter(pa.array(~mask)))
                        for table, mask in _groups(people, file)
                    )


def _groups(people: People, file: IO[bytes]) -> Iterator[tuple[pa.Table, NDArray[np.bool_]]]:
    parquet = pq.ParquetFile(file)
    for group in range(parquet.num_row_groups):
        table = parquet.read_row_group(group)
        raw = {name: _raw(table.column(name)) for name in people.names if name in table.column_names}
        yield table, people.mark(raw, table.num_rows)


def _forget_part(store: Store, people: People, key: str) -> tuple[int, int]:
    """Remove their rows from a part, group by group; return how many went and how many are left."""
    gone = left = 0
    with TemporaryFile() as file, TemporaryFile() as rewritten:
        store.download(key, file)
        schema = pq.read_schema(file)
        with pq.ParquetWriter(rewritten, schema, compression="zstd", store_schema=False) as writer:
            for table, mask in _groups(people, file):
                gone, left = gone + int(mask.sum()), left + int((~mask).sum())
                writer.write_table(table.filter(pa.array(~mask)))
        if gone:
            store.upload(rewritten, key)
    return gone, left


def _is_half_done(receipt: Receipt, kept: list[tuple[int, int]]) -> bool:
    """Tell whether parts have fewer rows than the receipt says: its rewriting was interrupted."""
    parts = [part for part in receipt.parts if part.key.endswith(".parquet")]
    return any(rows != part.rows for (_, rows), part in zip(kept, parts, strict=True))


def _without(receipt: Receipt, rows: list[int], rejected: int) -> Receipt:
    """Return the receipt as if their rows had not been in the upload; the figures of columns may name their values."""
    parts = [replace(part, rows=left) for part, left in zip(receipt.parts, rows, strict=True)] if rows else []
    kept = sum(rows) if rows else receipt.rows_kept
    return replace(
        receipt,
        parts=parts or receipt.parts,
        rows_kept=kept,
        rows_rejected=receipt.rows_rejected - rejected,
        rows_read=kept + receipt.rows_rejected - rejected,
        rejections=[],
        columns={},
        notes=[SENTENCE],
    )


def _count(removed: dict[str, int], folder: str, rows: int) -> None:
    removed[folder] = removed.get(folder, 0) + rows


def _text_columns(table: pa.Table) -> list[Any]:
    return [column for column in table.columns if pa.types.is_string(column.type)]


def _raw(column: Any) -> Array:
    is_plain = not (pa.types.is_string(column.type) or pa.types.is_boolean(column.type))
    return np.asarray(column.to_numpy()) if is_plain else objects(column.to_pylist())
