"""A monitoring report on one model: observe, decide, carry out. It is written once, under the time that it is of.

The same tick delivered twice finds the report of the first. If the first delivery failed before it wrote the report,
the second one writes it and starts the same run, since a run is named after its report.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from refrain.aws.emf import count_metric
from refrain.lake.monitoring_report import MonitoringReport, RetrainingDecision
from refrain.monitoring.notifications import new_notifications
from refrain.monitoring.observation import observe
from refrain.monitoring.retraining_decision import decide_retraining, is_overdue
from refrain.monitoring.retraining_facts import gather_retraining_facts
from refrain.monitoring.windows import DELIVERY_TIME
from refrain.pages.monitoring_page import render_monitoring_report
from refrain.pages.monitoring_words import summarise
from refrain.times import to_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from preprocessing import Definition
    from refrain.aws.cloud import Services
    from refrain.aws.storage import Store

logger = logging.getLogger("refrain")


def monitor_model(
    store: Store, services: Services, definition: Definition, now: datetime, delivery: timedelta = DELIVERY_TIME
) -> MonitoringReport:
    """Observe a model, decide on its retraining, carry that out, and write the report.

    Captured lines are delivered within `delivery`. Raises what the store and the services raise.
    """
    model = definition.model
    existing = MonitoringReport.read(store, model, now)
    if existing:
        return existing
    before = MonitoringReport.read_before(store, model, now)
    report = _decided(store, services, definition, observe(store, definition, before, now, delivery), now)
    if report.decision.start:
        services.start_run(model, str(report.decision.execution), report.decision.reason)
    page = MonitoringReport.key(model, now, "html")
    for notification in new_notifications(report, before, f"s3://{store.bucket}/{page}"):
        services.notify(notification.subject, notification.text)
    store.write(page, render_monitoring_report(report).encode())
    report.write(store)
    _log(report)
    return report


def _decided(
    store: Store, services: Services, definition: Definition, report: MonitoringReport, now: datetime
) -> MonitoringReport:
    """Add the decision on retraining, and the summary, to a report."""
    facts = gather_retraining_facts(store, services, definition, report, now)
    verdict = decide_retraining(facts)
    decision = RetrainingDecision(
        start=verdict.start,
        code=verdict.code,
        reason=verdict.reason,
        execution=f"{report.model}-{to_key(now)}" if verdict.start else None,
        overdue=is_overdue(facts),
    )
    last_start = report.time if verdict.start else report.last_start
    return replace(report, summary=summarise(report), decision=decision, last_start=last_start)


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
