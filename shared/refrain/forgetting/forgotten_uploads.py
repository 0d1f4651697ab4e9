"""Forget people in what uploads left: curated rows, rejected rows, receipts, and the uploads themselves.

An upload that held them is deleted from the inbox: its other rows are curated. A receipt is changed last, so that a
repetition after a crash knows by its counts what is still to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from refrain.aws.storage import to_json
from refrain.forgetting.curated_rows import add_curated_texts, discard_curated_texts, forget_part, has_key
from refrain.forgetting.forgotten_rejections import forget_rejected
from refrain.lake.forgotten_keys import FORGOTTEN
from refrain.lake.label import LabelBatch
from refrain.lake.receipt import Receipt

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store
    from refrain.forgetting.own_texts import OwnTexts
    from refrain.forgetting.people import People

SENTENCE = "Rows of this upload were forgotten, and the figures of its columns with them"


@dataclass(frozen=True)
class LeftRows:
    """The rows that an upload has left in each part, and among the rejected ones; None where these have expired."""

    parts: Sequence[int]
    rejected: int | None


def read_curated_texts(store: Store, people: People, own: OwnTexts, *, all_but_theirs: bool) -> None:
    """Take the texts of the people's curated rows, or leave out those of others."""
    receipts = read_receipts(store, people.definition.model)
    keys = [part.key for receipt in receipts if receipt.kind != "labels" for part in receipt.parts]
    (discard_curated_texts if all_but_theirs else add_curated_texts)(store, people, keys, own)


def find_unsearched(store: Store, people: People) -> list[str]:
    """Find the uploads that were never read, and those whose rows do not have the columns of a key."""
    definition = people.definition
    return [
        receipt.source.key
        for receipt in read_receipts(store, definition.model)
        if (receipt.status in ("failed", "refused") and not receipt.rows_read)
        or (
            receipt.kind == "rows"
            and not receipt.is_current(definition)
            and not all(has_key(store, people, part.key) for part in receipt.parts)
        )
    ]


def forget_in_uploads(store: Store, people: People, inbox: ObjectVersions, removed: Counter[str]) -> None:
    """Remove their rows from all that uploads left, and the uploads from the inbox."""
    for receipt in read_receipts(store, people.definition.model):
        rejected, left_rejected = forget_rejected(store, people, receipt.rejected)
        removed["rejected"] += rejected
        if receipt.kind == "labels":
            parts = [len(LabelBatch.from_json(store.read_json(part.key)).labels) for part in receipt.parts]
        else:
            gone_and_left = [forget_part(store, people, part.key) for part in receipt.parts]
            removed["curated"] += sum(gone for gone, _ in gone_and_left)
            parts = [left for _, left in gone_and_left]
        _settle(store, receipt, LeftRows(parts, left_rejected), inbox, removed)
    receipts = read_receipts(store, people.definition.model)
    changed = {receipt.digest for receipt in receipts if SENTENCE in receipt.notes}
    for receipt in receipts:
        if receipt.of in changed or any(rejection.reason == FORGOTTEN for rejection in receipt.rejections):
            removed["inbox"] += inbox.delete_all(receipt.source.key, receipt.source.etag)


def read_receipts(store: Store, model: str) -> list[Receipt]:
    """Read all receipts of a model."""
    return [Receipt.from_json(store.read_json(key)) for key in store.keys(Receipt.prefix(model))]


def _settle(store: Store, receipt: Receipt, left: LeftRows, inbox: ObjectVersions, removed: Counter[str]) -> None:
    """Delete an upload that has fewer rows left than its receipt says, then change the receipt."""
    rejected = receipt.rows_rejected if left.rejected is None else left.rejected
    if list(left.parts) == [part.rows for part in receipt.parts] and rejected == receipt.rows_rejected:
        return
    removed["inbox"] += inbox.delete_all(receipt.source.key, receipt.source.etag)
    parts = [replace(part, rows=rows) for part, rows in zip(receipt.parts, left.parts, strict=True)]
    kept = sum(left.parts)
    after = replace(
        receipt,
        parts=parts,
        rows_kept=kept,
        rows_rejected=rejected,
        rows_read=kept + rejected,
        rejections=[],
        columns={},  # they may name values of theirs
        notes=[SENTENCE],
    )
    store.write(Receipt.key(receipt.model, receipt.digest), to_json(after.to_json()))
