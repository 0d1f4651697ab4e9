"""Hit rates: counted by session, with intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest

from local.demo.songs.hit_rates import HitRates, count_hits
from local.demo.songs.policies import WatchedDay
from local.demo.songs.repertoire import Plan
from local.demo.songs.simulation import simulate

PLAN = Plan(listeners=20, artists=10, songs=60, releases=2, before=7, watched=2, hit=1.5)


def rates(hit: list[list[bool]], day: list[int], listener: list[int]) -> HitRates:
    return HitRates(("one", "other"), np.array(hit), np.array(day), np.array(listener), {}, (1, 1))


def test_a_session_counts_as_one_hit_for_one_or_more_recommended_songs() -> None:
    service = simulate(PLAN)
    plays = np.flatnonzero(service.fresh & (service.session // PLAN.listeners == 0))
    sessions = np.unique(service.session[plays])
    first = service.session[plays] == sessions[0]
    taken = np.stack([first, np.zeros(len(plays), bool)], axis=1)
    day = WatchedDay(0, plays, taken, (frozenset({PLAN.start}), frozenset()))

    found = count_hits(service, ("one", "other"), [day])

    assert first.sum() > 1
    assert found.hit.sum(axis=0).tolist() == [1, 0]
    assert len(found.hit) == len(sessions)
    assert found.listener[0] == service.listener[plays[first][0]]
    assert found.versions == (1, 0)


def test_shares_of_first_plays_are_counted_by_kind_of_song() -> None:
    service = simulate(PLAN)
    plays = np.flatnonzero(service.fresh & (service.session // PLAN.listeners == 0))
    taken = np.ones((len(plays), 1), bool)

    found = count_hits(service, ("one",), [WatchedDay(0, plays, taken, (frozenset(),))])

    assert sum(many for many, _ in found.predicted.values()) == len(plays)
    assert set(found.predicted) <= {"the hit", "out since watching began", "older"}


def test_a_daily_rate_counts_the_sessions_of_its_day() -> None:
    found = rates([[True, False], [False, False], [True, True]], [0, 0, 1], [1, 2, 1])

    assert found.daily("one") == [0.5, 1.0]
    assert found.daily("other") == [0.0, 1.0]


def test_an_interval_is_wider_when_sessions_of_one_listener_are_alike() -> None:
    """A hundred sessions of ten listeners, who are always hit or never, say no more than ten."""
    hits = [[place % 10 < 5, False] for place in range(100)]
    together = rates(hits, [0] * 100, [place % 10 for place in range(100)]).rate("one")
    apart = rates(hits, [0] * 100, list(range(100))).rate("one")

    assert together.value == apart.value == 0.5
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_a_difference_is_taken_in_pairs() -> None:
    draw = np.random.default_rng(1)
    hit = draw.random(400) < 0.4
    found = rates(np.stack([hit, hit], axis=1).tolist(), [0] * 400, list(range(400)))

    gain = found.gain("one", "other")
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)
    assert [(each.low, each.high) for each in found.gains("one", "other")] == [(0, 0)]
    assert found.rate("one").low < found.rate("one").high


@pytest.mark.parametrize("days", [range(1), range(1, 2)])
def test_a_rate_can_be_restricted_to_days(days: range) -> None:
    found = rates([[True, False], [False, False]], [0, 1], [1, 2])

    assert found.rate("one", days).value == (1.0 if 0 in days else 0.0)
