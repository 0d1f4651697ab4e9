"""The simulated service: it is reproducible, and its announced events happen."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from local.demo.songs.repertoire import DAY, HOUR, Plan, releases
from local.demo.songs.simulation import Service, simulate

PLAN = Plan(listeners=150, artists=30, songs=150, releases=8, before=14, watched=14)


@pytest.fixture(scope="module")
def service() -> Service:
    return simulate(PLAN)


def share(service: Service, songs: np.ndarray, since: float, until: float) -> float:
    """The share of these songs among the plays of some days."""
    rows = (service.time >= PLAN.at(since)) & (service.time < PLAN.at(until))
    return float(np.isin(service.song[rows], songs).mean())


def test_the_same_plan_gives_the_same_plays_and_another_seed_others(service: Service) -> None:
    again, other = simulate(PLAN), simulate(Plan(**{**PLAN.__dict__, "seed": 1}))

    assert service.csv(0, 500) == again.csv(0, 500)
    assert service.csv(0, 500) != other.csv(0, 500)


def test_plays_are_in_the_order_of_time_and_none_before_its_song_came_out(service: Service) -> None:
    assert (np.diff(service.time) >= np.timedelta64(0, "us")).all()
    assert (service.time >= service.songs.released[service.song]).all()


def test_songs_come_out_each_friday_and_are_played(service: Service) -> None:
    for day in releases(PLAN):
        assert np.datetime64(PLAN.at(day), "D").item().weekday() == 4
        new = np.flatnonzero(service.songs.released == PLAN.at(day))
        assert len(new) == PLAN.releases
        assert share(service, new, day, day + 3) > 0


def test_a_genre_comes_into_fashion(service: Service) -> None:
    of_genre = np.flatnonzero(service.songs.genres.argmax(axis=1) == service.fashion)

    assert share(service, of_genre, PLAN.shift, PLAN.shift + 7) > 1.5 * share(
        service, of_genre, PLAN.shift - 7, PLAN.shift
    )


def test_a_fashion_begins_on_its_day(service: Service) -> None:
    still = simulate(Plan(**{**PLAN.__dict__, "shift": -100.0}))
    before, after = (service.until(PLAN.at(PLAN.shift + days)) for days in (0, 1))

    assert service.csv(0, before) == still.csv(0, before)
    assert service.csv(before, after) != still.csv(before, after)


def test_new_songs_are_played_most_at_first() -> None:
    plan = Plan(**{**PLAN.__dict__, "shift": -100.0, "hit": 100.0})
    service = simulate(plan)
    week = np.flatnonzero(service.songs.released == plan.at(releases(plan)[0]))

    assert share(service, week, -10, -7) > 1.5 * share(service, week, 7, 14)


def test_tastes_move_a_little_each_day() -> None:
    """After five days most of a taste is what it was. Both plans have the same Fridays, hence the same songs."""
    plans = [Plan(**{**PLAN.__dict__, "shift": -100.0, "watched": days}) for days in (5, 10)]
    first, later = (simulate(plan).tastes for plan in plans)
    moved = np.abs(later - first).sum(axis=1) / 2

    assert moved.min() > 0
    assert moved.max() < 0.1


def test_listeners_differ_in_activity_and_play_more_by_day_than_by_night(service: Service) -> None:
    _, openings = np.unique(service.session, return_index=True)
    often = np.bincount(service.listener[openings], minlength=PLAN.listeners) / (PLAN.before + PLAN.watched)
    hours = (service.time[openings] - service.time[openings].astype("datetime64[D]")) / HOUR

    assert np.quantile(often, 0.1) < 0.3
    assert np.quantile(often, 0.9) > 0.7
    assert (hours < 5).mean() < 0.1
    assert ((hours >= 17) & (hours < 22)).mean() > 0.25


def test_without_a_fashion_that_genre_stays_as_it_was() -> None:
    still = simulate(Plan(**{**PLAN.__dict__, "shift": -100.0}))
    of_genre = np.flatnonzero(still.songs.genres.argmax(axis=1) == still.fashion)

    assert share(still, of_genre, 2, 9) < 1.5 * share(still, of_genre, -5, 2)


def test_a_hardly_known_song_becomes_the_hit(service: Service) -> None:
    hit = np.array([service.hit])
    first_plays = np.bincount(service.song[service.fresh & (service.time >= PLAN.at(PLAN.hit))])

    assert share(service, hit, 0, PLAN.hit) < 0.005
    assert share(service, hit, PLAN.hit + 1, PLAN.watched) > 0.02
    assert service.hit in np.argsort(-first_plays)[:5]


def test_a_fresh_play_is_the_first_of_its_listener_and_song(service: Service) -> None:
    seen: set[tuple[int, int]] = set()
    for pair, fresh in zip(zip(service.listener, service.song, strict=True), service.fresh, strict=True):
        assert fresh == (pair not in seen)
        seen.add(pair)


def test_a_session_has_one_listener_and_different_songs(service: Service) -> None:
    for session in np.unique(service.session)[:200]:
        rows = service.session == session
        assert len(set(service.listener[rows])) == 1
        assert len(set(service.song[rows])) == rows.sum()
        assert (np.diff(service.time[rows]) == np.timedelta64(220, "s")).all()


def test_a_file_of_plays_holds_what_the_definition_reads(service: Service) -> None:
    lines = list(csv.DictReader(io.StringIO(service.csv(0, 3).decode())))

    assert list(lines[0]) == ["listener", "song", "played_at", "seconds", "title", "artist"]
    assert lines[0]["song"] == service.songs.ids[service.song[0]]
    assert lines[0]["title"] == service.songs.titles[service.song[0]]
    assert np.datetime64(lines[0]["played_at"].removesuffix("Z")) == np.datetime64(service.time[0], "s")


def test_what_is_known_at_a_time_ends_before_it(service: Service) -> None:
    until = service.until(PLAN.at(1) + DAY // 2)

    assert service.time[until - 1] < PLAN.at(1) + DAY // 2 <= service.time[until]
    assert service.time[service.until(service.time[until]) - 1] < service.time[until]
