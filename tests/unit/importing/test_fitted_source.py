"""Every usual pipeline becomes a version that answers as it does, refuses what it refuses, and says what is lacking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from refrain.errors import CannotImport
from tests.unit.importing.elsewhere import NUMBERS, ROWS, TEXTS, Elsewhere, encoding, fitted, people, pipeline, register

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = people()
AMOUNTS = Elsewhere(TABLE.features, TABLE.features.income.to_numpy() / 7 + 3)


def coded(encoder: Any) -> Any:
    """Encode all categories by one encoder, and fit a tree."""
    steps = make_column_transformer((SimpleImputer(), NUMBERS), (encoder, TEXTS))
    return make_pipeline(steps, DecisionTreeClassifier(max_depth=5)).fit(TABLE.features, TABLE.target)


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "imputers, scaler, one-hot": lambda: pipeline(TABLE),
    "a missing category of its own": lambda: coded(OneHotEncoder(handle_unknown="ignore")),
    "rare categories together": lambda: coded(OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=110)),
    "ordinal codes, unknown ones too": lambda: coded(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-5, encoded_missing_value=-1)
    ),
    "target statistics": lambda: coded(TargetEncoder(random_state=0)),
    "one-hot without names of columns": lambda: make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"), LogisticRegression()
    ).fit(TABLE.features[TEXTS].to_numpy(), TABLE.target),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_pipeline_answers_as_a_version_what_it_answered_itself(kind: str) -> None:
    imported, files, proof = register(fitted(CLASSIFIERS[kind](), TEXTS), TABLE)

    assert (proof.rows, imported.refused, proof.differing) == (ROWS, 0, 0)
    assert files.manifest.classes == ("no", "yes")
    assert len(files.golden.rows) > 30


@pytest.mark.parametrize("estimator", [Ridge(), HistGradientBoostingRegressor(max_iter=10)])
def test_a_regression_without_names_takes_the_columns_in_their_order(estimator: Any) -> None:
    inputs = AMOUNTS.features[["income", "age"]].to_numpy()
    model = make_pipeline(SimpleImputer(), StandardScaler(), estimator).fit(inputs, AMOUNTS.target)

    imported, files, proof = register(fitted(model, ["income", "age"]), AMOUNTS)

    assert proof.holds
    assert imported.definition.features == ("age", "income")
    assert files.manifest.classes is None


def test_what_the_model_does_not_take_is_refused_by_the_version() -> None:
    whole = TABLE.features.dropna()
    steps = make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(), TEXTS))
    model = make_pipeline(steps, LogisticRegression()).fit(whole, TABLE.target[whole.index])

    imported, _, _ = register(fitted(model), TABLE)

    columns = imported.definition.columns
    assert {name for name in columns if columns[name].required} == {"age", "city", "income", "grade"}
    assert columns["city"].allowed == ("New York", "Paris", "York")
    assert imported.refused == ROWS - len(whole)


def test_columns_that_the_model_drops_are_not_its_features() -> None:
    steps = make_column_transformer((SimpleImputer(), ["age"]), remainder="drop")
    model = make_pipeline(steps, LogisticRegression()).fit(TABLE.features, TABLE.target)

    assert register(fitted(model), TABLE)[0].definition.features == ("age",)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: LogisticRegression().fit(np.eye(3), [0, 1, 0]), "takes 3 columns without names, and age are 1"),
        (lambda: SGDClassifier().fit(np.eye(2)[:, :1], [0, 1]), "gives no probabilities"),
        (lambda: StandardScaler().fit(np.eye(2)[:, :1]), "ends in StandardScaler: expected a classifier"),
    ],
)
def test_a_model_that_cannot_be_a_version_is_refused_with_the_reason(model: Any, sentence: str) -> None:
    with pytest.raises(CannotImport, match=sentence):
        fitted(model(), ["age"])


def test_classes_that_the_rows_do_not_have_are_asked_for() -> None:
    model = make_pipeline(encoding(), LogisticRegression()).fit(TABLE.features, TABLE.target == "yes")

    with pytest.raises(CannotImport, match="bought has no and yes in the rows, and the model knows false and true"):
        register(fitted(model), TABLE)
    assert register(fitted(model, classes=["no", "yes"]), TABLE)[2].holds


def test_a_graph_that_answers_otherwise_is_refused_with_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    source, other = fitted(pipeline(TABLE)), make_pipeline(encoding(), LogisticRegression(C=1e-4))
    other_source = fitted(other.fit(TABLE.features, TABLE.target))
    monkeypatch.setattr(source, "graph", other_source.graph)

    with pytest.raises(CannotImport, match=r"rows otherwise than the model, by up to 0\.\d+: to \{'age'"):
        register(source, TABLE)
