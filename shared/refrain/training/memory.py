"""Refuses a candidate that would not fit into the function's memory, before it is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from refrain.errors import CandidateRefused
from refrain.process_memory import function_bytes
from refrain.training_memory import BINNING, TREES, class_name, estimate_memory
from refrain.words import counted, memory_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Candidate
    from refrain.training_memory import TrainingTable


def check_memory(
    candidate: Candidate, estimator: Any, table: TrainingTable, matrix: NDArray[np.float32], target: Array
) -> None:
    """Raise `CandidateRefused`, saying what to do, where training needs more than the function has.

    How many nodes a tree has depends on the data. Where the most that it can have would not fit, one tree is fitted.
    LightGBM and XGBoost bound it by their parameters.
    """
    available, counted_trees = function_bytes(), class_name(candidate) in TREES.keys() - BINNING
    if counted_trees and estimate_memory(candidate, table) > available:
        table = replace(table, nodes=_count_nodes(estimator, matrix, target))
    needed = estimate_memory(candidate, table)
    if needed > available:
        raise CandidateRefused(
            f"{candidate.name}: {candidate.estimator} would take about {memory_size(needed)} for "
            f"{counted(table.rows, 'row')} of {counted(table.width)} columns in training, which has "
            f"{memory_size(available)}: {_cure(table)}, raise TrainingMemory, or shorten training.window"
        )


def _cure(table: TrainingTable) -> str:
    if table.nodes:
        return "take fewer trees (n_estimators), set max_leaf_nodes"
    if table.width > 2 * table.features:
        return 'take features = "codes" or "imputed" instead of one column for each value of a category'
    return "take another estimator"


def _count_nodes(estimator: Any, matrix: NDArray[np.float32], target: Array) -> int:
    """Fit one tree, and count its nodes."""
    one = clone(estimator)
    if "n_estimators" in one.get_params():
        one.set_params(n_estimators=1)
    one.fit(np.nan_to_num(matrix), target)
    trees = np.ravel(getattr(one, "estimators_", [one]))
    return max(int(tree.tree_.node_count) for tree in trees)
