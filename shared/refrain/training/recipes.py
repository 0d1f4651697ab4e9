"""The steps between the feature matrix and the estimator: learned in training, exported with the model.

| recipe  | numbers, booleans, times, derived  | codes of categories | words  | for                                  |
|---------|------------------------------------|---------------------|--------|--------------------------------------|
| codes   | as they are, NaN for missing       | as they are         | counts | estimators that route NaN themselves |
| imputed | median for missing, and which were | as they are         | counts | trees and forests                    |
| target  | the same                           | and their target    | counts | trees, with categories of many values |
| onehot  | the same, to mean 0 and variance 1 | one column a code   | TF-IDF | all that measure, weigh or add       |
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from preprocessing import UNSEEN
from refrain.training.empty_features import EmptyFeatures, mark_empty
from refrain.training.word_weights import WordWeights
from refrain.training_memory import TrainingTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Definition


ROUTING_MISSING = ("sklearn.ensemble.HistGradientBoosting", "lightgbm.", "xgboost.")
"""Estimators that learn which way a missing value goes."""

FILLED_WORDS = 0.05
"""Of the columns of a text's words, those that a text of a hundred words fills."""

MAX_SPARSE_SHARE = 0.3
"""A matrix of which a greater share is not zero takes less memory with its zeros."""


def choose_recipe(candidate: Candidate) -> str:
    """Name the recipe of a candidate; `auto` depends on the estimator.

    >>> from preprocessing import Candidate
    >>> choose_recipe(Candidate("boosting", "sklearn.ensemble.HistGradientBoostingClassifier", "auto", {}))
    'codes'
    """
    if candidate.features != "auto":
        return candidate.features
    if candidate.estimator.startswith(ROUTING_MISSING):
        return "codes"
    return "imputed" if candidate.estimator.startswith(("sklearn.ensemble.", "sklearn.tree.")) else "onehot"


def measure_features(
    recipe: str,
    definition: Definition,
    vocabularies: Mapping[str, Sequence[str]],
    matrix: NDArray[np.float32],
    *,
    sparse: bool,
    answers: int = 1,
) -> TrainingTable:
    """Say how large the features will be, before any are made; a class is an answer where there are more than two."""
    rows, columns = matrix.shape
    if recipe == "codes":
        return TrainingTable(rows, columns, columns, columns)
    features = len(definition.features)
    words = columns - features
    gaps = sum(
        bool(np.isnan(matrix[:, index]).any())
        for index, name in enumerate(definition.features)
        if name not in vocabularies
    )
    if recipe in ("imputed", "target"):
        width = columns + gaps + (max(1, answers) * len(vocabularies) if recipe == "target" else 0)
        return TrainingTable(rows, columns, width, width)
    codes = sum(UNSEEN + 1 + len(values) for values in vocabularies.values())
    width, filled = columns - len(vocabularies) + gaps + codes, features + gaps + int(FILLED_WORDS * words)
    return TrainingTable(rows, columns, width, filled, sparse=sparse and filled < MAX_SPARSE_SHARE * width)


def fit_features(
    recipe: str,
    definition: Definition,
    vocabularies: Mapping[str, Sequence[str]],
    matrix: NDArray[np.float32],
    truth: Array,
    *,
    sparse: bool = False,
) -> tuple[Any, Any]:
    """Fit the steps before the estimator, and return them with the training features that they make.

    There are none where the estimator takes the matrix as it is. A training row has target codes from other rows.

    Features that are empty in all rows are of no account.

    One-hot codes are mostly zeros. Where the estimator takes a `sparse` matrix, zeros are left out if they are most.

    The output is float32 like the matrix, since the exported graph computes in float32.
    """
    empty = mark_empty(definition, vocabularies, matrix)
    if not empty.any():
        return _fit_columns(recipe, definition, vocabularies, matrix, truth, sparse=sparse)
    kept = EmptyFeatures(empty)
    columns, inputs = _fit_columns(recipe, definition, vocabularies, kept.transform(matrix), truth, sparse=sparse)
    return (kept if columns is None else Pipeline([("empty", kept), ("columns", columns)])), inputs


def _fit_columns(
    recipe: str,
    definition: Definition,
    vocabularies: Mapping[str, Sequence[str]],
    matrix: NDArray[np.float32],
    truth: Array,
    *,
    sparse: bool,
) -> tuple[ColumnTransformer | None, Any]:
    if recipe == "codes":
        return None, matrix
    codes = [index for index, name in enumerate(definition.features) if name in vocabularies]
    numbers = [index for index in range(len(definition.features)) if index not in codes]
    words = [definition.matrix_columns[name][1:] for name in definition.texts]
    gaps = [index for index in numbers if np.isnan(matrix[:, index]).any()]
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    steps: list[tuple[str, Any, list[int]]] = []
    categories = [np.arange(UNSEEN + 1 + len(vocabularies[definition.features[index]])) for index in codes]
    if recipe in ("imputed", "target"):
        steps += [("numbers", imputer, numbers), ("codes", "passthrough", [*codes, *chain.from_iterable(words)])]
        if recipe == "target":
            steps.append(("targets", TargetEncoder(categories, _target_type(definition, truth), random_state=0), codes))
    else:
        onehot = OneHotEncoder(categories=categories, sparse_output=sparse, dtype=np.float32)
        scaled = Pipeline([("impute", imputer), ("scale", StandardScaler())])
        steps += [("numbers", scaled, numbers), ("codes", onehot, codes)]
        steps += [(f"words {text}", WordWeights(sparse), columns) for text, columns in enumerate(words)]
    steps.append(("gaps", MissingIndicator(features="all"), gaps))
    kept = [step for step in steps if step[2]]
    features = ColumnTransformer(kept, sparse_threshold=MAX_SPARSE_SHARE)
    if recipe == "target":
        inputs = features.fit_transform(matrix, truth).astype(np.float32)
        encoder = features.named_transformers_.get("targets")
        if encoder is not None:  # the graph has float32
            encoder.encodings_ = [codes.astype(np.float32).astype(np.float64) for codes in encoder.encodings_]
        return features, inputs
    features.fit(matrix)
    if recipe == "onehot" and numbers:
        # Scale by numbers that float32 can hold, so that the exported graph does exactly the same: far from zero a
        # rounded centre would change the answers, and a tree behind it may depend on the last bit.
        scaler = features.named_transformers_["numbers"].named_steps["scale"]
        for name in ("mean_", "scale_"):
            setattr(scaler, name, getattr(scaler, name).astype(np.float32).astype(np.float64))
    return features, features.transform(matrix)


def _target_type(definition: Definition, truth: Array) -> str:
    """Say what target codes stand for: the mean of a value or of one class, or the share of each class."""
    if definition.task == "regression":
        return "continuous"
    return "binary" if len(np.unique(truth)) <= 2 else "multiclass"
