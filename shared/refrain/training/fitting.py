"""Fit one candidate: features, then estimator, as one pipeline of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from refrain.classes import class_labels, class_numbers
from refrain.errors import CandidateRefused
from refrain.training.estimators import make_estimator
from refrain.training.recipes import choose_recipe, fit_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Definition

FIT_ERRORS = (ValueError, TypeError, AttributeError, ArithmeticError, IndexError, KeyError, RuntimeError)
"""Raised by estimators for parameters and data that they cannot use."""


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline on the feature matrix. `classes` name the columns of its answers (None for a regression)."""

    pipeline: Pipeline
    recipe: str
    classes: tuple[str, ...] | None

    @property
    def estimator(self) -> Any:
        """The estimator at the end."""
        return self.pipeline.named_steps["estimator"]

    def answers(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Answer as scikit-learn does: probabilities [rows, classes], or values [rows, 1].

        Raises `CandidateRefused` when an answer is not a finite number.
        """
        if self.classes is None:
            answers = np.asarray(self.pipeline.predict(matrix), dtype=np.float64).reshape(len(matrix), 1)
        else:
            answers = np.asarray(self.pipeline.predict_proba(matrix), dtype=np.float64)
        wrong = int((~np.isfinite(answers).all(axis=1)).sum())
        if wrong:
            raise CandidateRefused(f"the trained model answers {wrong} of {len(matrix)} rows with no finite number")
        return answers


def fit(
    definition: Definition,
    candidate: Candidate,
    vocabularies: Mapping[str, Sequence[str]],
    matrix: NDArray[np.float32],
    target: Array,
) -> Fitted:
    """Fit a candidate on a feature matrix [rows, features] and a typed target [rows]. Raises `CandidateRefused`."""
    classes: tuple[str, ...] | None = None
    truth: Array = target
    if definition.task == "classification":
        labels = class_labels(definition.columns[definition.target], target)
        classes = tuple(sorted(set(labels.tolist())))
        truth = class_numbers(labels, classes)
    recipe = choose_recipe(candidate)
    estimator = make_estimator(definition.task, candidate, classes or ())
    try:
        features = fit_features(recipe, definition, vocabularies, matrix)
        estimator.fit(matrix if features is None else features.transform(matrix), truth)
    except FIT_ERRORS as error:
        raise CandidateRefused(f"{candidate.name}: {candidate.estimator} cannot be fitted: {error}") from error
    _round_thresholds(estimator)
    steps = [] if features is None else [("features", features)]
    return Fitted(Pipeline([*steps, ("estimator", estimator)]), recipe, classes)


def _round_thresholds(estimator: Any) -> None:
    """Make the thresholds of histogram boosting float32, downwards: the same for every float32 `x <= threshold`.

    A threshold lies half way between two values. Where these are neighbours as float32, rounding to the nearest, as the
    converter does, would send the upper value down the other branch. (For all other trees it rounds downwards too.)
    """
    for trees in getattr(estimator, "_predictors", ()):
        for tree in trees:
            thresholds = tree.nodes["num_threshold"]
            rounded = thresholds.astype(np.float32)
            too_high = rounded > thresholds
            rounded[too_high] = np.nextafter(rounded[too_high], np.float32(-np.inf))
            tree.nodes["num_threshold"] = rounded
