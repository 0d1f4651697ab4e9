"""A monitoring report on one model: observe, decide, carry out, tell of what has begun.

A report is written once, under the time that it is of. The same tick delivered twice finds the report of the first, and
only sends its events again. If the first delivery failed before it wrote the report, the second one writes it and
starts the same run, since a run is named after its report.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from preprocessing import DefinitionError
from refrain.aws.emf import count_metric
from refrain.aws.event_bus import send_event
from refrain.events import MODEL, TIME, read_fields
from refrain.lake.model_definition import find_definition
from refrain.lake.monitoring_report import MonitoringReport
from refrain.monitoring.observation import observe
from refrain.monitoring.retraining_decision import decide_retraining, is_overdue
from refrain.monitoring.retraining_facts import gather_retraining_facts
from refrain.monitoring.windows import DELIVERY_TIME
from refrain.pages.cause_words import cause_sentence, causes_of
from refrain.pages.monitoring_page import render_monitoring_report
from refrain.pages.monitoring_words import capitalised, coverage_sentence, summarise
from refrain.times import to_key

if TYPE_CHECKING:
    from datetime import timedelta

    from preprocessing import Definition
    from refrain.aws.cloud import AwsCloud
    from refrain.aws.event_bus import EventName
    from refrain.aws.storage import Store

MONITORING_FIELDS = {"model": MODEL, "now": TIME.optional()}

MAX_READING_SECONDS = 600.0
"""A report reads captured files and labels for so long at most; the next one goes on. The function has 900 seconds."""

logger = logging.getLogger("refrain")


def monitor_by_name(
    store: Store, services: AwsCloud, event: object, delivery: timedelta = DELIVERY_TIME
) -> dict[str, object]:
    """Monitor the event's `model` as of its time `now`, or the time of the call; return its state and decision.

    Captured lines are delivered within `delivery`.

    Raises:
        InvalidRequest: when the event cannot be used.
        UnknownModel: when the model has no definition.
        DefinitionError: when the definition is broken.
    """
    fields = read_fields(event, MONITORING_FIELDS, closed=True)
    now = fields["now"] or datetime.now(UTC)
    try:
        definition = find_definition(store, fields["model"])
    except DefinitionError as error:
        summary = f"The definition is broken, so the model is stopped, but for its version in service: {error}."
        send_event("DefinitionBroken", fields["model"], to_key(now), summary)
        raise
    report = monitor_model(store, services, definition, now, delivery)
    return {"model": report.model, "time": report.time, "state": report.state, **report.decision.to_json()}


def monitor_model(
    store: Store, services: AwsCloud, definition: Definition, now: datetime, delivery: timedelta = DELIVERY_TIME
) -> MonitoringReport:
    """Observe a model, decide on its retraining, carry that out, and write the report.

    Captured lines are delivered within `delivery`. Raises what the store and the services raise.
    """
    model = definition.model
    before = MonitoringReport.read_before(store, model, now)
    page = MonitoringReport.key(model, now, "html")
    address = f"s3://{store.bucket}/{page}"
    existing = MonitoringReport.read(store, model, now)
    if existing:
        _send_events(existing, before, address)
        return existing
    observed = observe(store, definition, before, now, delivery, time.monotonic() + MAX_READING_SECONDS)
    report = _decided(store, services, definition, observed.continue_alarms(before), now)
    if report.decision.start:
        services.start_run(model, str(report.decision.execution), report.decision.reason)
    for change in _changes(report, before):
        services.notify(f"{model}: {change.title}", change.text + _ending(report, address))
    if report.coverage and report.version:
        report.coverage.adapted.write(store, model, report.version)
    store.write(page, render_monitoring_report(report).encode())
    report.write(store)
    _send_events(report, before, address)
    _log(report)
    return report


def _decided(
    store: Store, services: AwsCloud, definition: Definition, report: MonitoringReport, now: datetime
) -> MonitoringReport:
    """Add the decision on retraining, and the summary, to a report."""
    facts = gather_retraining_facts(store, services, definition, report, now)
    decision = replace(decide_retraining(facts), overdue=is_overdue(facts))
    if decision.start:
        decision = replace(decision, execution=f"{report.model}-{to_key(now)}")
        report = replace(report, last_start=report.time)
    sentences = summarise(report)
    return replace(report, headline=sentences[0], summary=" ".join(sentences), decision=decision)


@dataclass(frozen=True)
class _Change:
    """Something that has begun: the event of it, and what people read."""

    event: EventName
    title: str
    text: str


def _changes(report: MonitoringReport, before: MonitoringReport | None) -> list[_Change]:
    """Return what has begun since the report before."""
    same = before if before and before.version == report.version else None
    decision = report.decision
    begun = []
    if report.state == "drifted" and not (same and same.state == "drifted"):
        begun.append(_Change("Drifted", "drift", report.summary))
    if report.breaks_gate and not (same and same.breaks_gate):
        causes = causes_of(report)
        why = f". {capitalised(cause_sentence(causes))}." if causes else ""
        begun.append(_Change("QualityBelowGate", "quality worse than the gate allows", f"{decision.reason}{why}"))
    if report.has_lost_coverage and not (same and same.has_lost_coverage):
        begun.append(_Change("CoverageLost", "intervals are withheld", coverage_sentence(report)))
    if decision.code == "brake" and not (before and before.decision.code == "brake"):
        begun.append(_Change("RetrainingStopped", "retraining has stopped", decision.reason))
    return begun


def _ending(report: MonitoringReport, page: str) -> str:
    """Return how each notification ends; `page` is where people can read the report."""
    decision = report.decision
    started = f"a run was started ({decision.execution}): " if decision.start else ""
    return f"\n\nDecision: {started}{decision.reason}\nThe whole report: {page}"


def _send_events(report: MonitoringReport, before: MonitoringReport | None, page: str) -> None:
    """Tell other systems of what has begun, once the report is stored."""
    for change in _changes(report, before):
        facts = {"version": report.version, "decision": report.decision.code, "report": page}
        send_event(change.event, report.model, report.time, change.text, **facts)


def _log(report: MonitoringReport) -> None:
    """Count for the alarms, and leave a line in the log."""
    if report.state == "drifted":
        count_metric("Drifted", report.model)
    if report.breaks_gate:
        count_metric("QualityBelowGate", report.model)
    if report.decision.overdue:
        count_metric("NoFreshModel", report.model)
    fields = {name: getattr(report, name) for name in ("model", "time", "version", "state")}
    logger.info("monitoring report written", extra={"report": {**fields, "decision": report.decision.to_json()}})
