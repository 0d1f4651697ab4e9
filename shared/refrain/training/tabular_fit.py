"""Fit a candidate on rows, and make of it what a version consists of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocessing import encode, learn_vocabularies
from refrain.lake.parity_figures import AnswerSpread
from refrain.lake.version import Golden
from refrain.training.baseline import make_baseline
from refrain.training.calibrating import calibrate, tell_calibrated
from refrain.training.deciding import check_costs, learn_rule
from refrain.training.export import export
from refrain.training.familiar import learn_familiar
from refrain.training.fitted_candidate import FittedCandidate
from refrain.training.fitting import fit
from refrain.training.golden import answer_instances, golden_rows
from refrain.training.history import count_history
from refrain.training.row_weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Columns, Definition, Vocabularies
    from refrain.lake.calibrated import Calibrated
    from refrain.lake.decision_rule import DecisionRule
    from refrain.training.fitting import Fitted

    type Share = Callable[[Callable[[], bytes]], bytes]
    """Returns what another candidate of the run has learned from the same rows, or else calls."""

MAX_ANSWERED_ROWS = 50_000
"""Answers are asked for in blocks of so many rows."""


@dataclass(frozen=True)
class TabularFit:
    """A fitted pipeline with the rows that it learned from: their columns, and the matrix of their features."""

    definition: Definition
    columns: Columns
    vocabularies: Vocabularies
    matrix: NDArray[np.float32]
    fitted: Fitted
    seconds: float

    @property
    def features(self) -> NDArray[np.float32]:
        """The part of the matrix that has one column a feature: words are neither profiled nor watched."""
        return self.matrix[:, : len(self.definition.features)]

    def answer(self, columns: Columns) -> NDArray[np.float64]:
        """Answer rows."""
        return self.fitted.answers(encode(self.definition, self.vocabularies, columns))

    def answer_learned(self) -> Iterator[NDArray[np.float64]]:
        """Answer the rows that it learned from, block by block."""
        for start in range(0, len(self.matrix), MAX_ANSWERED_ROWS):
            yield self.fitted.answers(self.matrix[start : start + MAX_ANSWERED_ROWS])

    def learn_familiar(self) -> bytes:
        """Learn what rows are like those that it learned from, whatever the candidate is."""
        return learn_familiar(self.definition, self.vocabularies, self.columns, self.features).to_bytes()

    def describe(
        self,
        holdout: Columns,
        profiled: NDArray[np.float64],
        answers: dict[str, Array],
        familiar: bytes,
        calibrated: Calibrated | None,
        rule: DecisionRule | None,
    ) -> FittedCandidate:
        """Export and profile it; `profiled` are answers to the holdout by a model that did not learn it."""
        instances = golden_rows(self.definition, self.columns)
        rows, golden_answers = answer_instances(self.definition, self.vocabularies, self.fitted, instances)
        spread = AnswerSpread.of(profiled) if self.fitted.classes is None else None
        baseline = make_baseline(self.definition, self.columns, self.features, self.fitted.classes, profiled, holdout)
        return FittedCandidate(
            graph=export(self.fitted, self.definition.matrix_width),
            baseline=baseline,
            history=count_history(self.definition, self.columns, self.features, baseline, profiled, holdout),
            golden=Golden(rows, golden_answers.tolist(), spread),
            answers=answers,
            fit_seconds=self.seconds,
            recipe=self.fitted.recipe,
            vocabularies=self.vocabularies,
            features=self.definition.features,
            classes=self.fitted.classes,
            positive=self.fitted.positive,
            trivial=self.fitted.trivial,
            target_scale=self.fitted.target_scale,
            familiar=familiar,
            calibrated=calibrated,
            rule=rule,
        )


def fit_rows(definition: Definition, candidate: Candidate, columns: Columns) -> TabularFit:
    """Learn vocabularies and fit a pipeline. Raises `CandidateRefused`."""
    vocabularies = learn_vocabularies(definition, columns)
    matrix = encode(definition, vocabularies, columns)
    started = time.monotonic()
    if definition.task == "classification":
        check_costs(definition, columns[definition.target])
    weights = row_weights(definition, columns)
    fitted = fit(definition, candidate, vocabularies, matrix, columns[definition.target], weights)
    if candidate.calibrate:
        fitted = calibrate(definition, candidate, vocabularies, columns, matrix, fitted)
    return TabularFit(definition, columns, vocabularies, matrix, fitted, time.monotonic() - started)


def train_tabular(
    definition: Definition, candidate: Candidate, training: Columns, holdout: Columns, share: Share | None = None
) -> FittedCandidate:
    """Fit a pipeline on training columns, export and profile it; what is familiar may be shared with a run."""
    rows = fit_rows(definition, candidate, training)
    matrix = encode(definition, rows.vocabularies, holdout)
    answers = rows.fitted.answers(matrix)
    rule = learn_rule(definition, rows.fitted.classes, answers, holdout[definition.target])
    calibrated = tell_calibrated(definition, rows.fitted, matrix, holdout[definition.target])
    familiar = share(rows.learn_familiar) if share else rows.learn_familiar()
    return rows.describe(holdout, answers, {"answers": answers}, familiar, calibrated, rule)
