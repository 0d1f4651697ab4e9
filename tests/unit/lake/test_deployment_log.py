"""The log of moves: what was in service at any time, and which champions one can go back to."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_args

import pytest

from refrain.lake.deployment_log import DeploymentLog, Event, LogEntry, state_after, succession
from refrain.times import to_iso

if TYPE_CHECKING:
    from tests.unit.serving import tiny

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(minutes: float) -> str:
    return to_iso(NOON + timedelta(minutes=minutes), "milliseconds")


def random_moves(seed: int, count: int) -> list[LogEntry]:
    events = random.Random(seed).choices(get_args(Event), k=count)
    return [LogEntry("people", number, at(number), event, f"v{number}") for number, event in enumerate(events, 1)]


@pytest.mark.parametrize("is_newest_absent", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_the_state_at_any_time_is_found_with_few_reads(lake: tiny.Lake, count: int, is_newest_absent: bool) -> None:
    moves = random_moves(count, count)
    for entry in moves[: -1 if is_newest_absent else None]:
        entry.write(lake)
    log = DeploymentLog(lake, moves[-1])

    for minutes in range(2 * count + 2):
        time = at(minutes / 2)
        lake.reads.clear()
        assert log.state_at(time) == state_after(reversed([entry for entry in moves if entry.time <= time]))
        assert len(lake.reads) <= 12
    assert log.entries() == moves
    assert log.entries(2) == moves[-2:]


def test_moves_after_the_pointer_was_read_are_not_seen(lake: tiny.Lake) -> None:
    moves = random_moves(1, 5)
    for entry in moves:
        entry.write(lake)

    assert DeploymentLog(lake, moves[2]).entries() == moves[:3]


def test_a_model_without_moves_has_an_empty_log(lake: tiny.Lake) -> None:
    log = DeploymentLog(lake, None)

    assert (len(log), log.entries(), log.state_at(at(0))) == (0, [], (None, None))


@pytest.mark.parametrize(
    ("moves", "versions"),
    [
        ("+1 +2 +3", "1 2 3"),
        ("+1 +2 +3 3>2", "1 2"),
        ("+1 +2 +3 3>2 2>1", "1"),
        ("+1 +2 +3 3>1", "1"),  # 2 was skipped
        ("+1 +2 2>1 +3", "1 3"),
        ("+1 +2 +3 3>2 2>3", "1 3"),  # 3 came back by name, and 2 was withdrawn by that
        ("+1 +2 2>9", "1 9"),  # 9 was never in service before
        ("+1 1>2", "2"),
        ("+1 +2 2>1 +3 3>1 +4", "1 4"),
    ],
)
def test_one_goes_back_along_champions_that_were_not_withdrawn(moves: str, versions: str) -> None:
    entries = []
    for number, move in enumerate(moves.split(), 1):
        instead_of, _, version = move.replace("+", ">").partition(">")
        event: Event = "rolled_back" if instead_of else "promoted"
        entries.append(LogEntry("people", number, at(number), event, version, instead_of=instead_of or None))

    assert [entry.version for entry in succession(entries)] == versions.split()
