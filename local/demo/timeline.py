"""The timeline of the stream: the error of each block, and the events that the lake reports."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from refrain.lake.deployment_log import LogEntry
from refrain.lake.monitoring_report import MonitoringReport
from refrain.lake.trial_outcome import HARMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack_client import StackClient

type EventKind = Literal[
    "change_seen", "run_started", "trial_started", "promoted", "refreshed", "kept", "dismissed", "mistake", "correction"
]

LEARNED: tuple[EventKind, ...] = ("promoted", "refreshed")
"""A version that learned from the stream went into service."""


@dataclass(frozen=True)
class Block:
    """One block of the stream, with the mean absolute errors of two answers to its rows.

    `error` is that of the API's answers, `first_version_error` that of the first version for the same rows. `day` is
    the day of its first row, `version` is the one that answered, `at` the time of the answer.
    """

    day: str
    error: float
    first_version_error: float
    version: str
    at: datetime


@dataclass(frozen=True)
class StreamEvent:
    """An event of the stream in words."""

    at: datetime
    kind: EventKind
    text: str


@dataclass
class Timeline:
    """All blocks and events in order. `gate` is the greatest error that the definition allows."""

    gate: float
    blocks: list[Block] = field(default_factory=list)
    events: list[StreamEvent] = field(default_factory=list)

    def count(self, kind: EventKind) -> int:
        """Count the events of a kind."""
        return sum(event.kind == kind for event in self.events)

    @property
    def has_learned(self) -> bool:
        """Whether a version that learned from the stream went into service."""
        return any(event.kind in LEARNED for event in self.events)

    @property
    def harm_ended(self) -> bool:
        """Whether a challenger was dismissed for harm after the mistake."""
        kinds = [event.kind for event in self.events]
        return "mistake" in kinds and "dismissed" in kinds[kinds.index("mistake") :]

    def blocks_before(self, event: StreamEvent) -> int:
        """Count the blocks that were answered before an event."""
        return sum(block.at <= event.at for block in self.blocks)


class LakeWatcher:
    """Reads new monitoring reports and moves of the deployment from the lake.

    `reported_at` is the time of the latest report. `first_page` is the key of the page of the first report that started
    a run; it is empty before.
    """

    def __init__(self, client: StackClient, model: str) -> None:
        self.reported_at = datetime.min.replace(tzinfo=UTC)
        self.first_page = ""
        self._client = client
        self._model = model
        self._seen_keys: set[str] = set()
        self._running: list[str] = []
        self._state = ""
        self._breaks_gate = False

    def new_events(self) -> list[StreamEvent]:
        """Return the events since the last call, in order."""
        events = [*self._reports(), *self._moves(), *self._ended_runs()]
        return sorted(events, key=lambda event: event.at)

    def _new_documents(self, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for key in self._client.keys(prefix):
            if key.endswith(".json") and key not in self._seen_keys:
                self._seen_keys.add(key)
                yield key, json.loads(self._client.lake(key))

    def _reports(self) -> Iterator[StreamEvent]:
        for key, report in self._new_documents(MonitoringReport.prefix(self._model)):
            self.reported_at = at = datetime.fromisoformat(report["time"])
            quality = report["quality"]
            breaks_gate = bool(quality and quality["breaks_gate"])
            has_changed = report["state"] != self._state and report["state"] in ("watch", "drifted")
            if has_changed or (breaks_gate and not self._breaks_gate):
                yield StreamEvent(at, "change_seen", report["summary"])
            self._state, self._breaks_gate = report["state"], breaks_gate
            if report["decision"]["start"]:
                self.first_page = self.first_page or key.replace(".json", ".html")
                self._running.append(report["decision"]["execution"])
                yield StreamEvent(at, "run_started", _sentence(report["decision"]["reason"]))

    def _moves(self) -> Iterator[StreamEvent]:
        for _, entry in self._new_documents(LogEntry.prefix(self._model)):
            at, version, trial = datetime.fromisoformat(entry["time"]), entry["version"], entry.get("trial")
            if entry["event"] == "trial_started":
                yield StreamEvent(at, "trial_started", f"{version} runs beside the champion. {entry['decision']}")
            elif entry["event"] == "promoted" and trial:
                yield StreamEvent(at, "promoted", f"{version} replaces the champion. {trial['reason']}")
            elif entry["event"] == "refreshed":
                text = (
                    f"{version}, the same recipe on all rows, replaces the champion. {trial['reason'] if trial else ''}"
                )
                yield StreamEvent(at, "refreshed", text.strip())
            elif entry["event"] == "dismissed":
                is_harmful = trial and trial["code"] in HARMS
                text = f"{version} is dismissed. {trial['reason'] if trial else ''}".strip()
                yield StreamEvent(at, "dismissed" if is_harmful else "kept", text)

    def _ended_runs(self) -> Iterator[StreamEvent]:
        """Report runs that ended without a trial, since they leave no trace in the deployment."""
        for name in list(self._running):
            run = self._client.describe(self._client.execution(name))
            if run["status"] != "RUNNING":
                self._running.remove(name)
                output = json.loads(run.get("output") or "{}")
                if output.get("outcome") not in ("promoted", "refreshed", "dismissed"):
                    reason = output.get("reason") or output.get("why") or run.get("cause") or run["status"]
                    yield StreamEvent(run["stopDate"].astimezone(UTC), "kept", str(reason))


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."
