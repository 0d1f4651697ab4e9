"""The feature of a changed meaning: the segment that turned, the column that was shuffled, or none."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.changed_meaning import feature_of_meaning
from refrain.statistics.moved_rows import share_cells


def named(seed: int, change: str) -> int | None:
    """Name the feature of a change among five features, of which three matter."""
    random = np.random.default_rng(seed)
    matrices = [random.normal(size=(rows, 5)) for rows in (3000, 2000)]
    for matrix in matrices:
        matrix[:, 3] = random.integers(0, 4, len(matrix))
    truths = [matrix[:, :3].sum(axis=1) + random.normal(size=len(matrix)) for matrix in matrices]
    now = matrices[1]
    if change == "segment":
        truths[1] = np.where(now[:, 3] == 2, -truths[1], truths[1])
    if change == "shuffled":
        now[:, 1] = random.permutation(now[:, 1])
    if change == "noise":
        truths[1] = truths[1] + random.normal(0, 1.5, 2000)
    errors = [truth - matrix[:, :3].sum(axis=1) for truth, matrix in zip(truths, matrices, strict=True)]
    shared = share_cells(*(matrix.astype(np.float32) for matrix in matrices))
    losses = errors[0] ** 2, errors[1] ** 2
    return feature_of_meaning(shared, losses, (errors[0], errors[1]), (np.ones(3000), np.ones(2000)))


@pytest.mark.parametrize(("change", "feature"), [("segment", 3), ("shuffled", 1), ("noise", None), ("nothing", None)])
def test_the_feature_that_was_planted_is_named(change: str, feature: int | None) -> None:
    assert [named(seed, change) for seed in range(15)].count(feature) >= 14


def test_rows_that_all_moved_have_no_feature() -> None:
    matrix = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    values = np.ones(500)

    assert (
        feature_of_meaning(share_cells(matrix, matrix), (values, values), (values, values), (values * 0,) * 2) is None
    )
