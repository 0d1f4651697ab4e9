"""The graph that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import pytest

from refrain.errors import CandidateRefused
from refrain.training.export import export

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn


@pytest.mark.parametrize(
    ("classes", "estimator", "name"),
    [
        (2, "linear_model.LogisticRegression", "probabilities"),
        (0, "linear_model.Ridge", "value"),
    ],
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
    learned = learn(2, gaps=False)
    fitted = learned.fit("semi_supervised.LabelPropagation", "codes", kernel="knn")
    with pytest.raises(CandidateRefused, match="LabelPropagation cannot be exported to ONNX"):
        export(fitted, learned.matrix.shape[1])
