"""Who competes in a run: the champion and every candidate, each asked for all holdout rows, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import aligned, class_labels, class_numbers
from refrain.errors import BrokenVersion, NotFound
from refrain.evaluation.evaluated_model import EvaluatedModel
from refrain.lake.deployment import Deployment
from refrain.lake.snapshot import read_candidate_answers
from refrain.recommendation.limits import MAX_RECOMMENDED_ITEMS

if TYPE_CHECKING:
    from preprocessing import Array, Columns, Definition
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store
    from refrain.evaluation.evaluate import EvaluationRequest, Trained
    from refrain.recommendation.holdout_questions import Questions
    from refrain.statistics.metrics import Metric


@dataclass(frozen=True)
class Entrants:
    """The champion's version (None while there is none), and all who compete, or the sentence why one cannot."""

    champion_version: str | None
    champion: EvaluatedModel | str | None
    candidates: dict[str, EvaluatedModel | str]

    @property
    def contenders(self) -> list[EvaluatedModel]:
        """All who could be asked."""
        return [each for each in (self.champion, *self.candidates.values()) if isinstance(each, EvaluatedModel)]


type Ask = Callable[[str, Mapping[str, Array] | None], EvaluatedModel]
"""Asks a version for all holdout rows; given what the pipeline answered, it is held against that."""


def gather_entrants(store: Store, request: EvaluationRequest, ask: Ask) -> Entrants:
    """Ask the champion of this moment and the run's candidates."""
    version = Deployment.read(store, request.model).champion_version
    return Entrants(
        champion_version=version,
        champion=_ask_champion(version, ask),
        candidates={each.name: _ask(store, request, each, ask) for each in request.trained},
    )


@dataclass(frozen=True)
class Holdout:
    """What all are measured by: the truth of the holdout, in classes that any of them or the holdout knows (sorted).

    Of a recommendation the truth is how many items each user chose newly, and there are the `questions`.
    """

    definition: Definition
    truth: Truth
    classes: list[str]
    questions: Questions | None = None

    @classmethod
    def of(cls, definition: Definition, holdout: Columns, field: Entrants) -> Holdout:
        """Find the truth; the classes are empty for a regression."""
        target = holdout[definition.target]
        if definition.task == "regression":
            return cls(definition, target.astype(np.float64), [])
        labels = class_labels(definition.columns[definition.target], target)
        classes = sorted(set(labels.tolist()).union(*(each.classes for each in field.contenders)))
        return cls(definition, class_numbers(labels, classes), classes)

    def popularity(self, metric: Metric) -> float | None:
        """Measure what a recommender has to be better than: the most popular items. None for all other models."""
        if self.questions is None:
            return None
        hits = self.questions.hits(self.questions.rank_popular(MAX_RECOMMENDED_ITEMS))
        return metric.value(self.truth, hits) if len(hits) else None

    def answers(self, contender: EvaluatedModel | str | None) -> Floats | None:
        """Give a contender's answers the order of the classes; None for one that could not be asked."""
        if not isinstance(contender, EvaluatedModel):
            return None
        return aligned(contender.answers, contender.classes, self.classes)


def _ask(store: Store, request: EvaluationRequest, each: Trained, ask: Ask) -> EvaluatedModel | str:
    if each.error is not None:
        return each.error
    try:
        return ask(each.version, read_candidate_answers(store, request.model, request.run, each.name))
    except (BrokenVersion, NotFound) as error:
        return str(error)


def _ask_champion(version: str | None, ask: Ask) -> EvaluatedModel | str | None:
    if version is None:
        return None
    try:
        return ask(version, None)
    except BrokenVersion as error:
        return str(error)
