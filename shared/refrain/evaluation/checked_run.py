"""The method checks of a run: on its rows, and on the candidate in focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import RecommenderDefinition
from refrain.checks.checked_rows import CheckedRows
from refrain.checks.model_checks import CheckedModel, JudgedAnswers
from refrain.checks.run_checks import check_method
from refrain.checks.search_check import CheckedSearch
from refrain.classes import aligned
from refrain.evaluation.evaluated_model import score
from refrain.lake.packed_columns import fit_to
from refrain.lake.snapshot import read_snapshot_rows
from refrain.lake.version import read_version_files
from refrain.model.tabular import TabularModel
from refrain.statistics.metrics import METRICS, choose_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store
    from refrain.lake.evaluation import GateDecision, ModelSummary
    from refrain.lake.method_checks import MethodChecks


def check_run(
    store: Store, definition: Definition, run: str, candidates: Sequence[ModelSummary], decision: GateDecision
) -> MethodChecks | None:
    """Make the checks, of the rows alone where no candidate has figures. There are none for recommenders."""
    if isinstance(definition, RecommenderDefinition):
        return None
    train, holdout = (read_snapshot_rows(store, definition.model, run, part) for part in ("train", "holdout"))
    focus = _in_focus(definition, candidates, decision)
    if focus is None:
        return check_method(CheckedRows(definition, train, holdout), None)
    files = read_version_files(store, definition.model, focus.figures.version)
    rows = CheckedRows(definition, train, holdout, files.manifest.vocabularies)
    model = _checked_model(TabularModel.load(files.manifest, files.model), rows, focus)
    return check_method(rows, model, _checked_search(definition, model, focus))


def _checked_search(definition: Definition, model: CheckedModel, summary: ModelSummary) -> CheckedSearch | None:
    searches = {candidate.name: candidate.search for candidate in definition.training.candidates}
    search = searches.get(model.name)
    return CheckedSearch(model.name, model.metric, search, summary.search) if search and summary.search else None


def _in_focus(
    definition: Definition, candidates: Sequence[ModelSummary], decision: GateDecision
) -> ModelSummary | None:
    """Choose the candidate that the report looks at closely; where none passed the gate, the best one."""
    metric = METRICS[definition.training.metric]
    values = {item.figures.version: item.figures.value for item in candidates if item.figures.value is not None}
    best = max(values, key=lambda version: metric.gain(values[version], 0.0), default=None)
    version = decision.focus or best
    return next((item for item in candidates if item.figures.version == version), None)


def _checked_model(model: TabularModel, rows: CheckedRows, summary: ModelSummary) -> CheckedModel:
    manifest = model.manifest
    metric = choose_metric(
        rows.definition.training.metric, rows.classes, manifest.positive, rows.definition.decision.cost
    )
    trivial = np.array([manifest.trivial])
    train, holdout = (model.encode(fit_to(model.definition, side.inputs)) for side in (rows.train, rows.holdout))

    def ordered(answers: Floats) -> Floats:
        return aligned(answers, model.classes or (), rows.classes)

    def predict(matrix: NDArray[np.float32]) -> Floats:
        return ordered(score(model, matrix))

    def judged(matrix: NDArray[np.float32], truth: Truth) -> JudgedAnswers:
        return JudgedAnswers(truth, predict(matrix), np.repeat(ordered(trivial), len(truth), axis=0))

    return CheckedModel(
        summary.figures.name,
        metric,
        judged(train, rows.sampled_train_truth[rows.train.scored]),
        judged(holdout, rows.sampled_holdout_truth[rows.holdout.scored]),
        summary.importance,
        model.definition.matrix_columns,
        holdout,
        predict,
    )
