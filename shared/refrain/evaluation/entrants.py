"""Who competes in a run: the champion and every candidate, each measured on the holdout, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from refrain.errors import BrokenVersion, NotFound
from refrain.evaluation.evaluated_model import EvaluatedModel
from refrain.lake.deployment import Deployment
from refrain.lake.snapshot import read_candidate_answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Array
    from refrain.aws.storage import Store
    from refrain.evaluation.evaluate import CandidateResult, EvaluationRequest
    from refrain.evaluation.evaluated_model import Holdout

type Entrant = EvaluatedModel | str
"""A measured model, or the sentence why it could not be measured."""


class EvaluationKind(Protocol):
    """How one kind of models is evaluated."""

    def evaluate(self, version: str, expected: Mapping[str, Array] | None) -> EvaluatedModel:
        """Measure a version. A candidate is also compared with its pipeline's answers, `expected`."""

    def holdout(self, models: Sequence[EvaluatedModel]) -> Holdout:
        """Return the truth that all models are measured by."""


@dataclass(frozen=True)
class Entrants:
    """The champion's version (None while there is none), and all entrants."""

    champion_version: str | None
    champion: Entrant | None
    candidates: dict[str, Entrant]

    @property
    def evaluated(self) -> list[EvaluatedModel]:
        """All that could be measured."""
        entrants = (self.champion, *self.candidates.values())
        return [entrant for entrant in entrants if isinstance(entrant, EvaluatedModel)]


def gather_entrants(store: Store, request: EvaluationRequest, kind: EvaluationKind) -> Entrants:
    """Measure the champion of this moment and the run's candidates."""
    version = Deployment.read(store, request.model).champion_version
    champion = None if version is None else _evaluate_champion(kind, version)
    candidates = {trained.name: _evaluate_candidate(store, request, kind, trained) for trained in request.trained}
    return Entrants(version, champion, candidates)


def _evaluate_champion(kind: EvaluationKind, version: str) -> Entrant:
    try:
        return kind.evaluate(version, None)
    except BrokenVersion as error:
        return str(error)


def _evaluate_candidate(
    store: Store, request: EvaluationRequest, kind: EvaluationKind, trained: CandidateResult
) -> Entrant:
    if trained.error is not None:
        return trained.error
    try:
        answers = read_candidate_answers(store, request.model, request.run, trained.name)
        return kind.evaluate(trained.version, answers)
    except (BrokenVersion, NotFound) as error:
        return str(error)
