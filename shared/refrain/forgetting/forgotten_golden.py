"""Forget people in the golden rows of versions: these are made of training rows, and changed in some columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import RecommenderDefinition, is_missing, prepare, rows_to_columns
from refrain.errors import NotFound
from refrain.lake.packed_columns import fit_to
from refrain.lake.version import Golden
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Column, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.version import Manifest

MAX_CHANGED = 1
"""Columns in which a golden row may differ from the row that it was made of, besides those without an own value."""


def forget_golden(store: Store, manifest: Manifest, theirs: Columns, all_others: Columns) -> None:
    """Remove the golden rows of a version that may be made of one of their rows, with the answers to them."""
    try:
        golden = Golden.read(store, manifest.model, manifest.version)
    except NotFound:
        return
    definition = manifest.parse_definition()
    if isinstance(definition, RecommenderDefinition):
        marked = _mark_histories(definition, golden.rows, theirs)
    else:
        marked = _mark_instances(manifest, definition, golden.rows, (theirs, all_others))
    if marked.any():
        rows, answers = (
            [item for item, is_theirs in zip(items, marked, strict=True) if not is_theirs]
            for items in (golden.rows, golden.answers)
        )
        replace(golden, rows=rows, answers=answers).write(store, manifest.model, manifest.version)


def _mark_instances(
    manifest: Manifest, definition: Definition, rows: Sequence[Any], sides: tuple[Columns, Columns]
) -> NDArray[np.bool_]:
    """Mark the instances that have the values of one of their rows in all columns but `MAX_CHANGED`.

    One with a value that no row of anybody else has is theirs too: an extreme, for example.
    """
    names = definition.inputs
    columns, _ = prepare(definition, rows_to_columns(rows, names), len(rows), columns=names)
    theirs, all_others = (fit_to(definition, side) for side in sides)
    cells, differing = np.zeros(len(rows), np.int64), np.zeros((len(rows), len(theirs[names[0]])), np.int64)
    marked = np.zeros(len(rows), bool)
    for name in names:
        own, of_others, asked = (row_hashes(side, [name]) for side in (theirs, all_others, columns))
        compared = _comes_from_a_row(definition.columns[name], columns[name], manifest.vocabularies.get(name))
        cells += compared
        differing += compared[:, None] & (asked[:, None] != own)
        marked |= compared & np.isin(asked, np.setdiff1d(own, of_others))
    most = np.minimum(MAX_CHANGED, cells - 1)
    marked |= (differing <= most[:, None]).any(axis=1)
    return marked


def _comes_from_a_row(column: Column, values: Array, vocabulary: Sequence[str] | None) -> NDArray[np.bool_]:
    """Mark the values that may come from a row: none that is missing, a limit of the definition, or made up."""
    present = ~is_missing(values)
    if column.kind == "category":
        return present if vocabulary is None else present & np.isin(values.astype(str), list(vocabulary))
    limits = [limit for limit in (column.least, column.most) if limit is not None]
    numbers = values.astype("datetime64[us]").astype(np.int64) / 1e6 if column.kind == "time" else values
    return present & ~np.isin(numbers, limits)


def _mark_histories(definition: RecommenderDefinition, rows: Sequence[Any], theirs: Columns) -> NDArray[np.bool_]:
    """Mark the requests whose history is made of items of one of the users."""
    users, items = (theirs[name].astype(str) for name in (definition.roles.user, definition.roles.item))
    by_user = [set(items[users == user].tolist()) for user in np.unique(users)]
    all_items = set(items.tolist())
    histories = [{str(item).strip() for item in row.get("history") or ()} for row in rows]
    own = [history & all_items for history in histories]
    return np.array(
        [
            bool(part) and any(len(history - of_user) <= 1 for of_user in by_user)
            for history, part in zip(histories, own, strict=True)
        ],
        bool,
    )
