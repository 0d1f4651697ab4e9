"""The append-only log of a model's deployment: every move, when, by whom, why, with its figures.

Events: "promoted", "challenged" (with `mode`, `share`, `until`), "dismissed", "rolled_back". Times are as `moment`
writes them, so that keys sort as the moves came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.aws.storage import to_json
from refrain.lake import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from refrain.aws.storage import Store

type Entry = dict[str, Any]

READERS = 8
CHAMPION_MOVES = frozenset({"promoted", "rolled_back"})


def log(store: Store, model: str, event: str, time: str, version: str, figures: Mapping[str, object]) -> str:
    """Append an entry to the model's log, unless the same one is there, and return its key."""
    key = keys.deployment_log(model, time, version, event)
    entry = {"model": model, "event": event, "time": time, "version": version, **figures}
    store.write_new(key, to_json(entry))
    return key


@dataclass(frozen=True)
class State:
    """What was in service at a moment: the entries that put the champion and the challenger there."""

    champion: Entry | None
    challenger: Entry | None


def log_keys(store: Store, model: str, until: str = "") -> list[str]:
    """List the keys of the log in time order, those up to the moment `until` only."""
    prefix = keys.deployment_logs(model)
    return [key for key in store.keys(prefix) if not until or key.removeprefix(prefix)[: len(until)] <= until]


def read_entries(store: Store, some: Sequence[str]) -> list[Entry]:
    """Read entries, several at once."""
    from concurrent.futures import ThreadPoolExecutor  # inference imports this module, and hardly ever reads entries

    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(store.read_json, some))


def state_at(store: Store, model: str, time: str) -> State:
    """Find what was in service at a moment (as `moment` writes it), reading back no further than the champion."""
    return state_after(store.read_json(key) for key in reversed(log_keys(store, model, time)))


def state_after(newest_first: Iterable[Entry]) -> State:
    """Find what a series of moves, the newest first, led to.

    >>> moves = [{"event": "promoted", "version": "1"}, {"event": "challenged", "version": "2"}]
    >>> found = state_after(reversed(moves))
    >>> found.champion["version"], found.challenger["version"]
    ('1', '2')
    """
    challenger: Entry | None = None
    ended: set[str] = set()
    for entry in newest_first:
        if entry["event"] in CHAMPION_MOVES:
            return State(entry, challenger)
        if entry["event"] == "dismissed":
            ended.add(entry["version"])
        elif challenger is None and entry["version"] not in ended:
            challenger = entry
    return State(None, challenger)


def succession(entries: Iterable[Entry]) -> list[Entry]:
    """Name the champions that stand behind each other, the one in service last: a rollback takes away what it skips.

    >>> moves = [("promoted", "1"), ("promoted", "2"), ("promoted", "3"), ("rolled_back", "1")]
    >>> [each["version"] for each in succession({"event": event, "version": version} for event, version in moves)]
    ['1']
    """
    line: list[Entry] = []
    for entry in entries:
        if entry["event"] not in CHAMPION_MOVES:
            continue
        places = [place for place, each in enumerate(line) if each["version"] == entry["version"]]
        back = entry["event"] == "rolled_back" and places
        line = line[: places[-1] + 1] if back else [*line, entry]
    return line
