"""From a candidate of a definition to a fitted pipeline, or a sentence that says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Candidate
from refrain.errors import CandidateRefused
from refrain.training.fitting import fit
from refrain.training.recipes import choose_recipe, fit_features
from tests.unit.training.conftest import document

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn


@pytest.mark.parametrize(
    ("estimator", "parameters", "sentence"),
    [
        ("ensemble.NoSuchThing", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("no_such_module.Thing", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("utils.Bunch", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("base.clone", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("tree.os.system", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("linear_model.Ridge", {}, "is not for classification"),
        ("preprocessing.StandardScaler", {}, "is not for classification"),
        ("linear_model.LogisticRegression", {"max_iterations": 5}, "has no parameter max_iterations; it has C,"),
        ("svm.LinearSVC", {}, r"gives no probabilities \(predict_proba\)"),
        ("ensemble.VotingClassifier", {}, "wraps another estimator"),
        ("linear_model.LogisticRegression", {"C": -1}, "cannot be made from its parameters: .*'C'"),
        ("linear_model.LogisticRegression", {"max_iter": "many"}, "cannot be made from its parameters: .*'max_iter'"),
        (
            "linear_model.LogisticRegression",
            {"class_weight": {"class 9": 2}},
            "has weights for classes that do not occur: class 9",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(
    learn: Learn, estimator: str, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CandidateRefused, match=f"tried: sklearn.{estimator} {sentence}"):
        learn(2).fit(estimator, **parameters)


def test_an_estimator_that_cannot_do_with_missing_values_is_refused(learn: Learn) -> None:
    with pytest.raises(CandidateRefused, match="takes no missing values"):
        learn(2).fit("linear_model.LogisticRegression", "codes")


@pytest.mark.parametrize(
    "estimator",
    ["ensemble.HistGradientBoostingClassifier", "neural_network.MLPClassifier", "linear_model.SGDClassifier"],
)
def test_a_class_with_one_row_does_not_stop_what_stops_early(learn: Learn, estimator: str) -> None:
    loss = {"loss": "log_loss"} if "SGD" in estimator else {}
    learned = learn(2)
    for outcome, stops in (("class 1", True), ("rare one", False)):
        learned.columns["outcome"][0] = outcome
        fitted = learned.fit(estimator, max_iter=3, early_stopping=True, **loss)
        assert fitted.estimator.early_stopping is stops


def test_what_is_drawn_at_random_is_drawn_the_same_way(learn: Learn) -> None:
    learned = learn(2)
    first, second = (learned.fit("ensemble.RandomForestClassifier", n_estimators=5) for _ in range(2))
    np.testing.assert_array_equal(first.answers(learned.matrix), second.answers(learned.matrix))
    assert first.estimator.random_state == 0
    assert learned.fit("tree.DecisionTreeClassifier", random_state=5).estimator.random_state == 5


def test_classes_are_weighed_by_their_names(learn: Learn) -> None:
    learned = learn(2)
    plain, weighed = (
        learned.fit("linear_model.LogisticRegression", class_weight=weights).answers(learned.matrix)[:, 1].mean()
        for weights in (None, {"class 0": 1, "class 1": 20})
    )
    assert weighed > plain + 0.1


def test_answers_are_named_by_the_classes_of_training(learn: Learn) -> None:
    learned = learn(4)
    fitted = learned.fit("ensemble.HistGradientBoostingClassifier", max_iter=20)
    assert fitted.classes == ("class 0", "class 1", "class 2", "class 3")
    assert fitted.classes is not None
    truth = [fitted.classes.index(label) for label in learned.columns["outcome"]]
    assert (fitted.answers(learned.matrix).argmax(axis=1) == truth).mean() > 0.7


def test_figures_are_of_the_class_that_the_definition_names_or_else_of_the_rarer_one(learn: Learn) -> None:
    training = document(2)["training"]
    named = learn(2, training=training | {"positive": "class 0"}).fit("tree.DecisionTreeClassifier")
    learned = learn(2)
    learned.columns["outcome"][:700] = "class 1"
    assert named.positive == "class 0"
    assert learned.fit("tree.DecisionTreeClassifier").positive == "class 0"
    assert learn(3).fit("tree.DecisionTreeClassifier").positive is None
    assert learn(0).fit("tree.DecisionTreeRegressor").positive is None


@pytest.mark.parametrize(("classes", "named"), [(2, "class 9"), (3, "class 1")])
def test_a_positive_class_that_is_none_of_two_is_refused(learn: Learn, classes: int, named: str) -> None:
    training = document(classes)["training"] | {"positive": named}
    with pytest.raises(CandidateRefused, match=r"training\.positive: expected one of two classes.*class 0"):
        learn(classes, training=training).fit("tree.DecisionTreeClassifier")


def test_the_trivial_answer_is_learned_from_the_same_rows(learn: Learn) -> None:
    learned = learn(0)
    assert learned.fit("linear_model.Ridge").trivial == pytest.approx([learned.columns["outcome"].mean()])
    assert sum(learn(3).fit("tree.DecisionTreeClassifier").trivial) == pytest.approx(1)


def test_a_value_is_one_column(learn: Learn) -> None:
    learned = learn(0)
    fitted = learned.fit("linear_model.Ridge")
    assert fitted.classes is None
    assert fitted.answers(learned.matrix).shape == (len(learned.matrix), 1)


def test_answers_that_are_no_numbers_are_refused(learn: Learn) -> None:
    learned = learn(0)
    fitted = learned.fit("linear_model.LinearRegression")
    fitted.estimator.coef_[:] = np.nan
    with pytest.raises(CandidateRefused, match="answers 1200 of 1200 rows with no finite number"):
        fitted.answers(learned.matrix)


@pytest.mark.parametrize(
    ("estimator", "recipe"),
    [
        ("ensemble.HistGradientBoostingRegressor", "codes"),
        ("ensemble.RandomForestClassifier", "imputed"),
        ("tree.DecisionTreeRegressor", "imputed"),
        ("linear_model.Ridge", "onehot"),
        ("neighbors.KNeighborsClassifier", "onehot"),
    ],
)
def test_the_recipe_goes_by_the_estimator_unless_it_is_said(estimator: str, recipe: str) -> None:
    assert choose_recipe(Candidate("tried", f"sklearn.{estimator}", "auto", {})) == recipe
    assert choose_recipe(Candidate("tried", f"sklearn.{estimator}", "imputed", {})) == "imputed"


def test_only_categories_are_enough_to_learn_from(learn: Learn) -> None:
    learned = learn(2)
    only = [learned.definition.features.index(name) for name in ("city", "size")]
    rest = [place for place in range(learned.matrix.shape[1]) if place not in only]
    columns = learned.definition.document["columns"]
    assert isinstance(columns, dict)
    ignored = {
        name: {**column, "role": "feature" if name in ("city", "size") else "ignore"}
        for name, column in columns.items()
    }
    narrow = learn(2, columns=ignored, derived={})

    assert rest
    assert narrow.definition.features == ("city", "size")
    assert narrow.fit("linear_model.LogisticRegression").answers(narrow.matrix).shape[1] == 2


@pytest.mark.parametrize(("estimator", "classes"), [("linear_model.LogisticRegression", 2), ("linear_model.Ridge", 0)])
def test_a_row_of_weight_0_is_not_learned(learn: Learn, estimator: str, classes: int) -> None:
    columns = learn(classes).definition.document["columns"]
    assert isinstance(columns, dict)
    narrow = {
        name: {**keys, "role": "feature" if name in ("age", "income") else "ignore"} for name, keys in columns.items()
    }
    learned = learn(classes, gaps=False, columns=narrow, derived={})
    candidate = Candidate("tried", f"sklearn.{estimator}", "codes", {})
    target, matrix = learned.columns["outcome"], learned.matrix
    weights = np.random.default_rng(0).integers(0, 2, len(target)).astype(float)
    kept = weights > 0

    weighed, without = (
        fit(learned.definition, candidate, {}, matrix[rows], target[rows], counts)
        for rows, counts in ((slice(None), weights), (kept, None))
    )

    assert weighed.answers(matrix) == pytest.approx(without.answers(matrix), rel=1e-3, abs=1e-3)


def test_an_estimator_that_cannot_weigh_rows_is_refused(learn: Learn) -> None:
    learned = learn(2)
    candidate = Candidate("near", "sklearn.neighbors.KNeighborsClassifier", "auto", {})
    target = learned.columns["outcome"]

    with pytest.raises(CandidateRefused, match=r"near: .* cannot weigh rows: take another estimator"):
        fit(learned.definition, candidate, learned.vocabularies, learned.matrix, target, np.ones(len(target)))


def test_target_codes_do_not_tell_a_training_row_its_own_target(learn: Learn) -> None:
    # Given a category of many values that has nothing to do with the target
    learned = learn(2, gaps=False)
    place = learned.definition.features.index("city")
    draw = np.random.default_rng(0)
    learned.matrix[:, place] = draw.integers(2, 202, len(learned.matrix))
    truth = draw.integers(0, 2, len(learned.matrix))
    vocabularies = {**learned.vocabularies, "city": tuple(str(value) for value in range(200))}

    # When its target codes are made
    steps, made = fit_features("target", learned.definition, vocabularies, learned.matrix, truth)
    served = steps.transform(learned.matrix)

    # Then those of training rows say nothing of their own targets, as those of asked rows would
    column = steps.output_indices_["targets"].start
    assert np.corrcoef(made[:, column], truth)[0, 1] < 0.1
    assert np.corrcoef(served[:, column], truth)[0, 1] > 0.2
    assert np.array_equal(served, served.astype(np.float32))
