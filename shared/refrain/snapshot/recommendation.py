"""The recommenders' half of a snapshot: interactions split by user, and each item once with its descriptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

import numpy as np
import pandas as pd

from preprocessing import Columns, RecommenderDefinition, objects
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.lake.learned_rows import are_enough
from refrain.lake.packed_columns import PackedFile
from refrain.lake.receipt import Receipt
from refrain.lake.receipt_choice import choose_receipts
from refrain.recommendation.catalogue import definition_of_items
from refrain.recommendation.newest_of_users import mark_newest
from refrain.snapshot.pieces import join_columns, read_pieces
from refrain.snapshot.snapshot_kind import MIN_SIDE_ROWS, RunData, SnapshotKind, Split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.aws.storage import Store
    from refrain.lake.snapshot import SnapshotPart


@dataclass(frozen=True)
class RecommenderSnapshot(SnapshotKind):
    """Snapshots of recommenders. A choice that followed a recommendation is an interaction, so there are no labels.

    Split by hash, all interactions of one user with one item are on the same side. A sample has whole histories.
    """

    definition: RecommenderDefinition

    @override
    def gather(self, store: Store) -> RunData:
        model = self.definition.model
        receipts = choose_receipts(Receipt.read_kept(store, model), self.definition)
        forgotten = ForgottenKeys.read(store, model).digest
        if not self.definition.roles.describe:
            return RunData(receipts, forgotten=forgotten)
        items = choose_receipts(Receipt.read_kept(store, model, "items"), definition_of_items(self.definition))
        return RunData(receipts, items=items, forgotten=forgotten)

    @property
    @override
    def deciding_columns(self) -> tuple[str, ...]:
        return (self.definition.roles.user, *super().deciding_columns)

    @property
    @override
    def described_columns(self) -> tuple[str, ...]:
        roles = self.definition.roles
        return (roles.item, *roles.describe, *self.deciding_columns)

    @property
    @override
    def kept_together(self) -> tuple[str, ...]:
        return (self.definition.roles.user,)

    @override
    def hold_out(self, columns: Columns, rows: int) -> Split | None:
        del rows
        return None if self.definition.training.split == "hash" else Split(mark_newest(self.definition, columns))

    @override
    def find_shortfall(self, columns: Columns, holdout: NDArray[np.bool_]) -> str:
        roles, min_rows = self.definition.roles, self.definition.training.min_rows
        if len(holdout) < min_rows:
            return f"there are {len(holdout)} rows, and {min_rows} are needed (training.min_rows)"
        users = len(set(columns[roles.user][holdout].tolist()))
        if users < MIN_SIDE_ROWS:
            return f"rows of {users} users can be held out, and those of {MIN_SIDE_ROWS} are needed"
        items = len(set(columns[roles.item][~holdout].tolist()))
        if items < 2:
            return f"the training rows have {items} different {roles.item}: there is nothing to choose among"
        return ""

    @override
    def leaves_enough(self, columns: Columns, unlearned: NDArray[np.bool_]) -> bool:
        users = np.unique(columns[self.definition.roles.user].astype(str), return_inverse=True)[1]
        return are_enough(np.bincount(users, ~unlearned) == 0)

    @override
    def describe_target(self, columns: Columns, holdout: NDArray[np.bool_]) -> dict[str, Any]:
        roles = self.definition.roles
        return {"users": len(set(columns[roles.user].tolist())), "items": len(set(columns[roles.item].tolist()))}

    @override
    def other_parts(self, store: Store, data: RunData, columns: Columns) -> dict[SnapshotPart, PackedFile]:
        items = PackedFile()
        items.add(describe_items(store, self.definition, columns, data.items))
        return {"items": items}


def describe_items(
    store: Store, definition: RecommenderDefinition, interactions: Columns, receipts: Sequence[Receipt]
) -> dict[str, Array]:
    """Return columns with each item of the interactions and of the uploaded items once, in the order of ids, described.

    Of several texts the last one counts; texts of uploaded items go before those that came with interactions.
    """
    roles = definition.roles
    names = [roles.item, *roles.describe]
    texts = _last_texts(interactions, names)
    if receipts:
        pieces = read_pieces(store, definition_of_items(definition), receipts, names)
        uploaded = _last_texts(join_columns([piece.columns for piece in pieces]), names)
        texts = uploaded.combine_first(texts)
    texts = texts.astype(object).where(texts.notna(), None)
    return {roles.item: objects(list(texts.index))} | {name: objects(texts[name].tolist()) for name in roles.describe}


def _last_texts(columns: Columns, names: list[str]) -> pd.DataFrame:
    """Return the last present text of each column, by the first of the names: the item."""
    return pd.DataFrame({name: columns[name] for name in names}).groupby(names[0], sort=True).last()
