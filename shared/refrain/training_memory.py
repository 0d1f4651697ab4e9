"""How much memory training a candidate takes, known before it is fitted: from rows, columns and estimator.

The constants are measured (see docs/operations.md), rounded up; tests/unit/training/test_memory.py measures them again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from refrain.process_memory import MEGABYTE

if TYPE_CHECKING:
    from preprocessing import Candidate

LIBRARY_BYTES = 230 * MEGABYTE
BYTES_PER_ROW = 100
"""Of each row, besides its values: the target, the column that is being read, and what estimators keep by row."""

MATRIX_BYTES = 5
"""Of each cell of the feature matrix, with its share of the holdout."""

BOOSTING_BYTES = 18
DENSE_BYTES = 20
SPARSE_BYTES = 28
KEPT_BYTES = 72
"""Of each value that an estimator gets: in boosting; in a dense matrix, and in a sparse one where it is not zero; and
where the rows themselves become a part of the graph."""

NODE_BYTES = 1_150
"""Of each node of a tree; nearly all of it is for the export to ONNX."""

CLASS_BYTES = 130
"""Of each node and class, where there are more than two."""

BOOSTED_CLASS_BYTES = 24
"""Of each row and class in boosting."""

TYPICAL_SHARE = 0.4
"""Of the leaves that a tree may have, those that it usually has where classes are predicted and labels are noisy."""


@dataclass(frozen=True)
class TreeKind:
    """Trees of a class of estimators: how many and how large by default, and the share of rows that one sees."""

    trees: int
    depth: int | None
    share: float
    leaves: int | None = None


TREES = {
    "RandomForest": TreeKind(100, None, 0.64),
    "ExtraTrees": TreeKind(100, None, 1.0),
    "Bagging": TreeKind(10, None, 0.64),
    "DecisionTree": TreeKind(1, None, 1.0),
    "ExtraTree": TreeKind(1, None, 1.0),
    "GradientBoosting": TreeKind(100, 3, 1.0),
    "AdaBoost": TreeKind(50, 3, 1.0),
    "LGBM": TreeKind(100, None, 1.0, leaves=31),
    "XGB": TreeKind(100, 6, 1.0),
}
"""By the class's name without Classifier or Regressor."""

BINNING = ("HistGradientBoosting", "LGBM", "XGB")
KEEPING_ROWS = ("KNeighbors", "RadiusNeighbors", "SVC", "SVR", "NuSVC", "NuSVR", "GaussianProcess")
COMPARING_ROWS = ("GaussianProcess", "KernelRidge")
PAIR_BYTES = 80
"""Of each pair of rows, for estimators that compare all rows with all others at once."""


@dataclass(frozen=True)
class TrainingTable:
    """The training rows as an estimator gets them.

    `width` columns are made of `features`, and `filled` of them have a value other than zero in a row; where `sparse`,
    only these take memory. `nodes` is how many nodes a tree has, where that was measured.
    """

    rows: int
    features: int
    width: int
    filled: int
    sparse: bool = False
    classes: int = 1
    nodes: int | None = None


def estimate_memory(candidate: Candidate, table: TrainingTable) -> int:
    """Estimate the most memory that the process holds from the snapshot to the exported version."""
    name, rows = class_name(candidate), table.rows
    per_row = BYTES_PER_ROW + MATRIX_BYTES * table.features + _value_bytes(name, table)
    needed = LIBRARY_BYTES + rows * per_row
    if name in TREES:
        nodes = count_trees(candidate, table.classes) * (table.nodes or max_nodes(candidate, rows))
        needed += nodes * (NODE_BYTES + (CLASS_BYTES * table.classes if table.classes > 2 else 0))
    if name in COMPARING_ROWS:
        needed += PAIR_BYTES * rows**2
    return needed


def _value_bytes(name: str, table: TrainingTable) -> int:
    """Return the memory of the values that an estimator gets, by row."""
    if name in BINNING:
        return BOOSTING_BYTES * table.width + BOOSTED_CLASS_BYTES * table.classes
    if name in KEEPING_ROWS:
        return KEPT_BYTES * table.width
    return SPARSE_BYTES * table.filled if table.sparse else DENSE_BYTES * table.width


def max_training_rows(candidate: Candidate, table: TrainingTable, available: int) -> int:
    """Return how many rows of such a table a candidate can usually learn from in this memory."""
    typical = TYPICAL_SHARE if candidate.estimator.endswith("Classifier") else 1.0
    fitting, beyond = 0, 10**9
    while beyond - fitting > 1 + fitting // 1000:
        rows = (fitting + beyond) // 2
        nodes = max(1, int(typical * max_nodes(candidate, rows)))
        if estimate_memory(candidate, replace(table, rows=rows, nodes=nodes)) <= available:
            fitting = rows
        else:
            beyond = rows
    return fitting


def class_name(candidate: Candidate) -> str:
    """Return the name of an estimator's class without its task.

    >>> from preprocessing import Candidate
    >>> class_name(Candidate("forest", "sklearn.ensemble.RandomForestClassifier", "auto", {}))
    'RandomForest'
    """
    return candidate.estimator.rpartition(".")[2].removesuffix("Classifier").removesuffix("Regressor")


def count_trees(candidate: Candidate, classes: int) -> int:
    """Count the trees of an estimator; boosting has one for each class where there are more than two."""
    name = class_name(candidate)
    trees = _number(candidate, "n_estimators") or TREES[name].trees
    return trees * (classes if name in ("GradientBoosting", "LGBM", "XGB") and classes > 2 else 1)


def max_nodes(candidate: Candidate, rows: int) -> int:
    """Return how many nodes one tree has at most: a leaf for each row that it sees, and as many branches."""
    kind = TREES.get(class_name(candidate), TreeKind(0, None, 0))
    bounds = [kind.share * rows / max(_number(candidate, "min_samples_leaf") or 1, 1)]
    depth = _number(candidate, "max_depth") or kind.depth
    if depth is not None:
        bounds.append(2.0 ** min(depth, 60))
    if leaves := _number(candidate, "max_leaf_nodes") or _number(candidate, "num_leaves") or kind.leaves:
        bounds.append(leaves)
    return 2 * int(min(bounds)) + 1


def _number(candidate: Candidate, parameter: str) -> int | None:
    value = candidate.parameters.get(parameter)
    return value if isinstance(value, int) and value > 0 else None
