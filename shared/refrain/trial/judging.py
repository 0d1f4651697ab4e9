"""Judge the challenger by its predictions and labels so far, as the state machine asks again and again.

A judgement reads everything since the trial began and keeps nothing, so it may come twice, late or not at all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import BrokenVersion
from refrain.events import TEXT, read_fields
from refrain.lake.capture.predictions import read_captured
from refrain.lake.deployment import Deployment, approval_terms, pause_seconds
from refrain.lake.evaluation import Evaluation
from refrain.lake.expectation import Expectation
from refrain.lake.label import read_labels
from refrain.lake.snapshot import Snapshot
from refrain.lake.trial_outcome import TrialFigures, TrialOutcome, TrialVerdict
from refrain.model.loading import load_version
from refrain.statistics.metrics import choose_metric
from refrain.times import from_iso, to_iso
from refrain.trial.evidence import TrialSetting, gather_facts
from refrain.trial.verdict import TrialFacts, reach_verdict, risk_of_a_test

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from preprocessing import Definition
    from refrain.aws.storage import Store

MAX_JUDGED_ROWS = 100_000
"""About the first so many rows of a trial are judged: more of them hardly make a verdict surer."""


JUDGEMENT_FIELDS = {"model": TEXT, "run": TEXT}


def judge_challenger(store: Store, event: Mapping[str, Any], now: datetime) -> dict[str, object]:
    """Judge the challenger of the event's run at a time (UTC); return the verdict, its reason and the figures.

    The verdict is "superseded" when the champion is no longer the one that the run compared with, or when another
    challenger has taken the place. Raises `InvalidRequest` for an event that cannot be used.
    """
    model, run = read_fields(event, JUDGEMENT_FIELDS).values()
    evaluation = Evaluation.read(store, model, run)
    definition = Snapshot.read(store, model, run).parse_definition()
    deployment = Deployment.read(store, model)
    versions = (evaluation.champion_version, evaluation.next_version)
    if (deployment.champion_version, deployment.challenger_version) == versions:
        facts = _read_facts(store, run, definition, deployment, now)
        verdict = reach_verdict(facts, definition.rollout, definition.gate)
    else:
        facts = TrialFacts(0.0)
        verdict = TrialVerdict("superseded", "superseded", "The champion, or the challenger, changed meanwhile.")
    figures = summarise_facts(facts, risk_of_a_test(definition.gate))
    outcome = TrialOutcome(verdict.verdict, verdict.code, verdict.reason, to_iso(now, "milliseconds"), figures)
    terms = {"pause_seconds": pause_seconds(definition.rollout), "rollout": approval_terms(definition.rollout)}
    return {"model": model, "run": run, **terms, "judgement": outcome.to_json()}


def _read_facts(store: Store, run: str, definition: Definition, deployment: Deployment, now: datetime) -> TrialFacts:
    """Read what was captured and labelled since the trial began."""
    model, challenger, champion = definition.model, deployment.challenger, deployment.champion_version
    assert challenger is not None, "a version is on trial"
    assert champion is not None, "and another is in service"
    since = from_iso(challenger.since)
    minutes = (now - since) / timedelta(minutes=1)
    try:
        load_version(store, model, challenger)
    except BrokenVersion as error:
        return TrialFacts(minutes, broken=str(error))
    expectation = Expectation.read(store, model, run)
    metric = choose_metric(
        definition.training.metric, expectation.classes, expectation.positive, definition.decision.cost
    )
    trial = TrialSetting(definition, metric, champion, challenger.version, expectation)
    captured = read_captured(store, model, since, now, max_rows=MAX_JUDGED_ROWS)
    labels = read_labels(store, model, since, now, only=set(captured.ids))
    return gather_facts(trial, captured, labels, minutes)


def summarise_facts(facts: TrialFacts, alpha: float) -> TrialFigures:
    """Return the evidence in a few numbers; `alpha` is the risk of the interval on either side."""
    gain = facts.gain
    low, high = gain.interval(alpha) if gain else (None, None)
    return TrialFigures(
        minutes=round(facts.minutes, 2),
        rows=facts.rows,
        failed=_mean(facts.failed),
        milliseconds=None if not len(facts.milliseconds) else round(float(np.median(facts.milliseconds)), 4),
        disagreeing=None if facts.disagreeing is None else round(facts.disagreeing, 6),
        distance=_mean(facts.distances),
        distance_tolerated=round(facts.tolerated_distance, 6) if len(facts.distances) else None,
        labelled=facts.labelled,
        gain=gain.gain if gain else None,
        gain_low=low,
        gain_high=high,
        margin=gain.margin if gain else None,
    )


def _mean(values: Any) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None
