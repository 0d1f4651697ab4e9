"""Single moves of a deployment; moves at once and faults are in `simulation/test_interleaved_moves`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from refrain.errors import ChampionChanged
from refrain.lake.deployment import Deployment
from refrain.lake.deployment_moves import restore_champion, set_champion

if TYPE_CHECKING:
    from refrain.aws.storage import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def promote(lake: Store, version: str, expected: str | None, minutes: float = 0) -> Deployment:
    time = NOON + timedelta(minutes=minutes)
    return set_champion(lake, "people", version, expected=expected, reasons={}, clock=lambda: time)


def roll_back(lake: Store, version: str, seen: Deployment) -> Deployment:
    assert seen.champion
    return restore_champion(
        lake, "people", version, expected=seen.champion, withdrawn_digest="", previous=None, reasons={}
    )


def test_times_grow_with_the_moves_whatever_the_clocks_say(lake: Store) -> None:
    before = None
    for version, minutes in (("a", 0), ("b", 0), ("c", -90), ("d", 0.00001), ("e", 5), ("f", 4)):
        promote(lake, version, before, minutes)
        before = version

    entries = Deployment.read(lake, "people").log(lake).entries()
    assert all(entry.time < later.time for entry, later in pairwise(entries))
    assert [entry.time[17:] for entry in entries[:3]] == ["00.000Z", "00.001Z", "00.002Z"]
    assert entries[4].time == "2026-11-23T12:05:00.000Z"


def test_a_rollback_of_a_champion_that_left_and_came_back_is_refused(lake: Store) -> None:
    promote(lake, "a", None)
    seen = promote(lake, "b", "a")
    roll_back(lake, "b", roll_back(lake, "a", seen))

    with pytest.raises(ChampionChanged):
        roll_back(lake, "a", seen)
