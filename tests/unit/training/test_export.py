"""The exported graph has one input and one output, and answers as the pipeline does for every recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest

from refrain.errors import CandidateRefused
from refrain.training.export import export

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.fitting import Fitted
    from tests.unit.training.conftest import Learn


CLASSIFIERS: list[tuple[str, str, dict[str, Any]]] = [
    ("linear_model.LogisticRegression", "auto", {"max_iter": 300}),
    ("linear_model.LogisticRegression", "imputed", {"max_iter": 20, "class_weight": "balanced"}),
    ("ensemble.HistGradientBoostingClassifier", "auto", {"max_iter": 20}),
    ("ensemble.HistGradientBoostingClassifier", "imputed", {"max_iter": 20}),
    ("ensemble.HistGradientBoostingClassifier", "onehot", {"max_iter": 20}),
    ("ensemble.RandomForestClassifier", "auto", {"n_estimators": 20}),
    ("ensemble.ExtraTreesClassifier", "auto", {"n_estimators": 20}),
    ("ensemble.GradientBoostingClassifier", "auto", {"n_estimators": 20}),
    ("tree.DecisionTreeClassifier", "auto", {"max_depth": 8}),
    ("neighbors.KNeighborsClassifier", "auto", {"n_neighbors": 7}),
    ("neural_network.MLPClassifier", "auto", {"max_iter": 20, "hidden_layer_sizes": [16, 8]}),
    ("naive_bayes.GaussianNB", "auto", {}),
    ("ensemble.HistGradientBoostingClassifier", "target", {"max_iter": 20}),
    ("lightgbm.LGBMClassifier", "target", {"n_estimators": 20}),
    ("ensemble.RandomForestClassifier", "target", {"n_estimators": 5}),
    *(
        (estimator, features, {"n_estimators": 20})
        for estimator in ("lightgbm.LGBMClassifier", "xgboost.XGBClassifier")
        for features in ("auto", "imputed", "onehot")
    ),
    ("lightgbm.LGBMClassifier", "auto", {"n_estimators": 20, "class_weight": "balanced", "max_bin": 30}),
    ("lightgbm.LGBMClassifier", "auto", {"n_estimators": 20, "boosting_type": "dart"}),
]
REGRESSORS: list[tuple[str, str, dict[str, Any]]] = [
    ("linear_model.Ridge", "auto", {}),
    ("linear_model.LinearRegression", "auto", {}),
    ("linear_model.LinearRegression", "imputed", {}),
    ("ensemble.HistGradientBoostingRegressor", "auto", {"max_iter": 20}),
    ("ensemble.RandomForestRegressor", "auto", {"n_estimators": 20}),
    ("neighbors.KNeighborsRegressor", "auto", {}),
    ("neural_network.MLPRegressor", "auto", {"max_iter": 20}),
    ("lightgbm.LGBMRegressor", "auto", {"n_estimators": 20}),
    ("ensemble.HistGradientBoostingRegressor", "target", {"max_iter": 20}),
    ("xgboost.XGBRegressor", "target", {"n_estimators": 20}),
    ("lightgbm.LGBMRegressor", "auto", {"n_estimators": 20, "objective": "quantile", "alpha": 0.9}),
    ("lightgbm.LGBMRegressor", "onehot", {"n_estimators": 20, "objective": "huber"}),
    ("xgboost.XGBRegressor", "auto", {"n_estimators": 20}),
    ("xgboost.XGBRegressor", "onehot", {"n_estimators": 20, "objective": "reg:absoluteerror"}),
]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("classes", "estimator", "name"),
    [(2, "linear_model.LogisticRegression", "probabilities"), (0, "linear_model.Ridge", "value")],
)
def test_one_matrix_goes_in_and_one_comes_out(learn: Learn, classes: int, estimator: str, name: str) -> None:
    learned = learn(classes)

    graph = onnx.load_from_string(export(learned.fit(estimator), learned.matrix.shape[1])).graph

    assert [each.name for each in graph.input] == ["features"]
    assert [each.name for each in graph.output] == [name]
    assert graph.input[0].type.tensor_type.shape.dim[1].dim_value == learned.matrix.shape[1]
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert not any(node.op_type == "ZipMap" for node in graph.node)


def test_no_node_is_left_that_the_answer_does_not_need(learn: Learn) -> None:
    learned = learn(4)
    fitted = learned.fit("ensemble.GradientBoostingClassifier", n_estimators=3)

    graph = onnx.load_from_string(export(fitted, learned.matrix.shape[1])).graph

    used = {name for node in graph.node for name in node.input} | {"probabilities"}
    assert all(used & set(node.output) for node in graph.node)
    assert {tensor.name for tensor in graph.initializer} <= used


def test_the_number_of_nodes_does_not_grow_with_the_categories(learn: Learn) -> None:
    learned = learn(2)
    nodes = onnx.load_from_string(
        export(learned.fit("linear_model.LogisticRegression"), learned.matrix.shape[1])
    ).graph.node
    assert len(nodes) <= 14


def test_the_same_training_gives_the_same_bytes(learn: Learn) -> None:
    first, second = (
        export(learned.fit("ensemble.RandomForestClassifier", n_estimators=5), learned.matrix.shape[1])
        for learned in (learn(2), learn(2))
    )
    assert first == second


def test_an_estimator_that_nothing_converts_is_refused_with_the_reason(learn: Learn) -> None:
    learned = learn(0, gaps=False)
    fitted = learned.fit("compose.TransformedTargetRegressor")
    with pytest.raises(CandidateRefused, match="TransformedTargetRegressor cannot be exported to ONNX"):
        export(fitted, learned.matrix.shape[1])


def answer(graph: bytes, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    session = onnxruntime.InferenceSession(graph)
    (matrix_input,), (output,) = session.get_inputs(), session.get_outputs()
    assert matrix_input.name == "features"
    answers = session.run([output.name], {"features": matrix})[0]
    return np.asarray(answers, dtype=np.float64)


def farthest(fitted: Fitted, matrix: NDArray[np.float32]) -> float:
    expected = fitted.answers(matrix)
    answered = answer(export(fitted, matrix.shape[1]), matrix)
    if fitted.target_scale:
        answered = fitted.target_scale.to_own_units(answered)
    assert answered.shape == expected.shape
    return float(np.abs(expected - answered).max())


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("estimator", "features", "parameters"), CLASSIFIERS)
def test_classifiers_agree(
    learn: Learn, estimator: str, features: str, parameters: dict[str, Any], classes: int
) -> None:
    learned = learn(classes)
    fitted = learned.fit(estimator, features, **parameters)
    assert farthest(fitted, learned.matrix) <= 1e-5


@pytest.mark.parametrize(("estimator", "features", "parameters"), REGRESSORS)
def test_regressors_agree(learn: Learn, estimator: str, features: str, parameters: dict[str, Any]) -> None:
    learned = learn(0)
    fitted = learned.fit(estimator, features, **parameters)
    assert farthest(fitted, learned.matrix) <= 1e-5 * float(learned.columns["outcome"].std())


@pytest.mark.parametrize(
    "estimator",
    [
        "ensemble.HistGradientBoostingClassifier",
        "ensemble.GradientBoostingClassifier",
        "ensemble.RandomForestClassifier",
        "tree.DecisionTreeClassifier",
        "lightgbm.LGBMClassifier",
        "xgboost.XGBClassifier",
    ],
)
def test_thresholds_between_neighbouring_floats_send_no_row_astray(learn: Learn, estimator: str) -> None:
    # Given a feature whose values are next to each other as float32, so that each threshold is between two of them
    learned = learn(2)
    values = np.full(8, 1000, np.float32)
    for row in range(1, 8):
        values[row] = np.nextafter(values[row - 1], np.float32(np.inf))
    learned.matrix[:] = 0
    learned.matrix[:, 1] = np.resize(values, len(learned.matrix))
    learned.columns["outcome"][:] = [f"class {row % 8 % 2}" for row in range(len(learned.matrix))]
    size = {"max_depth": 3} if "Tree" in estimator else {}

    # When it is learned and exported
    fitted = learned.fit(estimator, "codes", **size)

    # Then every value falls on the same side, and all is learned
    assert farthest(fitted, learned.matrix) <= 1e-5


@pytest.mark.parametrize("centre", [1.7e9, -40_000.0])
def test_numbers_far_from_zero_agree_when_scaled(learn: Learn, centre: float) -> None:
    learned = learn(2, gaps=False)
    spread = 1e-5 * abs(centre)
    signal = (learned.columns["outcome"] == "class 1").astype(float)
    learned.matrix[:, 1] = centre + spread * (signal + np.random.default_rng(1).normal(0, 0.5, len(signal)))
    fitted = learned.fit("linear_model.LogisticRegression", C=100.0)
    assert farthest(fitted, learned.matrix) <= 1e-5
