"""A target of any size is learned as scikit-learn learns it in float64, and answers have the digits that it needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import all_estimators

from preprocessing import parse_definition
from refrain.errors import CandidateRefused
from refrain.lake.parity_figures import AnswerSpread
from refrain.training.target_scaling import choose_target_scale, is_scale_free, learns_origin
from tests.unit.training.regressions import HELD, NOISE, SIGNAL, TARGETS, learn_regression

START_AT_ZERO = {
    "HuberRegressor": "its search starts there",
    "LinearSVR": "its intercept is held near 0",
    "MLPRegressor": "its search starts there",
    "PassiveAggressiveRegressor": "its search starts there",
    "SGDRegressor": "its search starts there",
}
"""On a target far from 0 scikit-learn does not reach its own optimum; these are held against it on the moved target."""

OF_OTHER_TASKS = ("CCA", "IsotonicRegression", "PLSCanonical", "RadiusNeighborsRegressor")
SMALL = {"n_estimators": 8, "max_iter": 60, "min_samples_leaf": 5, "random_state": 0}
"""In smaller leaves several splits are equally good, and rounding breaks the tie."""

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def regressors() -> list[Any]:
    """All regressors of one target that need no other estimator, made small."""
    made = []
    for name, kind in all_estimators(type_filter="regressor"):
        if name in OF_OTHER_TASKS or name.startswith(("Multi", "Dummy", "Transformed")):
            continue
        try:
            estimator = kind()
        except TypeError:
            continue
        parameters = estimator.get_params()
        small = {key: SMALL[key] for key in SMALL if key == "random_state" or parameters.get(key)}
        small = {key: value for key, value in small.items() if key in parameters}
        if name == "BaggingRegressor":
            small["estimator"] = DecisionTreeRegressor(min_samples_leaf=5)
        made.append(estimator.set_params(**small))
    return made


def square(roots: Any) -> Any:
    return np.square(np.maximum(roots, 0.0))


def definition_of(transform: str = "none") -> Any:
    columns = {"x": {"type": "number"}, "y": {"type": "number"}}
    training = {"transform": transform, "candidates": [{"name": "a", "estimator": "sklearn.linear_model.Ridge"}]}
    return parse_definition("m", {"task": "regression", "target": "y", "columns": columns, "training": training}, "m")


@pytest.mark.parametrize("estimator", regressors(), ids=lambda estimator: type(estimator).__name__)
@pytest.mark.parametrize("kind", ["years", "prices"])
def test_what_is_learned_is_what_scikit_learn_learns_of_the_target_itself(estimator: Any, kind: str) -> None:
    features, target = np.stack([SIGNAL, NOISE], axis=1)[:100], TARGETS[kind][:100]
    scale = choose_target_scale(definition_of(), estimator, target)

    answers = scale.to_own_units(estimator.fit(features, scale.to_learned(target)).predict(features).ravel())

    moved = scale.offset if type(estimator).__name__ in START_AT_ZERO else 0.0
    expected = moved + estimator.fit(features, target - moved).predict(features).ravel()
    assert np.abs((answers - expected) / scale.spread.scales(expected)).max() <= scale.bound


CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("linear_model.LinearRegression", {}, LinearRegression()),
    ("linear_model.LinearRegression", {"fit_intercept": False}, LinearRegression(fit_intercept=False)),
    ("linear_model.Ridge", {"alpha": 3.0}, Ridge(alpha=3.0)),
    ("linear_model.Lasso", {"alpha": 0.1, "tol": 1e-9}, Lasso(alpha=0.1, tol=1e-9)),
    ("linear_model.PoissonRegressor", {"tol": 1e-9}, PoissonRegressor(tol=1e-9)),
    ("neighbors.KNeighborsRegressor", {}, KNeighborsRegressor()),
    (
        "ensemble.RandomForestRegressor",
        {"n_estimators": 20, "min_samples_leaf": 5},
        RandomForestRegressor(20, min_samples_leaf=5, random_state=0),
    ),
    (
        "ensemble.HistGradientBoostingRegressor",
        {"max_iter": 50},
        HistGradientBoostingRegressor(max_iter=50, random_state=0),
    ),
]


@pytest.mark.parametrize(("name", "parameters", "reference"), CASES)
@pytest.mark.parametrize("kind", ["years", "prices", "timestamps"])
def test_callers_read_the_numbers_of_scikit_learn_in_float64(
    name: str, parameters: dict[str, Any], reference: Any, kind: str
) -> None:
    version = learn_regression(name, TARGETS[kind], groups=False, **parameters)
    features = np.stack([SIGNAL, NOISE], axis=1).astype(np.float32).astype(np.float64)
    if version.files.manifest.features_recipe == "onehot":
        features = (features - features[:-HELD].mean(axis=0)) / features[:-HELD].std(axis=0)
    moved = 1.7e9 if kind == "timestamps" and isinstance(reference, RandomForestRegressor) else 0.0  # its sums cancel
    expected = moved + reference.fit(features[:-HELD], TARGETS[kind][:-HELD] - moved).predict(features[-HELD:])

    written = version.written()

    scale = version.files.manifest.target_scale
    assert scale is not None
    assert np.abs((written[:, 0] - expected) / scale.spread.scales(expected)).max() <= scale.bound
    assert len(np.unique(written)) >= 0.9 * len(np.unique(expected))
    assert version.model.replay(version.files.golden).holds


def test_one_row_is_answered_as_among_many() -> None:
    version = learn_regression("ensemble.RandomForestRegressor", TARGETS["timestamps"], n_estimators=5)
    matrix = version.model.encode(version.holdout)

    alone = np.concatenate([version.model.score(matrix[row : row + 1]) for row in range(len(matrix))])

    np.testing.assert_array_equal(alone, version.model.score(matrix))


def test_where_float32_loses_too_much_the_distance_of_the_written_numbers_tells() -> None:
    version = learn_regression("neural_network.MLPRegressor", TARGETS["tiny"], max_iter=20)

    distance = version.model.measure_rounding(version.expected, version.model.predict_columns(version.holdout))

    assert distance is not None
    assert not distance.holds


@pytest.mark.parametrize(("transform", "forth", "back"), [("log1p", np.log1p, np.expm1), ("sqrt", np.sqrt, square)])
def test_a_transformed_target_is_answered_in_its_own_unit(transform: str, forth: Any, back: Any) -> None:
    version = learn_regression("linear_model.Ridge", TARGETS["prices"], transform=transform, groups=False)
    features, target = np.stack([SIGNAL, NOISE], axis=1)[:-HELD], TARGETS["prices"]
    reference = TransformedTargetRegressor(Ridge(), func=forth, inverse_func=back, check_inverse=False)
    held = np.stack([SIGNAL, NOISE], axis=1)[-HELD:]
    centre, width = features.mean(axis=0), features.std(axis=0)

    expected = reference.fit((features - centre) / width, target[:-HELD]).predict((held - centre) / width)

    spread = AnswerSpread.of(target).scales(expected)
    assert (np.abs(version.written()[:, 0] - expected) / spread).max() < 1e-6
    assert version.files.golden.spread == AnswerSpread.of(version.expected)
    assert version.files.baseline.predictions.values is not None
    assert version.files.baseline.predictions.values.mean == pytest.approx(version.expected.mean())


@pytest.mark.parametrize(("transform", "least"), [("log1p", "-1 or less"), ("sqrt", "below 0")])
def test_a_target_outside_of_the_transform_is_refused_with_its_column_and_count(transform: str, least: str) -> None:
    target = np.array([-1.0, -7.0, 0.0, 5.0])
    with pytest.raises(CandidateRefused, match=f"{transform} has no value for 2 of 4 rows, whose y is {least}"):
        choose_target_scale(definition_of(transform), Ridge(), target)


def test_a_root_below_zero_is_answered_with_zero() -> None:
    scale = choose_target_scale(definition_of("sqrt"), Ridge(), np.array([0.0, 1.0, 4.0]))

    assert scale.to_own_units(np.array([-100.0, 0.0])).tolist()[0] == 0.0


@pytest.mark.parametrize(
    ("estimator", "origin", "scaled"),
    [
        (Ridge(), True, True),
        (Ridge(fit_intercept=False), False, False),
        (Lasso(), True, False),
        (PoissonRegressor(), False, False),
        (HistGradientBoostingRegressor(loss="poisson"), False, False),
        (HistGradientBoostingRegressor(loss="quantile", quantile=0.9), True, False),
        (RandomForestRegressor(criterion="poisson"), False, False),
        (RandomForestRegressor(), True, True),
        (RandomForestRegressor(ccp_alpha=0.1), True, False),
    ],
)
def test_only_what_changes_no_answer_is_moved_or_scaled(estimator: Any, origin: bool, scaled: bool) -> None:
    assert (learns_origin(estimator), is_scale_free(estimator)) == (origin, scaled)


@pytest.mark.parametrize("value", [0.0, 7.0, 1.7e9])
def test_a_target_that_is_always_the_same_is_answered_exactly(value: float) -> None:
    version = learn_regression("linear_model.Ridge", np.full(len(SIGNAL), value))

    assert np.unique(version.written()).tolist() == [value]


def test_small_and_large_units_are_learned_alike() -> None:
    tiny, huge = (
        learn_regression("ensemble.RandomForestRegressor", TARGETS[kind], n_estimators=5, min_samples_leaf=5).written()
        for kind in ("tiny", "huge")
    )
    np.testing.assert_allclose(tiny * 1e51, huge, atol=1e-5 * float(huge.std()))
