"""Kernel ridge regression and Gaussian processes weigh the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.kernel_ridge import KernelRidge

from refrain.errors import CandidateRefused

if TYPE_CHECKING:
    from tests.unit.training.converters.conftest import RandomRows


@pytest.mark.parametrize("gamma", [None, 0.2])
@pytest.mark.parametrize("kernel", ["linear", "poly", "polynomial", "rbf", "laplacian", "sigmoid"])
def test_kernel_ridge_weighs_the_training_rows(rows: RandomRows, kernel: str, gamma: float | None) -> None:
    assert rows.farthest(KernelRidge(kernel=kernel, gamma=gamma), rows.signal) <= 1e-5


def test_a_kernel_without_a_graph_is_refused_with_those_that_have_one(rows: RandomRows) -> None:
    with pytest.raises(CandidateRefused, match="its kernel must be linear, poly, rbf, laplacian or sigmoid"):
        rows.farthest(KernelRidge(kernel="cosine"), rows.signal)


@pytest.mark.parametrize("count", [2, 3])
def test_a_gaussian_process_gives_the_chance_of_each_class(rows: RandomRows, count: int) -> None:
    assert rows.farthest(GaussianProcessClassifier(), rows.classes(count)) <= 1e-6
