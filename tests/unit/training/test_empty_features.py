"""Features without any value in training change no answer, whatever the estimator and the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest

from preprocessing import MISSING
from refrain.training.empty_features import mark_empty
from refrain.training.export import export

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn, Learned

ESTIMATORS: list[tuple[str, dict[str, Any]]] = [
    ("ensemble.HistGradientBoosting{}", {"max_iter": 3}),
    ("ensemble.RandomForest{}", {"n_estimators": 3}),
    ("ensemble.ExtraTrees{}", {"n_estimators": 3}),
    ("ensemble.GradientBoosting{}", {"n_estimators": 3}),
    ("tree.DecisionTree{}", {"max_depth": 4}),
    ("neighbors.KNeighbors{}", {"weights": "distance"}),
    ("neural_network.MLP{}", {"max_iter": 3, "hidden_layer_sizes": [4]}),
    ("dummy.Dummy{}", {}),
]
KINDS = {"classification": 2, "regression": 0}
LINEAR = {"classification": "LogisticRegression", "regression": "Ridge"}
EMPTY = ("income", "member", "at", "hour", "size")
"""A number, a boolean, a time, what is derived from it, and a category."""

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def learn_without(learn: Learn, classes: int, gaps: bool) -> tuple[Learned, list[int]]:
    """Rows without any value of some columns, and the positions of these."""
    learned = learn(classes, gaps)
    positions = [learned.definition.features.index(name) for name in EMPTY]
    for position, name in zip(positions, EMPTY, strict=True):
        learned.matrix[:, position] = MISSING if name in learned.vocabularies else np.nan
    return learned, positions


@pytest.mark.parametrize("recipe", ["codes", "imputed", "onehot"])
@pytest.mark.parametrize(("estimator", "parameters"), [*ESTIMATORS, ("linear_model.{}", {})])
@pytest.mark.parametrize("task", KINDS)
def test_a_feature_that_training_never_saw_is_of_no_account(
    learn: Learn, task: str, estimator: str, parameters: dict[str, Any], recipe: str
) -> None:
    # Given rows without any value of five columns; estimators that refuse NaN get no gaps besides
    learned, positions = learn_without(learn, KINDS[task], gaps=recipe != "codes" or "HistGradient" in estimator)
    suffix = LINEAR[task] if estimator.startswith("linear") else {"classification": "Classifier"}.get(task, "Regressor")
    fitted = learned.fit(estimator.format(suffix), recipe, **parameters)
    session = onnxruntime.InferenceSession(export(fitted, learned.matrix.shape[1]))

    # When a caller has values for them
    asked = learned.matrix[:50].copy()
    asked[:, positions] = np.random.default_rng(0).integers(0, 2, (50, len(EMPTY)))
    without, (answers,) = fitted.answers(learned.matrix[:50]), session.run(None, {"features": asked})

    # Then the answers are the same
    np.testing.assert_array_equal(fitted.answers(asked), without)
    np.testing.assert_allclose(answers, session.run(None, {"features": learned.matrix[:50]})[0], atol=0)


def test_only_features_without_any_value_are_empty(learn: Learn) -> None:
    learned, positions = learn_without(learn, 2, gaps=True)
    assert np.flatnonzero(mark_empty(learned.definition, learned.vocabularies, learned.matrix)).tolist() == sorted(
        positions
    )
