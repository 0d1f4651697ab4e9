"""What the report tells of one model: its figures, all metrics of the task, curves and importance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.classes import aligned
from refrain.errors import MetricUndefined
from refrain.evaluation.curves import describe_curves
from refrain.evaluation.evaluated_model import EvaluatedModel, score
from refrain.evaluation.importance import permutation_importance
from refrain.lake.evaluation import figures_document
from refrain.model.tabular import TabularModel
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    import numpy as np

    from refrain.arrays import Floats
    from refrain.evaluation.decision import Figures
    from refrain.evaluation.entrants import Holdout
    from refrain.lake.evaluation import ModelDocument


def describe_model(standard: Holdout, figures: Figures, contender: EvaluatedModel | str | None) -> ModelDocument:
    """Describe one model; of one that could not be asked or compared only say what it is."""
    definition = standard.definition
    answers = standard.answers(contender)
    if not isinstance(contender, EvaluatedModel) or answers is None or figures.value is None:
        known = {each.name: each.estimator for each in definition.training.candidates}
        return {"figures": figures_document(figures), "estimator": known.get(figures.name, "")}

    servable = contender.servable
    found: ModelDocument = {
        "figures": figures_document(figures),
        "estimator": servable.manifest.estimator,
        "metrics": _every_metric(standard, answers),
    }
    if not isinstance(servable, TabularModel):
        return {**found, "beside": _beside(standard, contender)}

    def predict(matrix: np.ndarray[Any, np.dtype[np.float32]]) -> Floats:
        return aligned(score(servable, matrix), contender.classes, standard.classes)

    return {
        **found,
        "curves": describe_curves(definition.task, standard.truth, answers, standard.classes),
        "importance": permutation_importance(
            predict,
            contender.matrix,
            standard.truth,
            METRICS[definition.training.metric],
            {name: [place] for place, name in enumerate(servable.definition.features)},
        ),
    }


def _beside(standard: Holdout, contender: EvaluatedModel) -> dict[str, float]:
    assert standard.questions is not None and contender.ranked is not None, "a recommender was asked questions"
    from refrain.evaluation.recommendation import beside  # other models have no use for it

    return beside(standard.questions, contender.ranked)


def _every_metric(standard: Holdout, answers: Floats) -> dict[str, float]:
    values = {}
    for name, metric in METRICS.items():
        if metric.task == standard.definition.task:
            try:
                values[name] = metric.value(standard.truth, answers)
            except MetricUndefined:
                continue
    return values
