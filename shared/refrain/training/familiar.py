"""Learn what rows are like those of training: the limits of numbers, and which values belong together.

For combinations a small boosted model learns to tell training rows from rows that are put together from several of
them, where each value is as usual as before (Breiman and Cutler's unsupervised forests). It needs no distance: scales,
heavy tails, categories, missing values and single wild rows do not matter. Its threshold is from rows that it did not
learn, of other entities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from preprocessing import UNSEEN
from refrain.lake.familiar_rows import FamiliarRows
from refrain.statistics.hashing import position_hashes, row_hashes
from refrain.statistics.tails import learn_limits
from refrain.training.export import export
from refrain.training.fitting import Fitted
from refrain.training.thresholds import round_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns, Definition, Vocabularies
    from refrain.arrays import Floats

MAX_CONTRASTED_ROWS = 20_000
MAX_CONTRASTED_CELLS = 1_000_000
"""So many rows are learned from, evenly spaced, and in a wide table so many cells."""

FOLDS = 3
"""One of them is held back for the threshold."""

MIN_HELD_ROWS = 200
"""With fewer, no threshold has the false rate that is wanted."""

FALSE_RATE = 0.005
"""The share of ordinary rows whose combination counts as unfamiliar."""

MAX_UNSEEN = 0.001
"""Unseen categories are familiar where a greater share of the training rows had a rare one, of all such features."""

TYPICAL_VALUES = 3
"""Values of each feature that are tried in the place of a row's own, to see whether it is what does not fit."""

ROUNDING = 1e-6
"""The graph may answer a little differently than the model that it was exported from."""

CLASSES = ("together", "put together")
TREES = {"max_iter": 100, "learning_rate": 0.2, "max_leaf_nodes": 16, "early_stopping": False, "random_state": 0}


def learn_familiar(
    definition: Definition, vocabularies: Vocabularies, columns: Columns, matrix: NDArray[np.float32]
) -> FamiliarRows:
    """Learn from the training rows: their columns, and their matrix."""
    rows = np.arange(len(matrix))[:: -(-len(matrix) // _most_rows(matrix.shape[1]))]
    sample, folds = matrix[rows], _fold(definition, columns, len(matrix))[rows]
    codes = np.array([name in vocabularies for name in definition.features])
    low, high = np.repeat(np.array([[-np.inf], [np.inf]], np.float32), len(codes), axis=1)
    with np.errstate(over="ignore"):  # a limit beyond float32 is none
        low[~codes], high[~codes] = learn_limits(sample[:, ~codes], folds)
    graph, threshold = _learn_combinations(sample, folds == 0)
    shares = (np.arange(TYPICAL_VALUES) + 0.5) / TYPICAL_VALUES
    filled = np.where(np.isnan(sample).all(axis=0), 0, sample)
    return FamiliarRows(
        low=low,
        high=high,
        unseen_is_usual=codes & ((sample == UNSEEN).mean(axis=0) * codes.sum() > MAX_UNSEEN),
        graph=np.frombuffer(graph, np.uint8),
        threshold=np.array(threshold),
        typical=np.nanquantile(filled, shares, axis=0, method="nearest").astype(np.float32),
    )


def break_rows(rows: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Put rows together: in each a random share of the values is taken from other rows."""
    count, width = rows.shape
    strangers = rows[random.integers(count, size=(count, width)), np.arange(width)]
    return np.where(random.random((count, width)) < random.random((count, 1)), strangers, rows)


def _learn_combinations(rows: NDArray[np.float32], held: NDArray[np.bool_]) -> tuple[bytes, float]:
    """Fit the graph, and find its threshold on rows that are held back; an empty graph where there are too few."""
    kept, count = rows[~held], int(held.sum())
    if rows.shape[1] < 2 or min(len(kept), count) < MIN_HELD_ROWS:
        return b"", 1.0
    broken = break_rows(kept, np.random.default_rng(0))
    features = np.concatenate([kept, broken])
    features[:, np.isnan(kept).all(axis=0)] = 0  # the estimator takes no column without a value
    with threadpool_limits(1):  # so few rows are fitted before threads have met
        trees = HistGradientBoostingClassifier(**TREES).fit(features, np.repeat([0, 1], len(kept)))
    round_thresholds(trees)
    fitted = Fitted(Pipeline([("estimator", trees)]), "codes", CLASSES, None, ())
    scores: Floats = np.sort(fitted.answers(rows[held])[:, 1])
    outside = int(FALSE_RATE * (count + 1))
    return export(fitted, rows.shape[1]), float(scores[-outside]) + ROUNDING


def _fold(definition: Definition, columns: Columns, rows: int) -> NDArray[np.integer]:
    """Deal rows to folds at random, all rows of a group to the same one."""
    group = definition.training.group
    hashes = row_hashes(columns, (group,)) if group else position_hashes("familiar", 0, rows)
    return hashes % np.uint64(FOLDS)


def _most_rows(features: int) -> int:
    return min(MAX_CONTRASTED_ROWS, max(MAX_CONTRASTED_CELLS // features, MIN_HELD_ROWS * FOLDS * 2))
