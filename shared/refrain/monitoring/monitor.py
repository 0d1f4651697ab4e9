"""One look at one model: the order of it all. A look is written once, under the time it was asked for.

The same tick delivered twice finds the look that is there; if the first one came to grief before it was written, the
second does it again and starts the same run, since a run is named after the look.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from refrain.aws.emf import count_metric
from refrain.aws.storage import to_json
from refrain.lake import keys
from refrain.lake.deployment import Deployment
from refrain.lake.label_reading import read_labels
from refrain.lake.snapshot import run_started_at
from refrain.monitoring.notifications import messages
from refrain.monitoring.observed_predictions import observe_predictions, of_this_service
from refrain.monitoring.past_runs import new_rows, read_runs
from refrain.monitoring.recommendation import observe_interactions
from refrain.monitoring.retraining_decision import RetrainingFacts, decide_retraining, is_overdue
from refrain.monitoring.served_version import read_served_version
from refrain.monitoring.windows import LATE
from refrain.pages.monitoring_page import render_monitoring_report
from refrain.pages.monitoring_words import below_gate_sentence, drifted, noun_of, summary
from refrain.times import from_iso, to_datetime64, to_iso, to_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from preprocessing import Definition
    from refrain.aws.cloud import Services
    from refrain.aws.storage import Store
    from refrain.lake.monitoring_report import EvaluatedDocument, MonitoringReport, PastWindow, RetrainingDecision
    from refrain.monitoring.observed_predictions import Observation

logger = logging.getLogger("refrain")


def monitor_model(
    store: Store, services: Services, definition: Definition, now: datetime, late: timedelta = LATE
) -> MonitoringReport:
    """Look at a model, decide, carry it out, and keep the look. Raises what the store and the services raise.

    Captured lines are delivered within `late`.
    """
    model, time = definition.model, to_key(now)
    key = keys.monitoring_report(model, time, "json")
    if store.exists(key):
        return cast("MonitoringReport", store.read_json(key))
    before = _before(store, model, key)
    seen = _see(store, definition, now, before, late)
    # As it will be read: a look is the same for those who find it as for those who make it.
    found: MonitoringReport = json.loads(to_json(_document(store, services, definition, now, before, seen)))
    if found["decision"]["start"]:
        services.start_run(model, str(found["decision"]["execution"]), found["decision"]["reason"])
    page = keys.monitoring_report(model, time, "html")
    for message in messages(found, before, f"s3://{store.bucket}/{page}"):
        services.notify(message.subject, message.text)
    store.write(page, render_monitoring_report(found).encode())
    store.write_new(key, to_json(found))
    _tell_of(found)
    return found


def _before(store: Store, model: str, key: str) -> MonitoringReport | None:
    """Return the look before this one, or None."""
    earlier = [each for each in store.keys(keys.monitoring_reports(model)) if each.endswith(".json") and each < key]
    return cast("MonitoringReport", store.read_json(earlier[-1])) if earlier else None


def _see(
    store: Store, definition: Definition, now: datetime, before: MonitoringReport | None, late: timedelta
) -> Observation | None:
    """See how the champion does: a recommender by interactions, others by predictions. None: there is none."""
    deployment = Deployment.read(store, definition.model)
    if deployment.champion is None:
        return None
    see = observe_interactions if definition.roles else observe_predictions
    return see(store, definition, read_served_version(store, definition.model, deployment.champion), now, before, late)


def _document(
    store: Store,
    services: Services,
    definition: Definition,
    now: datetime,
    before: MonitoringReport | None,
    seen: Observation | None,
) -> MonitoringReport:
    rules = definition.monitoring
    evaluated = seen.version.evaluated_document(definition) if seen else None
    own = of_this_service(seen.history, seen.version)[-rules.alarm[1] :] if seen else []
    state, window, waiting = (seen.state, seen.window, seen.waiting) if seen else ("not_judged", None, 0)
    decision = _decide(store, services, definition, now, before, seen, own, evaluated)
    last_start = to_iso(now) if decision["start"] else before["last_start"] if before else None
    return {
        "model": definition.model,
        "time": to_iso(now),
        "version": seen.version.name if seen else None,
        "served_since": to_iso(seen.version.since) if seen else None,
        "state": state,
        "summary": summary(
            state, window, own, rules.alarm, evaluated, waiting, seen.quality if seen else None, noun_of(definition)
        ),
        "alarm": list(rules.alarm),
        "least_effect": rules.least_effect,
        "evaluated": evaluated,
        "window": window,
        "waiting": waiting,
        "damaged": seen.damaged if seen else 0,
        "quality": seen.quality if seen else None,
        "hits": seen.hits if seen else None,
        "history": seen.history if seen else before["history"] if before else [],
        "decision": decision,
        "last_start": last_start,
    }


def _decide(
    store: Store,
    services: Services,
    definition: Definition,
    now: datetime,
    before: MonitoringReport | None,
    seen: Observation | None,
    own: list[PastWindow],
    evaluated: EvaluatedDocument | None,
) -> RetrainingDecision:
    runs = read_runs(store, definition)
    starts = [from_iso(before["last_start"])] if before and before["last_start"] else []
    last_run = max([*starts, *([run_started_at(runs.last)] if runs.last else [])], default=None)
    labelled = read_labels(store, definition.model, last_run, now) if seen else {}
    came = [each for each in labelled.values() if last_run is None or each.received_at > to_datetime64(last_run)]
    facts = RetrainingFacts(
        now=now,
        rules=definition.retraining,
        last_run=last_run,
        trained=run_started_at(seen.version.name) if seen else None,
        running=services.is_running(definition.model),
        new_rows=new_rows(store, definition, runs.last) + len(came),
        unpromoted=runs.unpromoted,
        drifted=drifted(own, definition.monitoring.alarm[0], evaluated)
        if seen and evaluated and seen.state == "drifted"
        else "",
        quality=below_gate_sentence(seen.quality, evaluated)
        if seen and seen.quality and evaluated and seen.quality["breaks_gate"]
        else "",
    )
    verdict = decide_retraining(facts)
    execution = f"{definition.model}-{to_key(now)}" if verdict.start else None
    return {**asdict(verdict), "execution": execution, "overdue": is_overdue(facts)}  # type: ignore[typeddict-item]


def _tell_of(look: MonitoringReport) -> None:
    """Count for the alarms, and leave a line in the log."""
    if look["state"] == "drifted":
        count_metric("Drifted", look["model"])
    if look["quality"] and look["quality"]["breaks_gate"]:
        count_metric("QualityBelowGate", look["model"])
    if look["decision"].get("overdue"):
        count_metric("NoFreshModel", look["model"])
    told = {name: look[name] for name in ("model", "time", "version", "state", "decision")}
    logger.info("looked", extra={"look": told})
