"""Linear models in double precision: their terms may cancel out, so a sum in float32 loses what scikit-learn keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.svm import LinearSVR

if TYPE_CHECKING:
    from refrain.training.converters.graph_step import GraphStep

LINEAR = (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LinearSVR,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
"""Regressors whose answer is a sum of the features, or the exponential of one."""


def convert_linear(step: GraphStep) -> None:
    """Write `features @ coef + intercept`, and its exponential behind a log link."""
    fitted = step.fitted.estimator_ if isinstance(step.fitted, RANSACRegressor) else step.fitted
    coefficients = np.asarray(fitted.coef_, dtype=np.float64).reshape(-1, 1)
    product = step.add("MatMul", step.precise_features(), coefficients)
    total = step.add("Add", product, np.asarray(fitted.intercept_, dtype=np.float64).reshape(1))
    step.answer(step.add("Exp", total) if has_log_link(fitted) else total)


def has_log_link(estimator: Any) -> bool:
    """Tell whether a model is linear in the logarithm of its answer.

    >>> has_log_link(PoissonRegressor()), has_log_link(TweedieRegressor(power=0)), has_log_link(Ridge())
    (True, False, False)
    """
    if isinstance(estimator, TweedieRegressor):
        return bool(estimator.link == "log" or (estimator.link == "auto" and estimator.power > 0))
    return isinstance(estimator, (GammaRegressor, PoissonRegressor))
