"""Compare with the champion: every candidate of a run and the champion, on the same holdout rows, and the decision.

Here are ONNX Runtime and the serving code, and no scikit-learn: what is measured is what would be served.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from preprocessing import RecommenderDefinition
from refrain.errors import InvalidRequest
from refrain.evaluation.decision import Decision, Figures, decide
from refrain.evaluation.entrants import Entrants, Holdout, gather_entrants
from refrain.evaluation.evaluated_model import EvaluatedModel, evaluate_tabular
from refrain.evaluation.model_summary import describe_model
from refrain.events import TEXT, read_fields
from refrain.lake import keys
from refrain.lake.evaluation import decision_document
from refrain.lake.expectation import expect
from refrain.lake.snapshot import Snapshot, read_snapshot_rows
from refrain.recommendation.holdout_questions import make_questions
from refrain.statistics.comparison import CHAMPION, Comparison, compare_models
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.evaluation import Evaluation, GateDocument
    from refrain.lake.snapshot import DataSummary


@dataclass(frozen=True)
class Trained:
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
    trained: tuple[Trained, ...]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> EvaluationRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        values = read_fields(event, dict.fromkeys(("model", "run", "reason", "started_at"), TEXT))
        trained = event.get("trained")
        if not isinstance(trained, list) or not trained:
            raise InvalidRequest(f"trained: expected the list of what the Map trained, got {trained!r}")
        return cls(**values, trained=tuple(_trained(item, values["run"]) for item in trained))


def _trained(item: object, run: str) -> Trained:
    if not isinstance(item, dict) or not isinstance(item.get("candidate"), str):
        raise InvalidRequest(f"trained: expected items with the name of a candidate, got {item!r:.200}")
    error = item.get("error")
    return Trained(item["candidate"], item.get("version") or f"{run}-{item['candidate']}", _cause(error))


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
    """Ask all, compare, decide, keep the whole as `evaluation.json`; return keys and figures for the next state."""
    snapshot = Snapshot.read(store, request.model, request.run)
    definition = snapshot.parse_definition()
    if isinstance(definition, RecommenderDefinition):
        field, standard = _recommenders(store, request, definition)
    else:
        field, standard = _pipelines(store, request, definition)
    champion, candidates = _measure(request, field, standard)
    metric = METRICS[definition.training.metric]
    decision = decide(definition.gate, metric, champion, candidates, floor=standard.popularity(metric))

    document = _document(request, snapshot.data, field, standard, champion, candidates, decision)
    key = keys.snapshot(request.model, request.run, "evaluation.json")
    store.write_json(key, document)
    mode = definition.rollout.mode if _expect(store, request, field, standard, decision) else "immediate"
    return {
        "model": request.model,
        "run": request.run,
        "evaluation": key,
        "decision": {name: getattr(decision, name) for name in ("promote", "code", "version", "reason")},
        "metric": metric.name,
        "rollout": {"mode": mode},
        "champion": _brief(champion),
        "candidates": [_brief(each) for each in candidates],
    }


def _pipelines(store: Store, request: EvaluationRequest, definition: Definition) -> tuple[Entrants, Holdout]:
    """Ask all for the holdout rows."""
    holdout = read_snapshot_rows(store, request.model, request.run, "holdout")
    field = gather_entrants(
        store,
        request,
        lambda version, expected: evaluate_tabular(store, request.model, version, holdout, expected=expected),
    )
    return field, Holdout.of(definition, holdout, field)


def _recommenders(
    store: Store, request: EvaluationRequest, definition: RecommenderDefinition
) -> tuple[Entrants, Holdout]:
    """Ask all what each user of the holdout would like next."""
    from refrain.evaluation import recommendation  # other models have no use for it

    training = read_snapshot_rows(store, request.model, request.run, "train")
    asked = make_questions(definition, training, read_snapshot_rows(store, request.model, request.run, "holdout"))
    field = gather_entrants(
        store,
        request,
        lambda version, expected: recommendation.evaluate_recommender(
            store, request.model, version, asked, expected=expected
        ),
    )
    return field, Holdout(definition, asked.chosen_counts, [], asked)


def _expect(store: Store, request: EvaluationRequest, field: Entrants, standard: Holdout, decision: Decision) -> bool:
    """Note what is to be expected of a trial; False when there is no champion to try a challenger beside."""
    if standard.questions:  # a recommender goes into service at once
        return False
    champion = standard.answers(field.champion)
    chosen = next((each.name for each in request.trained if each.version == decision.version), "")
    challenger = standard.answers(field.candidates.get(chosen))
    if champion is None or challenger is None or decision.code != "better":
        return False
    expectation = expect(standard.classes, champion, challenger)
    store.write_json(keys.snapshot(request.model, request.run, "expectation.json"), expectation.document())
    return True


def _measure(request: EvaluationRequest, field: Entrants, standard: Holdout) -> tuple[Figures | None, list[Figures]]:
    """Compare by one paired bootstrap, and gather what is known of each."""
    definition = standard.definition
    answers = {name: standard.answers(each) for name, each in field.candidates.items()}
    compared = compare_models(
        METRICS[definition.training.metric],
        standard.truth,
        standard.answers(field.champion),
        {name: each for name, each in answers.items() if each is not None},
        confidence=definition.gate.confidence,
    )
    candidates = [_figures(each.name, each.version, field.candidates[each.name], compared) for each in request.trained]
    if field.champion_version is None:
        return None, candidates
    return _figures(CHAMPION, field.champion_version, field.champion, compared), candidates


def _figures(name: str, version: str, contender: EvaluatedModel | str | None, comparison: Comparison) -> Figures:
    compared = comparison.champion if name == CHAMPION else comparison.candidates.get(name)
    if not isinstance(contender, EvaluatedModel):
        return Figures(name, version, error=contender)
    if compared is None:
        return Figures(name, version, error=comparison.undefined[name])
    return Figures(
        name,
        version,
        **asdict(compared),
        latency_ms=contender.latency_ms,
        bytes=contender.bytes,
        parity=contender.parity,
        golden=contender.golden,
    )


def _document(
    request: EvaluationRequest,
    data: DataSummary,
    field: Entrants,
    standard: Holdout,
    champion: Figures | None,
    candidates: list[Figures],
    decision: Decision,
) -> Evaluation:
    definition = standard.definition
    found: Evaluation = {
        "model": request.model,
        "run": request.run,
        "task": definition.task,
        "metric": definition.training.metric,
        "reason": request.reason,
        "started_at": request.started_at,
        "finished_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": data.to_json(),
        "gate": cast("GateDocument", asdict(definition.gate)),
        "champion": describe_model(standard, champion, field.champion) if champion else None,
        "candidates": [describe_model(standard, each, field.candidates[each.name]) for each in candidates],
        "decision": decision_document(decision),
        "outcome": "promoted" if decision.promote else "kept",
    }
    if standard.questions is not None:
        metric = METRICS[definition.training.metric]
        found |= {"popularity": standard.popularity(metric), "users": len(standard.questions)}
    return found


def _brief(figures: Figures | None) -> dict[str, object] | None:
    if figures is None:
        return None
    shown = ("name", "version", "value", "gain", "no_worse", "latency_ms", "error")
    return {name: getattr(figures, name) for name in shown}
