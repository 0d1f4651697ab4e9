"""Linear models in double precision: their terms may cancel out, so a sum in float32 loses what scikit-learn keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import linear_model
from sklearn.svm import LinearSVR

if TYPE_CHECKING:
    from refrain.training.converters.graph_step import GraphStep

LINEAR = (
    linear_model.ARDRegression,
    linear_model.BayesianRidge,
    linear_model.ElasticNet,
    linear_model.ElasticNetCV,
    linear_model.GammaRegressor,
    linear_model.HuberRegressor,
    linear_model.Lars,
    linear_model.LarsCV,
    linear_model.Lasso,
    linear_model.LassoCV,
    linear_model.LassoLars,
    linear_model.LassoLarsCV,
    linear_model.LassoLarsIC,
    linear_model.LinearRegression,
    LinearSVR,
    linear_model.OrthogonalMatchingPursuit,
    linear_model.OrthogonalMatchingPursuitCV,
    linear_model.PoissonRegressor,
    linear_model.QuantileRegressor,
    linear_model.RANSACRegressor,
    linear_model.Ridge,
    linear_model.RidgeCV,
    linear_model.SGDRegressor,
    linear_model.TheilSenRegressor,
    linear_model.TweedieRegressor,
)
"""Regressors whose answer is a sum of the features, or the exponential of one."""


def convert_linear(step: GraphStep) -> None:
    """Write `features @ coef + intercept`, and its exponential behind a log link."""
    fitted = step.fitted.estimator_ if isinstance(step.fitted, linear_model.RANSACRegressor) else step.fitted
    coefficients = np.asarray(fitted.coef_, dtype=np.float64).reshape(-1, 1)
    product = step.add("MatMul", step.precise_features(), coefficients)
    total = step.add("Add", product, np.asarray(fitted.intercept_, dtype=np.float64).reshape(1))
    step.answer(step.add("Exp", total) if has_log_link(fitted) else total)


def has_log_link(estimator: Any) -> bool:
    """Tell whether a model is linear in the logarithm of its answer.

    >>> has_log_link(linear_model.PoissonRegressor()), has_log_link(linear_model.TweedieRegressor(power=0))
    (True, False)
    """
    if isinstance(estimator, linear_model.TweedieRegressor):
        return bool(estimator.link == "log" or (estimator.link == "auto" and estimator.power > 0))
    return isinstance(estimator, (linear_model.GammaRegressor, linear_model.PoissonRegressor))
