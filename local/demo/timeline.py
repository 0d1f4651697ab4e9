"""What happened in the stream: the error of each block, and the moments that the lake tells of."""

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

type EventKind = Literal["seen", "run", "kept", "trial", "promoted", "dismissed", "planted", "mended"]


@dataclass(frozen=True)
class Block:
    """One block of the stream: the day of its first row, and the mean absolute errors of two answers to its rows.

    `answered` is that of what the API answered, `first` that of the first version, asked for the same rows. `version`
    answered, and `at` is when.
    """

    day: str
    answered: float
    first: float
    version: str
    at: datetime


@dataclass(frozen=True)
class StreamEvent:
    """Something that happened at a time, in words."""

    at: datetime
    kind: EventKind
    words: str


@dataclass
class Timeline:
    """All of it, in the order in which it happened. `gate` is the greatest error that the definition allows."""

    gate: float
    blocks: list[Block] = field(default_factory=list)
    moments: list[StreamEvent] = field(default_factory=list)

    def count(self, kind: EventKind) -> int:
        """Count the moments of a kind."""
        return sum(moment.kind == kind for moment in self.moments)

    @property
    def harm_ended(self) -> bool:
        """Whether a challenger was dismissed for harm since the mistake was planted."""
        kinds = [moment.kind for moment in self.moments]
        return "planted" in kinds and "dismissed" in kinds[kinds.index("planted") :]

    def place(self, moment: StreamEvent) -> int:
        """Return how many blocks were answered before a moment."""
        return sum(block.at <= moment.at for block in self.blocks)


class LakeWatcher:
    """Reads what is new in the lake: looks, and moves of the deployment. `looked` is the time of the latest look."""

    def __init__(self, stage: StackClient, model: str) -> None:
        self._stage = stage
        self._model = model
        self._known: set[str] = set()
        self._running: list[str] = []
        self._state = self._page = ""
        self.looked = datetime.min.replace(tzinfo=UTC)
        self._breaks_gate = False

    @property
    def page(self) -> str:
        """The key of the look (as a page) that first started a run, or nothing."""
        return self._page

    def news(self) -> list[StreamEvent]:
        """Return the moments since the last time, in order."""
        found = [*self._looks(), *self._moves(), *self._ended()]
        return sorted(found, key=lambda moment: moment.at)

    def _new(self, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for key in self._stage.keys(prefix):
            if key.endswith(".json") and key not in self._known:
                self._known.add(key)
                yield key, json.loads(self._stage.lake(key))

    def _looks(self) -> Iterator[StreamEvent]:
        for key, look in self._new(MonitoringReport.prefix(self._model)):
            self.looked = at = _time(look["time"])
            quality = look["quality"]
            breaks_gate = bool(quality and quality["breaks_gate"])
            began = look["state"] != self._state and look["state"] in ("watch", "drifted")
            if began or (breaks_gate and not self._breaks_gate):
                yield StreamEvent(at, "seen", look["summary"])
            self._state, self._breaks_gate = look["state"], breaks_gate
            if look["decision"]["start"]:
                self._page = self._page or key.replace(".json", ".html")
                self._running.append(look["decision"]["execution"])
                yield StreamEvent(at, "run", _sentence(look["decision"]["reason"]))

    def _moves(self) -> Iterator[StreamEvent]:
        for _, entry in self._new(LogEntry.prefix(self._model)):
            at, version, trial = _time(entry["time"]), entry["version"], entry.get("trial")
            if entry["event"] == "trial_started":
                yield StreamEvent(at, "trial", f"{version} is asked beside the champion. {entry['decision']}")
            elif entry["event"] == "promoted" and trial:
                yield StreamEvent(at, "promoted", f"{version} takes over. {trial['reason']}")
            elif entry["event"] == "dismissed":
                harmful = trial and trial["code"] in HARMS
                words = f"{version} is dismissed. {trial['reason'] if trial else ''}".strip()
                yield StreamEvent(at, "dismissed" if harmful else "kept", words)

    def _ended(self) -> Iterator[StreamEvent]:
        """Runs that ended without a trial leave no trace in the deployment."""
        for name in list(self._running):
            run = self._stage.describe(self._stage.execution(name))
            if run["status"] != "RUNNING":
                self._running.remove(name)
                output = json.loads(run.get("output") or "{}")
                if output.get("outcome") not in ("promoted", "dismissed"):
                    why = output.get("reason") or output.get("why") or run.get("cause") or run["status"]
                    yield StreamEvent(run["stopDate"].astimezone(UTC), "kept", str(why))


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
