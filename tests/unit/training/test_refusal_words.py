"""What estimators refuse is said in columns, classes and rows, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sklearn.linear_model import LogisticRegression

from refrain.errors import CandidateRefused
from refrain.training.export import export
from refrain.training.refusal_words import explain_parameters, explain_refusal

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn

REFUSED: list[tuple[int, str, str, dict[str, Any], str]] = [
    (
        2,
        "linear_model.LogisticRegression",
        "codes",
        {},
        "takes no missing values, which a caller may send at any time (at, age, income, member and hour): take",
    ),
    (2, "naive_bayes.MultinomialNB", "onehot", {}, "takes no negative features, nor scaled ones: take"),
    (3, "naive_bayes.CategoricalNB", "onehot", {}, "takes no negative features, nor scaled ones: take"),
    (0, "linear_model.PoissonRegressor", "auto", {}, "learns no target this low (outcome is −371.8 in a row"),
    (
        0,
        "ensemble.HistGradientBoostingRegressor",
        "auto",
        {"loss": "gamma"},
        "learns no target this low (outcome is −371.8 in a row",
    ),
    (0, "isotonic.IsotonicRegression", "imputed", {}, "takes one feature without gaps (at, age, income, city, siz"),
    (0, "cross_decomposition.CCA", "auto", {}, "finds one component, since there is one target: set n_components = 1"),
    (0, "linear_model.MultiTaskLasso", "auto", {}, "learns several targets at once: take the estimator without"),
    (2, "discriminant_analysis.QuadraticDiscriminantAnalysis", "auto", {}, "cannot do with features that tell one"),
    (2, "neighbors.KNeighborsClassifier", "auto", {"n_neighbors": 5000}, "looks for more neighbours than there are"),
    (2, "ensemble.VotingClassifier", "auto", {}, "wraps another estimator, which a definition cannot hold: name that"),
    (2, "semi_supervised.SelfTrainingClassifier", "auto", {}, "wraps another estimator, which a definition cannot"),
    (2, "svm.SVC", "auto", {}, "gives no probabilities (predict_proba) with these parameters: set probability = true"),
    (2, "svm.LinearSVC", "auto", {}, "with these parameters: take sklearn.linear_model.LogisticRegression"),
    (2, "linear_model.LogisticRegression", "auto", {"l1_ratio": 0.5}, "cannot be fitted: Solver lbfgs supports only"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("classes", "estimator", "recipe", "parameters", "sentence"), REFUSED)
def test_a_refusal_names_columns_and_says_what_to_do(
    learn: Learn, classes: int, estimator: str, recipe: str, parameters: dict[str, Any], sentence: str
) -> None:
    learned = learn(classes)
    with pytest.raises(CandidateRefused) as refusal:
        learned.fit(estimator, recipe, **parameters).answers(learned.matrix)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [
        ("ensemble.GradientBoostingClassifier", {"n_estimators": 3, "n_iter_no_change": 2}),
        ("discriminant_analysis.QuadraticDiscriminantAnalysis", {"reg_param": 0.1}),
    ],
)
def test_a_class_with_one_row_is_named(learn: Learn, estimator: str, parameters: dict[str, Any]) -> None:
    learned = learn(2)
    learned.columns["outcome"][0] = "rare one"
    with pytest.raises(CandidateRefused, match=r"needs more rows of each class than there are \(rare one has 1 row\)"):
        learned.fit(estimator, **parameters)


def test_rows_that_a_fitted_estimator_refuses_are_a_refusal_too(learn: Learn) -> None:
    learned = learn(2)
    lonely = learned.fit("neighbors.RadiusNeighborsClassifier", radius=0.001)
    asked = learned.matrix.copy()
    asked[:, learned.definition.features.index("age")] += 1
    sentence = "RadiusNeighborsClassifier has no training row within its radius for rows that it is asked: raise radius"
    with pytest.raises(CandidateRefused, match=sentence):
        lonely.answers(asked)


def test_a_parameter_that_a_library_names_is_shown_and_arrays_are_not() -> None:
    estimator = LogisticRegression()
    shown = explain_refusal(ValueError("Solver lbfgs supports only 'l2' penalties. More."), estimator)
    hidden = explain_refusal(ValueError("Found array with dim 3, while penalty expects shape (2,)"), estimator)
    assert shown == "cannot be fitted: Solver lbfgs supports only 'l2' penalties."
    assert hidden.startswith("cannot be fitted to these rows with these parameters: the reason is in the log")
    assert explain_refusal(MemoryError(), estimator).startswith("needs more memory than training has")


def test_what_a_converter_says_goes_to_the_log(learn: Learn, caplog: pytest.LogCaptureFixture) -> None:
    learned = learn(0)
    fitted = learned.fit("compose.TransformedTargetRegressor")
    with pytest.raises(CandidateRefused) as refusal:
        export(fitted, learned.matrix.shape[1])
    assert str(refusal.value).endswith("has no graph; take an estimator of docs/estimators.md")
    assert "shape calculator" in caplog.records[-1].reason  # type: ignore[attr-defined]


def test_a_parameter_out_of_its_range_is_said_by_its_name() -> None:
    assert explain_parameters(ValueError("The 'C' parameter must be a float.")).endswith(
        ": The 'C' parameter must be a float."
    )
