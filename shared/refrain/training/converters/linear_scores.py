"""Estimators that answer by sums of weighted features: discriminants, centroids and projections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.converters.graph_step import GraphStep


def convert_linear_discriminant(step: GraphStep) -> None:
    """Write the softmax of the scores; of two classes, skl2onnx squares instead of taking the logistic function."""
    coefficients, intercepts = step.fitted.coef_, step.fitted.intercept_
    if len(coefficients) == 1:  # the score of the second class against the first
        coefficients, intercepts = (np.concatenate([np.zeros_like(part), part]) for part in (coefficients, intercepts))
    step.answer(step.add("Softmax", _scores(step, coefficients, intercepts), axis=1))


def convert_nearest_centroid(step: GraphStep) -> None:
    """Write the softmax of `2 log(prior) - distance²`, in which the square of the row is the same for all classes."""
    fitted = step.fitted
    spread = np.where(fitted.within_class_std_dev_ == 0, 1.0, fitted.within_class_std_dev_)
    centroids = fitted.centroids_ / spread
    intercepts = 2 * np.log(fitted.class_prior_) - (centroids**2).sum(axis=1)
    step.answer(step.add("Softmax", _scores(step, 2 * centroids / spread, intercepts), axis=1))


def convert_projection(step: GraphStep) -> None:
    """Write what projections to latent variables come to: a linear function of the centred features."""
    fitted = step.fitted
    step.answer(_scores(step, fitted.coef_, fitted.intercept_ - fitted.coef_ @ fitted._x_mean))


def _scores(step: GraphStep, coefficients: NDArray[np.float64], intercepts: NDArray[np.float64]) -> str:
    products = step.add("MatMul", step.precise_features(), coefficients.T.astype(np.float64))
    return step.add("Add", products, np.asarray(intercepts, dtype=np.float64))
