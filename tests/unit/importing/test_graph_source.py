"""Graphs that were made elsewhere, whatever layout their inputs and outputs have, become versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from refrain.errors import CannotImport
from refrain.importing.graph_source import GraphSource
from refrain.training.converters.graph_step import OPSETS
from tests.unit.importing.elsewhere import NAMES, NUMBERS, Elsewhere, people, register

TABLE = people()
GRADED = replace(TABLE, grade="number")
WHOLE = TABLE.features.dropna()
TARGET = TABLE.target[WHOLE.index]
MATRIX = WHOLE[NUMBERS].to_numpy(np.float32)


def test_a_graph_of_one_matrix_takes_the_columns_in_their_order_and_loses_its_dictionaries() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(MATRIX[:, ::-1], TARGET)
    graph = to_onnx(model, MATRIX[:1], target_opset=OPSETS)

    imported, files, proof = register(GraphSource(graph, ["income", "age"]), TABLE)

    assert proof.rows == len(TABLE.features) - TABLE.features.age.isna().sum()
    assert files.manifest.classes == ("no", "yes")
    assert imported.definition.columns["age"].required
    assert np.abs(imported.answers - model.predict_proba(imported_matrix(imported)[:, ::-1])).max() < 1e-5


def net_of_columns() -> Any:
    """Make a graph with an input for each column: floats, texts, whole numbers; it answers with two shares."""
    floats, texts, whole = TensorProto.FLOAT, TensorProto.STRING, TensorProto.INT64
    weights = np.array([[0.02, 0], [1, 0], [0, 1], [0, 0.5], [0.3, 0]], np.float32)
    constants = {"weights": weights, "flat": np.array([-1, 3])}
    nodes = [
        helper.make_node(
            "OneHotEncoder", ["City"], ["hot"], domain="ai.onnx.ml", cats_strings=["Paris", "York", "New York"], zeros=1
        ),
        helper.make_node("Reshape", ["hot", "flat"], ["places"]),
        helper.make_node("Cast", ["grade"], ["grades"], to=floats),
        helper.make_node("Concat", ["Age", "places", "grades"], ["all"], axis=1),
        helper.make_node("MatMul", ["all", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["shares"], axis=1),
    ]
    inputs = [("Age", floats), ("City", texts), ("grade", whole)]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, kind, [None, 1]) for name, kind in inputs],
        [helper.make_tensor_value_info("shares", floats, [None, 2])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=versions, ir_version=10)


def test_a_graph_with_an_input_for_each_column_gets_texts_of_codes() -> None:
    imported, _, proof = register(GraphSource(net_of_columns(), NAMES, ["no", "yes"]), GRADED)

    assert proof.holds
    assert imported.definition.features == ("age", "city", "grade")
    assert imported.vocabularies == {"city": ("New York", "Paris", "York")}
    assert {name for name, column in imported.definition.columns.items() if column.required} == {"age", "city", "grade"}


def test_a_regression_in_double_precision_answers_values() -> None:
    amounts = Elsewhere(TABLE.features, TABLE.features.income.to_numpy() / 7 + 3)
    model = Ridge().fit(amounts.features[["income"]].to_numpy(), amounts.target)
    graph = to_onnx(model, initial_types=[("X", DoubleTensorType([None, 1]))])

    imported, _, proof = register(GraphSource(graph, ["income"]), amounts)

    assert proof.holds
    assert imported.definition.features == ("income",)


def sigmoid(*, flat: bool) -> Any:
    """Make a graph as deep learning does: it answers one probability, and its input is called features."""
    weights = numpy_helper.from_array(np.array([[0.03], [0.0]], np.float32), "weights")
    shape = numpy_helper.from_array(np.array([-1] if flat else [-1, 1]), "shape")
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["share"]),
        helper.make_node("Reshape", ["share", "shape"], ["probabilities"]),
    ]
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 2])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch"] if flat else ["batch", 1])]
    graph = helper.make_graph(nodes, "net", inputs, outputs, [weights, shape])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize("flat", [True, False])
def test_one_probability_becomes_those_of_both_classes(flat: bool) -> None:
    imported, files, proof = register(GraphSource(sigmoid(flat=flat), ["age", "income"], ["no", "yes"]), TABLE)

    assert proof.holds
    assert imported.answers.shape[1] == 2
    assert files.manifest.classes == ("no", "yes")


@pytest.mark.parametrize(
    ("names", "classes", "sentence"),
    [
        (["age"], ["no", "yes"], "takes 2 columns, and age are 1: name them in its order with --columns"),
        (["age", "income"], ["a", "b", "c"], "answers 2 classes, and a, b and c are named"),
        (["age", "income"], [], "people is a classification, and the model is for regression"),
    ],
)
def test_what_a_graph_leaves_open_is_asked_for(names: list[str], classes: list[str], sentence: str) -> None:
    with pytest.raises(CannotImport, match=sentence):
        register(GraphSource(sigmoid(flat=False), names, classes), TABLE)


def imported_matrix(imported: Any) -> Any:
    return np.column_stack([imported.columns[name] for name in NUMBERS]).astype(np.float32)
