"""Fit one candidate: features, then the estimator that it names, as one pipeline of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from refrain.classes import class_labels, class_numbers
from refrain.errors import CandidateRefused
from refrain.statistics.metrics import choose_metric
from refrain.statistics.trivial_predictor import learn_trivial_answer
from refrain.training.estimators import check_weighable, fit_errors, make_estimator, refuse_candidate, takes_sparse
from refrain.training.memory import check_memory
from refrain.training.recipes import choose_recipe, fit_features, measure_features
from refrain.training.refusal_words import RefusedRows, explain_refusal
from refrain.training.shared_ties import share_ties
from refrain.training.target_scaling import choose_target_scale, widen_features
from refrain.training.thresholds import round_thresholds
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Definition
    from refrain.arrays import Floats
    from refrain.lake.target_scale import TargetScale
    from refrain.statistics.calibration import Calibration
    from refrain.training.isotonic import IsotonicCalibration


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline on the feature matrix. `classes` name the columns of its answers (None for a regression).

    `positive` is the class that its figures are of, and `trivial` the answer of the trivial predictor (see `Manifest`).
    A `calibration` corrects what the pipeline answers.
    """

    pipeline: Pipeline
    recipe: str
    classes: tuple[str, ...] | None
    positive: str | None
    trivial: tuple[float, ...]
    calibration: Calibration | IsotonicCalibration | None = None
    target_scale: TargetScale | None = None

    @property
    def estimator(self) -> Any:
        """The estimator at the end."""
        return self.pipeline.named_steps["estimator"]

    def answers(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Answer as scikit-learn does: probabilities [rows, classes], or values [rows, 1].

        Raises `CandidateRefused` for rows that the estimator refuses, and when an answer is not a finite number.
        """
        answers = self.compute(matrix)
        wrong = int((~np.isfinite(answers).all(axis=1)).sum())
        if wrong:
            raise CandidateRefused(f"the trained model answers {wrong} of {len(matrix)} rows with no finite number")
        return answers if self.calibration is None else self.calibration.correct(answers)

    def compute(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Compute the answers before their calibration, whether they are finite or not."""
        try:
            with np.errstate(over="ignore"):
                if self.classes is not None:
                    return np.asarray(self.pipeline.predict_proba(matrix), dtype=np.float64)
                values = np.asarray(self.pipeline.predict(matrix), dtype=np.float64).reshape(len(matrix), 1)
        except fit_errors() as error:
            sentence = explain_refusal(error, self.estimator)
            raise CandidateRefused(f"{type(self.estimator).__name__} {sentence}") from error
        return values if self.target_scale is None else self.target_scale.to_own_units(values)


def fit(
    definition: Definition,
    candidate: Candidate,
    vocabularies: Mapping[str, Sequence[str]],
    matrix: NDArray[np.float32],
    target: Array,
    weights: Floats | None = None,
) -> Fitted:
    """Fit a candidate on a feature matrix [rows, features] and a typed target [rows].

    The `weights` say how much each row counts. Raises `CandidateRefused`.
    """
    classes: tuple[str, ...] | None = None
    positive: str | None = None
    truth: Array = target
    if definition.task == "classification":
        labels = class_labels(definition.columns[definition.target], target)
        classes = tuple(sorted(set(labels.tolist())))
        truth = class_numbers(labels, classes)
        positive = choose_positive(definition.training.positive, classes, truth)
    metric = choose_metric(definition.training.metric, classes or (), positive, definition.decision.cost)
    recipe = choose_recipe(candidate)
    estimator = make_estimator(definition.task, candidate, classes or ())
    if weights is not None:
        check_weighable(candidate, estimator)
    scale = None if classes else choose_target_scale(definition, estimator, target)
    learned = truth if scale is None else scale.to_learned(target)
    try:
        sparse, answers = takes_sparse(estimator), len(classes) if classes and len(classes) > 2 else 1
        table = measure_features(recipe, definition, vocabularies, matrix, sparse=sparse, answers=answers)
        check_memory(candidate, estimator, replace(table, classes=len(classes or ())), matrix, truth)
        features, inputs = fit_features(recipe, definition, vocabularies, matrix, learned, sparse=sparse)
        spare_single_rows(estimator, truth)
        weighted = {} if weights is None else {"sample_weight": weights}
        estimator.fit(inputs if scale is None else widen_features(estimator, inputs), learned, **weighted)
        estimator = share_ties(estimator)
    except fit_errors() as error:
        refused = RefusedRows(definition, matrix, truth, classes or ())
        raise refuse_candidate(candidate, explain_refusal(error, estimator, refused)) from error
    round_thresholds(estimator)
    steps = [] if features is None else [("features", features)]
    return Fitted(
        pipeline=Pipeline([*steps, ("estimator", estimator)]),
        recipe=recipe,
        classes=classes,
        positive=positive,
        trivial=tuple(learn_trivial_answer(metric, truth, len(classes or ())).tolist()),
        target_scale=scale,
    )


def spare_single_rows(estimator: Any, truth: Array) -> None:
    """Turn off early stopping where a class has one row: the rows that it sets aside have to be of every class."""
    if getattr(estimator, "early_stopping", False) and hasattr(estimator, "predict_proba"):
        counts = np.unique_counts(truth).counts
        if counts.min() < 2:
            estimator.set_params(early_stopping=False)


def choose_positive(named: str, classes: Sequence[str], numbers: NDArray[np.int64]) -> str | None:
    """Choose the class that figures are of: the `named` one, else the rarer one of two; None with more than two.

    It is decided here, once for all figures of the version. Raises `CandidateRefused` for a name that is none of two
    classes.

    >>> choose_positive("", ["no", "yes"], np.array([1, 1, 1, 0])), choose_positive("", ["a", "b", "c"], np.array([0]))
    ('no', None)
    """
    if named and (named not in classes or len(classes) != 2):
        sentence = f"expected one of two classes of the training rows, which have {listed(list(classes))}"
        raise CandidateRefused(f"training.positive: {sentence}; got {named!r}")
    if len(classes) != 2:
        return None
    return named or classes[0 if 2 * np.count_nonzero(numbers == 0) < len(numbers) else 1]
