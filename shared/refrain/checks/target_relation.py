"""How much one column tells about the target, and how alike the target is within groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.roc_auc import area_under_roc

if TYPE_CHECKING:
    from refrain.arrays import Floats, Truth
    from refrain.checks.coded_column import CodedColumn, Codes

MIN_JUDGED_ROWS = 20
"""Rows of a class in the holdout from which an area under the ROC curve says enough."""


def predictive_power(column: CodedColumn, train: Truth, holdout: Truth, classes: int) -> float:
    """Return how well a column alone, learned on the training rows, tells the target of the holdout rows.

    Of classes it is the area under the ROC curve of the class that it tells worst, of values the share of the variance
    of their ranks, which no skew of the target changes. It is 0 where the rows are too few to say.
    """
    if not classes:
        return _explained_ranks(column, train, holdout)
    counts = np.bincount(column.train * classes + train.astype(np.int64), minlength=column.size * classes).reshape(
        -1, classes
    )
    prior = counts.sum(axis=0) / max(len(train), 1)
    scores = ((counts + prior) / (counts.sum(axis=1, keepdims=True) + 1))[column.holdout]
    rows = np.bincount(holdout.astype(np.int64), minlength=classes)
    judged = np.flatnonzero((rows >= MIN_JUDGED_ROWS) & (len(holdout) - rows >= MIN_JUDGED_ROWS))
    weights = np.ones((1, len(holdout)))
    areas = [area_under_roc(holdout == number, scores[:, number]).score(weights)[0] for number in judged]
    return float(min(areas, default=0.0))


def _explained_ranks(column: CodedColumn, train: Truth, holdout: Truth) -> float:
    if min(len(train), len(holdout)) < MIN_JUDGED_ROWS:
        return 0.0
    train, holdout = ranks(train, train), ranks(holdout, train)
    rows = np.bincount(column.train, minlength=column.size)
    means = (np.bincount(column.train, train, minlength=column.size) + train.mean()) / (rows + 1)
    spread = float(((holdout - holdout.mean()) ** 2).sum())
    return 1 - float(((holdout - means[column.holdout]) ** 2).sum()) / spread if spread else 0.0


def ranks(values: Truth, among: Truth) -> Floats:
    """Return where values stand among others, from 0 to 1; equal ones share the middle.

    >>> ranks(np.array([1.0, 2.0, 9.0]), np.array([1.0, 2.0, 2.0, 3.0])).tolist()
    [0.125, 0.5, 1.0]
    """
    ordered = np.sort(among)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return (below + up_to) / (2 * len(among))


def likeness(groups: Codes, target: Truth, classes: int) -> tuple[float, float]:
    """Return the share of the target's variance between groups beyond chance, and the standard error of no share.

    It is the adjusted R² (Ezekiel 1930), for classes that of Gini's variance (Light & Margolin 1971).
    """
    rows, number = len(target), int(groups.max()) + 1
    if rows <= number + 1 or number < 2:
        return 0.0, 1.0
    sizes = np.bincount(groups, minlength=number)
    if classes:
        cells = np.bincount(groups * classes + target.astype(np.int64), minlength=number * classes)
        within = float((sizes - (cells.reshape(number, classes) ** 2).sum(axis=1) / sizes).sum())
        whole = rows - float((np.bincount(target.astype(np.int64)) ** 2).sum()) / rows
    else:
        values = ranks(target, target)
        whole = float(((values - values.mean()) ** 2).sum())
        within = float((values**2).sum() - (np.bincount(groups, values, minlength=number) ** 2 / sizes).sum())
    share = 1 - (within / (rows - number)) / (whole / (rows - 1)) if whole else 0.0
    return share, float(np.sqrt(2 * number / ((rows - number) * rows)))
