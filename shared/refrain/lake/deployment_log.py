"""The append-only log of a model's deployment: every move, when, by whom and why, with its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from refrain.aws.storage import to_json
from refrain.lake.document import Document
from refrain.lake.trial_outcome import TrialOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refrain.aws.storage import Store

MAX_READERS = 8
CHAMPION_EVENTS = frozenset({"promoted", "rolled_back"})

type ServiceState = tuple[LogEntry | None, LogEntry | None]
"""What was in service at a time: the entries that put the champion and the challenger there."""

Event = Literal["promoted", "trial_started", "dismissed", "rolled_back"]


@dataclass(frozen=True)
class LogEntry(Document):
    """One move; `time` is written in milliseconds, so that keys sort in the order of the moves.

    A promotion has `metric` and `value`, the start of a trial `mode`, `share` and `until`, a rollback `instead_of`.
    """

    model: str
    event: Event
    time: str
    version: str
    metric: str | None = None
    value: float | None = None
    mode: str | None = None
    share: float | None = None
    until: str | None = None
    by: str | None = None
    because: str | None = None
    decision: str | None = None
    figures: dict[str, Any] | None = None
    trial: TrialOutcome | None = None
    instead_of: str | None = None

    @staticmethod
    def prefix(model: str) -> str:
        """Return the prefix of a model's log."""
        return f"deployments/{model}/log/"

    def key(self) -> str:
        """Return the key of the entry; all events but a promotion are part of it."""
        event = "" if self.event == "promoted" else f"-{self.event}"
        return f"{self.prefix(self.model)}{self.time}-{self.version}{event}.json"

    def to_json(self) -> dict[str, Any]:
        """Return the fields that the event has as plain JSON values."""
        return {name: value for name, value in super().to_json().items() if value is not None}

    def write(self, store: Store) -> None:
        """Append the entry, unless it is there already."""
        store.write_new(self.key(), to_json(self.to_json()))

    @classmethod
    def read(cls, store: Store, key: str) -> LogEntry:
        """Read an entry."""
        return cls.from_json(store.read_json(key))


def log_keys(store: Store, model: str, until: str = "") -> list[str]:
    """List the keys of the log in the order of time, up to the time `until` if there is one."""
    prefix = LogEntry.prefix(model)
    return [key for key in store.keys(prefix) if not until or key.removeprefix(prefix)[: len(until)] <= until]


def read_entries(store: Store, keys: Sequence[str]) -> list[LogEntry]:
    """Read entries, several at once."""
    from concurrent.futures import ThreadPoolExecutor  # inference imports this module and seldom reads entries

    with ThreadPoolExecutor(MAX_READERS) as readers:
        return list(readers.map(lambda key: LogEntry.read(store, key), keys))


def state_at(store: Store, model: str, time: str) -> ServiceState:
    """Find what was in service at a time (ISO 8601 with milliseconds), reading back no further than the champion."""
    return state_after(LogEntry.read(store, key) for key in reversed(log_keys(store, model, time)))


def state_after(newest_first: Iterable[LogEntry]) -> ServiceState:
    """Find what a series of moves, the newest first, led to.

    >>> moves = [LogEntry("income", "promoted", "12:00", "1"), LogEntry("income", "trial_started", "13:00", "2")]
    >>> [entry.version for entry in state_after(reversed(moves))]
    ['1', '2']
    """
    challenger: LogEntry | None = None
    dismissed: set[str] = set()
    for entry in newest_first:
        if entry.event in CHAMPION_EVENTS:
            return entry, challenger
        if entry.event == "dismissed":
            dismissed.add(entry.version)
        elif challenger is None and entry.version not in dismissed:
            challenger = entry
    return None, challenger


def succession(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """List the champions one after the other, without those that a rollback skipped; the last one is in service.

    >>> moves = [("promoted", "1"), ("promoted", "2"), ("promoted", "3"), ("rolled_back", "1")]
    >>> [entry.version for entry in succession(LogEntry("income", event, "", version) for event, version in moves)]
    ['1']
    """
    line: list[LogEntry] = []
    for entry in entries:
        if entry.event not in CHAMPION_EVENTS:
            continue
        indexes = [index for index, champion in enumerate(line) if champion.version == entry.version]
        back = entry.event == "rolled_back" and indexes
        line = line[: indexes[-1] + 1] if back else [*line, entry]
    return line
