"""Single moves of a deployment; moves at once and faults are in `simulation/test_interleaved_moves`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from preprocessing import Rollout
from refrain.errors import ChallengerChanged, ChampionChanged
from refrain.lake.deployment import Deployment
from refrain.lake.deployment_log import succession
from refrain.lake.deployment_moves import restore_champion, set_challenger, set_champion

if TYPE_CHECKING:
    from refrain.aws.storage import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def promote(lake: Store, version: str, expected: str | None, minutes: float = 0) -> Deployment:
    time = NOON + timedelta(minutes=minutes)
    return set_champion(lake, "people", version, expected=expected, reasons={}, clock=lambda: time)


def refresh(lake: Store, version: str, expected: str, minutes: float = 10) -> Deployment:
    time = NOON + timedelta(minutes=minutes)
    return set_champion(lake, "people", version, expected=expected, reasons={}, refresh=True, clock=lambda: time)


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


def test_a_refresh_takes_the_place_of_the_champion_which_is_remembered(lake: Store) -> None:
    promote(lake, "a", None)

    moved = refresh(lake, "b", "a")

    assert (moved.champion_version, moved.previous and moved.previous.version) == ("b", "a")
    entries = moved.log(lake).entries()
    assert [entry.event for entry in entries] == ["promoted", "refreshed"]
    assert [entry.version for entry in succession(entries)] == ["a", "b"]
    assert refresh(lake, "b", "a", 20) == moved


def test_a_refresh_of_another_champion_or_of_a_withdrawn_version_is_refused(lake: Store) -> None:
    promote(lake, "a", None)
    with pytest.raises(ChampionChanged):
        refresh(lake, "c", "b")
    roll_back(lake, "a", refresh(lake, "b", "a"))
    with pytest.raises(ChampionChanged, match="b was withdrawn meanwhile"):
        refresh(lake, "b", "a")


def test_a_refresh_waits_for_the_end_of_a_trial_but_not_of_one_whose_time_is_over(lake: Store) -> None:
    promote(lake, "a", None)
    rollout = Rollout("shadow", most_minutes=60)
    set_challenger(lake, "people", "x", rollout, expected="a", reasons={}, clock=lambda: NOON + timedelta(minutes=1))

    with pytest.raises(ChallengerChanged):
        refresh(lake, "b", "a", minutes=30)
    assert refresh(lake, "b", "a", minutes=200).challenger is None
