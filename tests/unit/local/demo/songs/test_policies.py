"""Policies: when they train, what they may know, and what they recommend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from local.demo.songs.policies import POLICIES, Policy, PolicyWatch, Trainer, recommend_songs
from local.demo.songs.repertoire import DAY, HOUR, Plan
from local.demo.songs.simulation import Service, simulate

PLAN = Plan(listeners=60, artists=15, songs=80, releases=4, before=14, watched=2, hit=1.5)


@pytest.fixture(scope="module")
def service() -> Service:
    return simulate(PLAN)


def altered_from(service: Service, moment: np.datetime64) -> Service:
    """The same until a moment; from then on everybody plays one song."""
    later = service.time >= moment
    return replace(service, song=np.where(later, 0, service.song), fresh=service.fresh & ~later)


def test_a_version_is_trained_at_the_last_full_hour_week_or_never_again() -> None:
    start = np.datetime64("2026-10-05T00:00", "us")
    moment = start + 9 * DAY + 5 * HOUR + np.timedelta64(10, "m")

    assert Policy("hourly", HOUR).trained_at(start, moment) == start + 9 * DAY + 5 * HOUR
    assert Policy("weekly", 7 * DAY).trained_at(start, moment) == start + 7 * DAY
    assert Policy("once", None).trained_at(start, moment) == start


def test_nothing_is_learned_from_the_future(service: Service) -> None:
    moment = PLAN.at(1)
    rows = Trainer(service).rows(moment)

    assert 0 < len(rows["played_at"]) < len(service.time)
    assert (rows["played_at"] < moment).all()


def test_a_version_is_the_same_whatever_comes_after_it(service: Service) -> None:
    moment = PLAN.at(1)
    histories = [("s0001", "s0002"), ("s0010",), ()]
    versions = [Trainer(each).version(moment) for each in (service, altered_from(service, moment))]
    lists = [recommend_songs(version, histories, popular=False) for version in versions]

    assert lists[0] == lists[1]
    assert versions[0].catalogue.items == versions[1].catalogue.items


def test_a_version_offers_songs_that_are_out_before_anybody_plays_them(service: Service) -> None:
    friday = PLAN.at(-3)
    songs = set(service.songs.ids[service.songs.released == friday])
    played = set(Trainer(service).rows(friday)["song"])

    items = Trainer(service).version(friday).catalogue.items

    assert songs & set(items)
    assert songs.isdisjoint(played)
    assert set(service.songs.ids[service.songs.released > friday]).isdisjoint(items)


def test_a_history_ends_before_its_session(service: Service) -> None:
    watch = PolicyWatch(service)
    play = int(np.flatnonzero(service.time >= PLAN.at(1))[0])
    listener = int(service.listener[play])
    before = (service.listener == listener) & (service.time < service.time[play])

    assert watch.history_before(listener, service.time[play]) == tuple(service.songs.ids[service.song[before]].tolist())


def test_popular_songs_differ_only_by_the_history_of_the_listener(service: Service) -> None:
    version = Trainer(service).version(PLAN.start)
    nothing, some = recommend_songs(version, [(), ("s0003",)], popular=True)
    first = next(iter(nothing))
    (without,) = recommend_songs(version, [(first,)], popular=True)

    assert len(nothing) == len(some) == len(without) == 10
    assert without == (nothing - {first}) | (without - nothing)
    assert first not in without


def test_popular_songs_are_those_with_the_most_listeners_of_late(service: Service) -> None:
    trainer = Trainer(service)
    (found,) = recommend_songs(trainer.version(PLAN.start), [()], popular=True)
    rows = trainer.rows(PLAN.start)
    days = float(str(trainer.candidate(PLAN.start).parameters["half_life_days"]))
    # By hand: listeners, half after so many days; the last time of a pair counts.
    newest: dict[tuple[str, str], np.datetime64] = {}
    for row in range(len(rows["song"])):
        newest[rows["listener"][row], rows["song"][row]] = rows["played_at"][row]
    now = max(newest.values())
    score: dict[str, float] = {}
    for pair in newest:
        score[pair[1]] = score.get(pair[1], 0.0) + 0.5 ** (float((now - newest[pair]) / DAY) / days)

    assert found == set(sorted(score, key=lambda song: -score[song])[:10])


def test_recommended_songs_are_new_to_the_listener_and_differ_between_listeners(service: Service) -> None:
    version, watch = Trainer(service).version(PLAN.start), PolicyWatch(service)
    histories = [watch.history_before(listener, PLAN.start) for listener in range(10)]

    for popular in (False, True):
        lists = recommend_songs(version, histories, popular=popular)
        assert all(len(songs) == 10 and songs.isdisjoint(heard) for songs, heard in zip(lists, histories, strict=True))
    personal, popular_songs = (recommend_songs(version, [*histories, ()], popular=popular) for popular in (False, True))
    assert any(songs - popular_songs[-1] - set(heard) for songs, heard in zip(personal, histories, strict=False))
    assert personal[:-1] != popular_songs[:-1]


def test_a_day_has_every_first_play_of_it_once(service: Service) -> None:
    day = PolicyWatch(service).day(0)
    expected = np.flatnonzero(service.fresh & (service.session // PLAN.listeners == 0))

    assert sorted(day.plays.tolist()) == expected.tolist()
    assert day.taken.shape == (len(expected), len(POLICIES))
    assert [len(each) for each in day.trained][1:3] == [1, 1]
    assert len(day.trained[0]) > 5


def test_a_song_counts_as_recommended_when_the_version_of_that_hour_recommends_it(service: Service) -> None:
    watch, trainer = PolicyWatch(service), Trainer(service)
    day = watch.day(1)
    for place in range(len(day.plays)):
        play = int(day.plays[place])
        opening = int(np.flatnonzero(service.session == service.session[play])[0])
        heard = watch.history_before(int(service.listener[opening]), service.time[opening])
        song = service.songs.ids[service.song[play]]
        for column, policy in enumerate(POLICIES):
            version = trainer.version(policy.trained_at(PLAN.start, service.time[opening]))
            assert day.taken[place, column] == (song in recommend_songs(version, [heard], popular=policy.popular)[0])
