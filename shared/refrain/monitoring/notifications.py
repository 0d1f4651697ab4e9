"""What people are told, and once: when it begins, not at every look while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import MonitoringReport


@dataclass(frozen=True)
class Message:
    """A subject of one line, and the text."""

    subject: str
    text: str


def messages(look: MonitoringReport, before: MonitoringReport | None, page: str) -> list[Message]:
    """Return what has begun since the look before; `page` is where the look can be read."""
    model = look["model"]
    told = []
    if _drifted(look) and not (before and _drifted(before) and before["version"] == look["version"]):
        told.append(Message(f"{model}: drift", look["summary"]))
    if _breaks_gate(look) and not (before and _breaks_gate(before) and before["version"] == look["version"]):
        told.append(Message(f"{model}: quality below the gate", look["decision"]["reason"]))
    if _braked(look) and not (before and _braked(before)):
        told.append(Message(f"{model}: retraining has stopped", look["decision"]["reason"]))
    ending = f"\n\nDecided: {_decided(look)}\nThe whole look: {page}"
    return [Message(each.subject, each.text + ending) for each in told]


def _drifted(look: MonitoringReport) -> bool:
    return look["state"] == "drifted"


def _breaks_gate(look: MonitoringReport) -> bool:
    return look["quality"] is not None and look["quality"]["breaks_gate"]


def _braked(look: MonitoringReport) -> bool:
    return look["decision"]["code"] == "brake"


def _decided(look: MonitoringReport) -> str:
    decision = look["decision"]
    return (
        f"a run was started ({decision['execution']}): {decision['reason']}"
        if decision["start"]
        else decision["reason"]
    )
