"""Decides how a regression's target is moved and scaled before an estimator learns it.

scikit-learn's answers to the target as it is are the reference. So a target is moved only where the estimator learns
where it lies, and scaled only where none of its parameters is a size in the target's unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import CandidateRefused
from refrain.lake.parity_figures import AnswerSpread
from refrain.lake.target_scale import TargetScale, transform_target
from refrain.training.converters.linear_models import LINEAR

if TYPE_CHECKING:
    from preprocessing import Array, Definition
    from refrain.arrays import Floats

ORIGIN_ESTIMATORS = ("GammaRegressor", "KernelRidge", "PoissonRegressor", "TweedieRegressor")
ORIGIN_LOSSES = ("poisson", "gamma", "tweedie", "log", "mape", "absolute_percentage")
"""Estimators, and parts of a loss's name, for which 0 is no value like others: targets are positive, or drawn to it."""

LOSS_PARAMETERS = ("loss", "criterion", "objective")
INTERCEPT_PARAMETERS = ("fit_intercept", "normalize_y")
"""An estimator for which one of these is False does not learn where the target lies."""

OWN_UNIT_PARAMETERS = ("base_score", "constant", "y_min", "y_max")
"""Parameters that are a value of the target itself."""

SCALE_FREE = (
    "AdaBoost",
    "Bagging",
    "DecisionTree",
    "ExtraTree",
    "KNeighbors",
    "LinearRegression",
    "RadiusNeighbors",
    "RandomForest",
    "Ridge",
)
SIZE_PARAMETERS = ("ccp_alpha", "min_impurity_decrease")
"""Estimators, by how their names start, that answer twice as much to twice the target, unless one of these is set."""

KEEPING_FLOAT32 = ("sklearn.linear_model", "sklearn.neural_network")
"""The modules whose estimators compute in float32 where features are float32."""

OFFSET_STEP = 1 / 16
"""An offset is a multiple of this share of the unit: 2003 - 2000 has fewer digits than 2003 - 1999.87."""

LINEAR_BOUND = 1e-6
FLOAT32_BOUND = 1e-5
ROUNDING_DIGITS = 7.3
"""So many digits of the spread are written: with half a unit in the last one, 2.5e-8 of it."""

MAX_DIGITS = 17


def choose_target_scale(definition: Definition, estimator: Any, target: Array) -> TargetScale:
    """Decide it for one estimator, not yet fitted. Raises `CandidateRefused` where the transform has no value."""
    transform = definition.training.transform
    own = np.asarray(target, dtype=np.float64)
    _check_domain(definition, own)
    learned = transform_target(transform, own)
    unit = _power_of_two(AnswerSpread.of(learned).width)
    spread = AnswerSpread.of(own)
    return TargetScale(
        transform=transform,
        offset=_round_to(unit * OFFSET_STEP, learned.mean()) if learns_origin(estimator) else 0.0,
        scale=unit if is_scale_free(estimator) else 1.0,
        spread=spread,
        digits=_count_digits(own, spread),
        bound=LINEAR_BOUND if isinstance(estimator, LINEAR) else FLOAT32_BOUND,
    )


def keep_target(target: Array) -> TargetScale:
    """Describe the target of a model that was fitted elsewhere, on the target as it is."""
    own = np.asarray(target, dtype=np.float64)
    spread = AnswerSpread.of(own)
    return TargetScale("none", 0.0, 1.0, spread, _count_digits(own, spread), FLOAT32_BOUND)


def widen_features(estimator: Any, features: Any) -> Any:
    """Return features, dense or sparse, in float64 for a regressor that would be fitted in float32 otherwise."""
    return features.astype(np.float64) if type(estimator).__module__.startswith(KEEPING_FLOAT32) else features


def learns_origin(estimator: Any) -> bool:
    """Tell whether an estimator learns where the target lies, so that moving it changes nothing.

    >>> from sklearn.linear_model import Ridge
    >>> learns_origin(Ridge()), learns_origin(Ridge(fit_intercept=False))
    (True, False)
    """
    parameters = estimator.get_params(deep=False)
    losses = " ".join(str(parameters.get(name)) for name in LOSS_PARAMETERS)
    return (
        type(estimator).__name__ not in ORIGIN_ESTIMATORS
        and not any(loss in losses for loss in ORIGIN_LOSSES)
        and all(parameters.get(name) is not False for name in INTERCEPT_PARAMETERS)
        and all(parameters.get(name) is None for name in OWN_UNIT_PARAMETERS)
    )


def is_scale_free(estimator: Any) -> bool:
    """Tell whether an estimator answers twice as much to twice the target.

    >>> from sklearn.linear_model import Lasso, Ridge
    >>> is_scale_free(Ridge()), is_scale_free(Lasso())
    (True, False)
    """
    parameters = estimator.get_params(deep=False)
    return (
        type(estimator).__name__.startswith(SCALE_FREE)
        and learns_origin(estimator)
        and not any(parameters.get(name) for name in SIZE_PARAMETERS)
    )


def _round_to(step: float, value: float) -> float:
    return step * float(np.round(value / step))


def _power_of_two(width: float) -> float:
    """Return a unit near a width: to divide by it rounds nothing."""
    return float(2.0 ** np.round(np.log2(width)))


def _count_digits(target: Floats, spread: AnswerSpread) -> int:
    """Count the significant digits that numbers as large as the target need, to tell its spread exactly."""
    times = float(np.abs(target).max()) / spread.width
    return min(MAX_DIGITS, int(np.ceil(ROUNDING_DIGITS + np.log10(max(times, 1.0)))))


def _check_domain(definition: Definition, target: Floats) -> None:
    transform = definition.training.transform
    if transform == "none":
        return
    refused, limit = (target <= -1, "-1 or less") if transform == "log1p" else (target < 0, "below 0")
    if outside := int(refused.sum()):
        raise CandidateRefused(
            f"training.transform: {transform} has no value for {outside} of {len(target)} rows, whose "
            f"{definition.target} is {limit}: leave the transform out, or give the column a `min`"
        )
