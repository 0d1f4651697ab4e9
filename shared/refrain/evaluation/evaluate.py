"""Compare with the champion: every candidate of a run and the champion, on the same holdout rows, and the decision.

It has ONNX Runtime and the serving code, and no scikit-learn: it measures what would be served.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from refrain.errors import InvalidRequest
from refrain.evaluation.decision import decide
from refrain.evaluation.entrants import gather_entrants
from refrain.evaluation.evaluated_model import TabularEvaluation
from refrain.evaluation.model_summary import answers_of, measure_entrants, summarise_model
from refrain.events import TEXT, read_fields
from refrain.lake.evaluation import Evaluation
from refrain.lake.expectation import expect
from refrain.lake.snapshot import Snapshot
from refrain.statistics.metrics import METRICS
from refrain.times import to_iso_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.evaluation.entrants import Entrants, EvaluationKind
    from refrain.evaluation.evaluated_model import Holdout
    from refrain.lake.evaluation import Figures, GateDecision

BRIEF_FIGURES = ("name", "version", "value", "gain", "no_worse", "latency_ms", "error")


@dataclass(frozen=True)
class CandidateResult:
    """A candidate as the training step left it: a version, or the error that there is none for."""

    name: str
    version: str
    error: str | None


@dataclass(frozen=True)
class EvaluationRequest:
    """The state's input, checked."""

    model: str
    run: str
    reason: str
    started_at: str
    trained: tuple[CandidateResult, ...]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> EvaluationRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        values = read_fields(event, dict.fromkeys(("model", "run", "reason", "started_at"), TEXT))
        trained = event.get("trained")
        if not isinstance(trained, list) or not trained:
            raise InvalidRequest(f"trained: expected the list of what the Map trained, got {trained!r}")
        return cls(**values, trained=tuple(_trained(item, values["run"]) for item in trained))


def _trained(item: object, run: str) -> CandidateResult:
    if not isinstance(item, dict) or not isinstance(item.get("candidate"), str):
        raise InvalidRequest(f"trained: expected items with the name of a candidate, got {item!r:.200}")
    version = item.get("version") or f"{run}-{item['candidate']}"
    return CandidateResult(item["candidate"], version, _cause(item.get("error")))


def _cause(error: object) -> str | None:
    """Find the sentence in what Step Functions makes of a failed Lambda."""
    if error is None:
        return None
    if not isinstance(error, dict):
        return str(error)
    try:
        cause = json.loads(str(error.get("Cause")))
    except json.JSONDecodeError:
        cause = {}
    sentence = cause.get("errorMessage") if isinstance(cause, dict) else None
    return str(sentence or error.get("Cause") or error.get("Error"))[:500]


def evaluate(store: Store, request: EvaluationRequest) -> dict[str, object]:
    """Measure all, decide, and write the evaluation; return keys and figures for the next state."""
    snapshot = Snapshot.read(store, request.model, request.run)
    definition = snapshot.parse_definition()
    metric = METRICS[definition.training.metric]
    kind = _kind(store, definition, request.run)
    entrants = gather_entrants(store, request, kind)
    holdout = kind.holdout(entrants.evaluated)
    champion, candidates = measure_entrants(definition, request, entrants, holdout)
    popularity = holdout.popularity(metric)
    decision = decide(definition.gate, metric, champion, candidates, popularity)
    evaluation = Evaluation(
        model=request.model,
        run=request.run,
        task=definition.task,
        metric=metric.name,
        reason=request.reason,
        started_at=request.started_at,
        finished_at=to_iso_milliseconds(datetime.now(UTC)),
        data=snapshot.data,
        gate=definition.gate,
        champion=summarise_model(definition, holdout, champion, entrants.champion) if champion else None,
        candidates=[
            summarise_model(definition, holdout, figures, entrants.candidates[figures.name]) for figures in candidates
        ],
        decision=decision,
        outcome="promoted" if decision.promote else "kept",
        popularity=popularity,
        users=None if holdout.popular_hits is None else len(holdout.popular_hits),
    )
    key = evaluation.write(store, request.model, request.run)
    expected = _write_expectation(store, request, entrants, holdout, decision)
    mode = definition.rollout.mode if expected else "immediate"
    return {
        "model": request.model,
        "run": request.run,
        "evaluation": key,
        "decision": {name: getattr(decision, name) for name in ("promote", "code", "version", "reason")},
        "metric": metric.name,
        "rollout": {"mode": mode},
        "champion": _brief(champion) if champion else None,
        "candidates": [_brief(figures) for figures in candidates],
    }


def _kind(store: Store, definition: Definition, run: str) -> EvaluationKind:
    """Choose how this kind of models is evaluated."""
    if isinstance(definition, RecommenderDefinition):
        from refrain.evaluation.recommendation import RecommenderEvaluation  # other models have no use for it

        return RecommenderEvaluation(store, definition, run)
    return TabularEvaluation(store, definition, run)


def _write_expectation(
    store: Store, request: EvaluationRequest, entrants: Entrants, holdout: Holdout, decision: GateDecision
) -> bool:
    """Write what to expect of a trial; False when there is no champion to try a challenger beside."""
    name = next((trained.name for trained in request.trained if trained.version == decision.version), "")
    champion = answers_of(entrants.champion, holdout)
    challenger = answers_of(entrants.candidates.get(name), holdout)
    if champion is None or challenger is None or decision.code != "better":
        return False
    expect(holdout.classes, champion, challenger).write(store, request.model, request.run)
    return True


def _brief(figures: Figures) -> dict[str, object]:
    """Return the figures that travel on between the states."""
    return {name: getattr(figures, name) for name in BRIEF_FIGURES}
