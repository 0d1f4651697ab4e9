"""A calibrated candidate is one graph whose probabilities come true, and the graph answers as training does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from preprocessing import Candidate
from refrain.errors import CandidateRefused
from refrain.model.parity import parity
from refrain.training.calibrating import calibrate, tell_calibrated
from refrain.training.export import export
from tests.unit.training.test_export import answer

if TYPE_CHECKING:
    from refrain.training.fitting import Fitted
    from tests.unit.training.conftest import Learn, Learned

ESTIMATORS: dict[str, dict[str, Any]] = {
    "naive_bayes.GaussianNB": {},
    "ensemble.RandomForestClassifier": {"n_estimators": 20, "min_samples_leaf": 2},
    "tree.DecisionTreeClassifier": {"min_samples_leaf": 2},
    "linear_model.LogisticRegression": {"max_iter": 500},
    "ensemble.HistGradientBoostingClassifier": {"max_iter": 60, "min_samples_leaf": 5},
}


def calibrated(learned: Learned, estimator: str, kind: Literal["isotonic", "sigmoid"]) -> Fitted:
    candidate = Candidate("tried", f"sklearn.{estimator}", "auto", ESTIMATORS[estimator], kind)
    fitted = learned.fit(estimator, **ESTIMATORS[estimator])
    return calibrate(learned.definition, candidate, learned.vocabularies, learned.columns, learned.matrix, fitted)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", ["isotonic", "sigmoid"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_graph_of_a_calibrated_candidate_answers_as_training_does(
    learn: Learn, estimator: str, kind: Literal["isotonic", "sigmoid"], classes: int
) -> None:
    learned = learn(classes)
    fitted = calibrated(learned, estimator, kind)
    unseen = np.random.default_rng(5).permuted(learned.matrix, axis=0)

    answers = fitted.answers(unseen)

    assert answers.sum(axis=1) == pytest.approx(1)
    assert parity("classification", answers, answer(export(fitted, unseen.shape[1]), unseen)).holds
    assert not np.array_equal(answers, replace(fitted, calibration=None).answers(unseen))


@pytest.mark.parametrize("kind", ["isotonic", "sigmoid"])
def test_calibration_brings_answers_to_what_comes_true(learn: Learn, kind: Literal["isotonic", "sigmoid"]) -> None:
    learned = learn(2)
    older, newer = (
        replace(
            learned,
            columns={name: column[rows] for name, column in learned.columns.items()},
            matrix=learned.matrix[rows],
        )
        for rows in (slice(800), slice(800, None))
    )
    fitted = calibrated(older, "tree.DecisionTreeClassifier", kind)

    note = tell_calibrated(learned.definition, fitted, newer.matrix, newer.columns["outcome"])

    assert note is not None
    assert note.kind == kind
    assert note.after < 0.7 * note.before


def test_too_few_rows_are_named(learn: Learn) -> None:
    learned = learn(2)
    few = replace(
        learned, columns={name: column[:40] for name, column in learned.columns.items()}, matrix=learned.matrix[:40]
    )

    with pytest.raises(CandidateRefused, match="tried: calibration needs 50 rows in folds"):
        calibrated(few, "naive_bayes.GaussianNB", "sigmoid")
