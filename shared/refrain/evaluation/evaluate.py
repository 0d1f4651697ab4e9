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
from refrain.evaluation.checked_run import check_run
from refrain.evaluation.decision import decide
from refrain.evaluation.entrants import Entrant, add_importance, gather_entrants, summarise_entrants
from refrain.evaluation.evaluated_model import TabularEvaluation
from refrain.evaluation.expected_trial import expect_trial
from refrain.evaluation.memory_room import explain_too_large
from refrain.evaluation.prequential import measure_since_cut
from refrain.evaluation.refit_plan import plan_refit
from refrain.evaluation.unlearned_rows import prepare_comparison
from refrain.events import TEXT, read_fields
from refrain.lake.deployment import approval_terms
from refrain.lake.evaluation import Evaluation
from refrain.lake.snapshot import Snapshot
from refrain.lake.version import IMPORTED
from refrain.statistics.comparison import CHAMPION
from refrain.statistics.metrics import choose_metric
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.evaluation.evaluated_model import EvaluationKind
    from refrain.lake.evaluation import Figures

BRIEF_FIGURES = ("name", "version", "value", "gain", "chance", "answer", "latency_ms", "error")


@dataclass(frozen=True)
class EvaluationRequest:
    """The state's input, checked."""

    model: str
    run: str
    reason: str
    started_at: str
    trained: tuple[Entrant, ...]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> EvaluationRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        values = read_fields(event, dict.fromkeys(("model", "run", "reason", "started_at"), TEXT))
        trained = event.get("trained")
        if not isinstance(trained, list) or not trained:
            raise InvalidRequest(f"trained: expected the list of what the Map trained, got {trained!r}")
        return cls(**values, trained=tuple(_trained(item, values["run"]) for item in trained))


def _trained(item: object, run: str) -> Entrant:
    if not isinstance(item, dict) or not isinstance(item.get("candidate"), str):
        raise InvalidRequest(f"trained: expected items with the name of a candidate, got {item!r:.200}")
    version = item.get("version") or f"{run}-{item['candidate']}"
    return Entrant(item["candidate"], version, read_cause(item.get("error")))


def read_cause(error: object) -> str | None:
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


def evaluate(store: Store, request: EvaluationRequest, inference_bytes: int) -> dict[str, object]:
    """Measure all, decide, and write the evaluation; return keys and figures for the next state.

    `inference_bytes` is the memory of the function that has to hold what is promoted.
    """
    snapshot = Snapshot.read(store, request.model, request.run)
    definition = snapshot.parse_definition()
    kind = _kind(store, definition, request.run)
    measured = gather_entrants(store, request, kind)
    in_service = measured.get(CHAMPION)
    fair = prepare_comparison(store, snapshot, definition, kind, measured)
    entrants, holdout = fair.entrants, fair.holdout
    metric = choose_metric(definition.training.metric, holdout.classes, holdout.positive, definition.decision.cost)
    answers = {name: entrant.evaluated.answers_to(holdout) for name, entrant in entrants.items() if entrant.evaluated}
    summaries, stakes = summarise_entrants(definition, holdout, entrants, answers)
    champion_figures = summaries[CHAMPION].figures if CHAMPION in summaries else None
    candidates = [summary for name, summary in summaries.items() if name != CHAMPION]
    figures = [candidate.figures for candidate in candidates]
    too_large = explain_too_large(definition.gate, inference_bytes, champion_figures, candidates)
    decision = decide(definition.gate, metric, champion_figures, figures, stakes, too_large)
    refit = plan_refit(snapshot, definition, decision, in_service.manifest if in_service else None, figures)
    judged = refit.candidate if refit else IMPORTED if snapshot.imported else None
    twin = entrants[judged] if judged else None
    summaries = add_importance(summaries, entrants, holdout, [decision.focus, twin.version if twin else None])
    if twin and twin.evaluated:
        kind.keep_judged_rows(twin.version, twin.evaluated, holdout)
    evaluation = Evaluation(
        model=request.model,
        run=request.run,
        task=definition.task,
        metric=metric.name,
        reason=request.reason,
        started_at=request.started_at,
        finished_at=to_iso(datetime.now(UTC), "milliseconds"),
        data=snapshot.data,
        compared=fair.rows,
        gate=definition.gate,
        champion=summaries.pop(CHAMPION, None),
        candidates=list(summaries.values()),
        decision=decision,
        outcome="promoted" if decision.promote else "kept",
        refit=refit,
        since_cut=measure_since_cut(store, definition, request.run, kind, measured),
        positive=holdout.positive,
        stakes=stakes,
        users=len(holdout.truth) if definition.task == "recommendation" else None,
        checks=check_run(store, definition, request.run, list(summaries.values()), decision),
    )
    tried = _find_tried(evaluation)
    if tried:
        expected = expect_trial(metric, holdout, fair.own_answers(), answers[tried], stakes.margin or 0.0)
        expected.write(store, request.model, request.run)
    key = evaluation.write(store, request.model, request.run)
    mode = definition.rollout.mode if tried else "immediate"
    rollout = {"mode": mode, **approval_terms(definition.rollout)}
    return {"evaluation": key, "rollout": rollout, **_summary(evaluation)}


def _find_tried(evaluation: Evaluation) -> str | None:
    """Find the candidate to try where trials are asked for: a better one, or the champion's recipe with newer rows.

    A first model, and one whose champion cannot be asked, has nobody to be tried beside.
    """
    refit, decision = evaluation.refit, evaluation.decision
    if decision.promote and decision.code != "better":
        return None
    if refit is None:
        return next((item.name for item in decision.verdicts if item.version == decision.version), None)
    return refit.candidate


def _kind(store: Store, definition: Definition, run: str) -> EvaluationKind:
    """Choose how this kind of models is evaluated."""
    if isinstance(definition, RecommenderDefinition):
        from refrain.evaluation.recommendation import RecommenderEvaluation  # other models have no use for it

        return RecommenderEvaluation(store, definition, run)
    return TabularEvaluation(store, definition, run)


def _summary(evaluation: Evaluation) -> dict[str, object]:
    """Return what travels on between the states."""
    decision, champion = evaluation.decision, evaluation.champion
    return {
        "model": evaluation.model,
        "run": evaluation.run,
        "decision": {name: getattr(decision, name) for name in ("promote", "code", "version", "reason")},
        "metric": evaluation.metric,
        "champion": _brief(champion.figures) if champion else None,
        "checks": evaluation.failed_checks,
        "candidates": [_brief(candidate.figures) for candidate in evaluation.candidates],
        "refit": _wanted(evaluation),
    }


def _wanted(evaluation: Evaluation) -> dict[str, object]:
    """Tell the state machine whether a recipe is to be fitted on all rows; it is proved later."""
    candidate = evaluation.refit.candidate if evaluation.refit else None
    return {"wanted": candidate is not None, "candidate": candidate, "proved": False}


def _brief(figures: Figures) -> dict[str, object]:
    return {name: getattr(figures, name) for name in BRIEF_FIGURES}
