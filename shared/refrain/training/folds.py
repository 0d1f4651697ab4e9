"""Folds of the training rows, cut as the run's own split is: what is chosen within training meets the same question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from numpy.typing import NDArray

    from preprocessing import Columns, Definition

    type Rows = NDArray[np.intp]
    type Fold = tuple[Rows, Rows]
    """The rows to learn from, and those to answer."""

FOLDS = 5


def make_folds(definition: Definition, columns: Columns) -> list[Fold]:
    """Cut rows into folds: forward in time or in the order of uploads, else at random, by group where there is one.

    A fold that cannot learn every class is left out. There may be none.
    """
    target = columns[definition.target]
    if len(target) <= FOLDS:
        return []
    folds = _forward(definition, columns) if definition.training.split != "hash" else _random(definition, columns)
    if definition.task == "regression":
        return list(folds)
    classes = len(np.unique(target))
    return [fold for fold in folds if len(np.unique(target[fold[0]])) == classes]


def _forward(definition: Definition, columns: Columns) -> Iterable[Fold]:
    """Learn from the older rows and answer the next ones, without those of groups that were learned."""
    by_time = definition.training.split == "time"
    count = len(columns[definition.target])
    order = np.argsort(columns[definition.time], kind="stable") if by_time else np.arange(count)
    groups = _groups(definition, columns)
    for learned, answered in TimeSeriesSplit(FOLDS).split(order):
        train, test = order[learned], order[answered]
        if groups is not None:
            test = test[~np.isin(groups[test], groups[train])]
        if len(test):
            yield train, test


def _random(definition: Definition, columns: Columns) -> Any:
    target = columns[definition.target]
    groups = _groups(definition, columns)
    if groups is not None:
        count = min(FOLDS, len(np.unique(groups)))
        return GroupKFold(count, shuffle=True, random_state=0).split(groups, groups=groups) if count > 1 else ()
    if definition.task == "regression":
        return KFold(FOLDS, shuffle=True, random_state=0).split(target)
    _, numbers, sizes = np.unique(target, return_inverse=True, return_counts=True)
    numbers = np.where(sizes[numbers] < FOLDS, sizes.argmax(), numbers)  # a stratum has a row for every fold
    return StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(target, numbers)


def _groups(definition: Definition, columns: Columns) -> NDArray[np.uint64] | None:
    group = definition.training.group
    return row_hashes(columns, (group,)) if group else None
