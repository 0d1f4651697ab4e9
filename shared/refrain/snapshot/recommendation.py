"""What a snapshot of a recommendation has besides rows: each item once, with what describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from preprocessing import Columns, objects
from refrain.lake.receipt_choice import choose, read_receipts
from refrain.recommendation.item_descriptions import KIND, definition_of_items
from refrain.snapshot.rows import read_rows
from refrain.snapshot.sufficiency import LEAST_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Array, Definition
    from refrain.aws.storage import Store
    from refrain.lake.receipt_choice import Receipt


def read_item_receipts(store: Store, definition: Definition) -> list[Receipt]:
    """Read the receipts of uploads that describe items, in the order of upload; none where nothing describes them."""
    if not definition.roles or not definition.roles.describe:
        return []
    return choose(read_receipts(store, definition.model, KIND), definition_of_items(definition))


def describe_items(
    store: Store, definition: Definition, interactions: Columns, receipts: Sequence[Receipt]
) -> dict[str, Array]:
    """Make columns with each item of the interactions once, in the order of ids, and what describes it.

    Of several texts the last one counts; those of uploaded items go before those that came with interactions.
    """
    roles = definition.roles
    assert roles is not None, "only items of recommendations are described"
    names = [roles.item, *roles.describe]
    texts = _last(pd.DataFrame({name: interactions[name] for name in names}), roles.item)
    if receipts:
        said = read_rows(store, definition_of_items(definition), receipts).columns
        uploaded = _last(pd.DataFrame({name: said[name] for name in names}), roles.item)
        texts = uploaded.reindex(texts.index).combine_first(texts)
    texts = texts.astype(object).where(texts.notna(), None)
    return {roles.item: objects(list(texts.index))} | {name: objects(texts[name].tolist()) for name in roles.describe}


def _last(rows: pd.DataFrame, item: str) -> pd.DataFrame:
    """The last text that is there, of each column, by item."""
    return rows.groupby(item, sort=True).last()


def interaction_shortfall(definition: Definition, columns: Columns, holdout: NDArray[np.bool_]) -> str:
    """Say what is wanting in these rows to learn from, or nothing."""
    roles = definition.roles
    assert roles is not None, "only recommendations have users and items"
    if len(holdout) < definition.training.min_rows:
        return f"there are {len(holdout)} rows, and {definition.training.min_rows} are needed (training.min_rows)"
    users = len(set(columns[roles.user][holdout].tolist()))
    if users < LEAST_SIDE:
        return f"rows of {users} users can be held out, and those of {LEAST_SIDE} are needed"
    items = len(set(columns[roles.item][~holdout].tolist()))
    if items < 2:
        return f"the training rows have {items} different {roles.item}: there is nothing to choose among"
    return ""
