"""The repertoire of a simulated music service: its size, its songs, and when each of them comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from local.demo.songs import titles
from preprocessing import objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEGIN = np.datetime64("2026-09-07", "us")
"""A Monday."""
HOUR, DAY = np.timedelta64(1, "h"), np.timedelta64(1, "D")

GENRES = 10
NARROW = 0.15
"""Dirichlet's concentration: artists play one or two genres."""
FROM_ARTIST = 0.8
"""The part of a song's genres that is its artist's."""
ZIPF = 0.8
"""The song of rank r is played r^-0.8 times as often as the first one."""
FRIDAY = 4


@dataclass(frozen=True)
class Plan:
    """The size of the service, and what happens when. Days count from the first watched one, a Monday."""

    seed: int = 2026
    listeners: int = 700
    artists: int = 120
    songs: int = 700
    releases: int = 25
    before: int = 28
    watched: int = 21
    shift: float = 2.0
    hit: float = 9.75

    @property
    def start(self) -> np.datetime64:
        """When watching begins."""
        return self.at(0)

    def at(self, day: float) -> np.datetime64:
        """The time of a day of watching, or of a fraction of one."""
        return BEGIN + self.before * DAY + np.timedelta64(round(day * 86400), "s")


@dataclass(frozen=True)
class Songs:
    """The catalogue: `genres` [songs, genres], `appeal` (log of popularity) and when each came out."""

    ids: NDArray[Any]
    titles: NDArray[Any]
    artists: NDArray[Any]
    genres: NDArray[np.float64]
    appeal: NDArray[np.float64]
    released: NDArray[np.datetime64]


def releases(plan: Plan) -> list[int]:
    """The days on which songs come out, those before watching included."""
    return [day for day in range(-plan.before, plan.watched) if (day + plan.before) % 7 == FRIDAY]


def make_songs(plan: Plan, draw: np.random.Generator) -> Songs:
    """Make the songs of the first day and all that come out later."""
    fridays = np.repeat(releases(plan), plan.releases)
    count = plan.songs + len(fridays)
    bands = draw.dirichlet(np.full(GENRES, NARROW), plan.artists)
    artist = draw.integers(plan.artists, size=count)
    own = draw.dirichlet(np.full(GENRES, NARROW), count)
    rank = np.append(draw.permutation(plan.songs), draw.integers(plan.songs, size=len(fridays))) + 1
    long_ago = np.full(plan.songs, BEGIN - 365 * DAY)
    return Songs(
        ids=objects([f"s{number:04d}" for number in range(count)]),
        titles=objects(titles.titles(draw, count)),
        artists=objects(titles.artists(draw, plan.artists))[artist],
        genres=FROM_ARTIST * bands[artist] + (1 - FROM_ARTIST) * own,
        appeal=-ZIPF * np.log(rank),
        released=np.concatenate([long_ago, plan.at(0) + fridays * DAY]),
    )


def unknown_song(songs: Songs, plan: Plan) -> int:
    """Choose the later hit: the least popular of the songs that came out last before it."""
    last = max(day for day in releases(plan) if day <= plan.hit)
    newest = np.flatnonzero(songs.released == plan.at(last))
    return int(newest[np.argmin(songs.appeal[newest])])
