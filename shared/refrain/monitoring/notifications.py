"""What people are notified of, and only once: when it begins, not in every report while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import MonitoringReport


@dataclass(frozen=True)
class Notification:
    """A subject of one line, and the text."""

    subject: str
    text: str


def new_notifications(report: MonitoringReport, before: MonitoringReport | None, page: str) -> list[Notification]:
    """Return what has begun since the report before; `page` is where people can read the report."""
    same = before if before and before.version == report.version else None
    decision = report.decision
    begun = []
    if report.state == "drifted" and not (same and same.state == "drifted"):
        begun.append(("drift", report.summary))
    if report.breaks_gate and not (same and same.breaks_gate):
        begun.append(("quality below the gate", decision.reason))
    if decision.code == "brake" and not (before and before.decision.code == "brake"):
        begun.append(("retraining has stopped", decision.reason))
    started = f"a run was started ({decision.execution}): " if decision.start else ""
    ending = f"\n\nDecision: {started}{decision.reason}\nThe whole report: {page}"
    return [Notification(f"{report.model}: {title}", text + ending) for title, text in begun]
