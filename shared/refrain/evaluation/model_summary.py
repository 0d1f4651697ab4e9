"""The figures of every entrant by one comparison, and the description of each for the evaluation."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from refrain.errors import MetricUndefined
from refrain.evaluation.evaluated_model import EvaluatedModel
from refrain.lake.evaluation import Figures, ModelSummary
from refrain.statistics.comparison import CHAMPION, Comparison, compare_models
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.evaluation.entrants import Entrant, Entrants
    from refrain.evaluation.evaluate import EvaluationRequest
    from refrain.evaluation.evaluated_model import Holdout


def measure_entrants(
    definition: Definition, request: EvaluationRequest, entrants: Entrants, holdout: Holdout
) -> tuple[Figures | None, list[Figures]]:
    """Compare all by one paired bootstrap; return the figures of the champion, if there is one, and of the others."""
    answers = {name: answers_of(entrant, holdout) for name, entrant in entrants.candidates.items()}
    comparison = compare_models(
        METRICS[definition.training.metric],
        holdout.truth,
        answers_of(entrants.champion, holdout),
        {name: array for name, array in answers.items() if array is not None},
        confidence=definition.gate.confidence,
    )
    candidates = [
        _figures(trained.name, trained.version, entrants.candidates[trained.name], comparison)
        for trained in request.trained
    ]
    if entrants.champion_version is None:
        return None, candidates
    return _figures(CHAMPION, entrants.champion_version, entrants.champion, comparison), candidates


def answers_of(entrant: Entrant | None, holdout: Holdout) -> Floats | None:
    """Return the answers of an entrant that could be measured."""
    return entrant.answers_to(holdout) if isinstance(entrant, EvaluatedModel) else None


def _figures(name: str, version: str, entrant: Entrant | None, comparison: Comparison) -> Figures:
    if not isinstance(entrant, EvaluatedModel):
        return Figures(name, version, error=entrant)
    compared = comparison.champion if name == CHAMPION else comparison.candidates.get(name)
    if compared is None:
        return Figures(name, version, error=comparison.undefined[name])
    measured = {field: getattr(entrant, field) for field in ("latency_ms", "bytes", "parity", "golden")}
    return Figures(name, version, **asdict(compared), **measured)


def summarise_model(
    definition: Definition, holdout: Holdout, figures: Figures, entrant: Entrant | None
) -> ModelSummary:
    """Describe one model; of one that could not be measured only its names and the reason are left."""
    if not isinstance(entrant, EvaluatedModel) or figures.value is None:
        estimators = {candidate.name: candidate.estimator for candidate in definition.training.candidates}
        return ModelSummary(figures, estimators.get(figures.name, ""))
    metrics = {}
    for name, metric in METRICS.items():
        if metric.task == definition.task:
            try:
                metrics[name] = metric.value(holdout.truth, entrant.answers_to(holdout))
            except MetricUndefined:
                continue
    return ModelSummary(figures, entrant.model.manifest.estimator, metrics, **entrant.describe(holdout))
