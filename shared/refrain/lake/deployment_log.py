"""The append-only log of a model's deployment: every move, when, by whom and why, with its figures.

An entry is written after the pointer that holds it, and before the next move. So only the newest can be absent.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from refrain.aws.storage import to_json
from refrain.lake.document import Document
from refrain.lake.trial_outcome import TrialOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from refrain.aws.storage import Store

MAX_READERS = 8
CHAMPION_EVENTS = frozenset({"promoted", "refreshed", "rolled_back"})

type ServiceState = tuple[LogEntry | None, LogEntry | None]
"""What was in service at a time: the entries that put the champion and the challenger there."""

Event = Literal["promoted", "refreshed", "trial_started", "dismissed", "rolled_back"]


@dataclass(frozen=True)
class LogEntry(Document):
    """One move; `sequence` counts the moves of the model from 1, and `time` grows with it.

    The start of a trial has `mode`, `share` and `until`; a rollback has `instead_of`, and was asked for at `asked_at`.
    """

    model: str
    sequence: int
    time: str
    event: Event
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
    asked_at: str | None = None

    @staticmethod
    def prefix(model: str) -> str:
        """Return the prefix of a model's log."""
        return f"deployments/{model}/log/"

    def key(self) -> str:
        """Return the key of the entry; keys sort in the order of the moves."""
        return f"{self.prefix(self.model)}{self.sequence:08d}-{self.version}.json"

    def is_move(self, entry: LogEntry) -> bool:
        """Tell whether another entry is of this move, tried again."""
        names = ("event", "version", "by", "asked_at")
        return all(getattr(self, name) == getattr(entry, name) for name in names)

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


class DeploymentLog:
    """The moves up to the `newest`, in their order, each read when it is asked for."""

    def __init__(self, store: Store, newest: LogEntry | None) -> None:
        keys = store.keys(LogEntry.prefix(newest.model)) if newest else []
        self._store, self._newest = store, newest
        self._earlier = [key for key in keys if newest and key < newest.key()]

    def __len__(self) -> int:
        """Return the number of moves."""
        return len(self._earlier) + (self._newest is not None)

    def entries(self, most: int | None = None) -> list[LogEntry]:
        """Read the newest entries, or all, several at once."""
        from concurrent.futures import ThreadPoolExecutor  # inference imports this module and seldom reads entries

        with ThreadPoolExecutor(MAX_READERS) as readers:
            return list(readers.map(self._read, range(len(self))[-(most or len(self)) :]))

    def newest_first(self, count: int | None = None) -> Iterator[LogEntry]:
        """Read back from the newest entry, or from the last of the first `count`."""
        return map(self._read, reversed(range(len(self) if count is None else count)))

    def state_at(self, time: str) -> ServiceState:
        """Find what was in service at a time (ISO 8601 with milliseconds)."""
        moves = bisect_right(range(len(self)), time, key=lambda index: self._read(index).time)
        return state_after(self.newest_first(moves))

    def _read(self, index: int) -> LogEntry:
        if self._newest and index == len(self._earlier):
            return self._newest
        return LogEntry.read(self._store, self._earlier[index])


def state_after(newest_first: Iterable[LogEntry]) -> ServiceState:
    """Find what a series of moves, the newest first, led to.

    >>> moves = [LogEntry("income", 1, "12:00", "promoted", "1"), LogEntry("income", 2, "13:00", "trial_started", "2")]
    >>> [entry.version for entry in state_after(reversed(moves))]
    ['1', '2']
    """
    last_of_trials: LogEntry | None = None
    for entry in newest_first:
        if entry.event in CHAMPION_EVENTS:
            return entry, last_of_trials if last_of_trials and last_of_trials.event == "trial_started" else None
        last_of_trials = last_of_trials or entry
    return None, None


def succession(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """List the champions that one can go back to, up to the one in service: none that was withdrawn or skipped.

    >>> moves = [("promoted", "1", None), ("promoted", "2", None), ("promoted", "3", None), ("rolled_back", "1", "3")]
    >>> [entry.version for entry in succession(LogEntry("", 0, "", *move[:2], instead_of=move[2]) for move in moves)]
    ['1']
    >>> [entry.version for entry in succession(LogEntry("", 0, "", "promoted", version) for version in "1231")]
    ['2', '3', '1']
    """
    line: list[LogEntry] = []
    for entry in entries:
        if entry.event == "rolled_back":
            line = [*champions_before(line, entry.version, entry.instead_of), entry]
        elif entry.event in CHAMPION_EVENTS:  # a person may promote an earlier version again
            line = [*(earlier for earlier in line if earlier.version != entry.version), entry]
    return line


def champions_before(line: Sequence[LogEntry], version: str, instead_of: str | None) -> list[LogEntry]:
    """Return what of a succession comes before a version that takes the place of its last, or of `instead_of`."""
    kept = [entry for entry in line if entry.version != instead_of]
    versions = [entry.version for entry in kept]
    return kept[: versions.index(version)] if version in versions else kept
