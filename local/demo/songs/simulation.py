"""A simulated music streaming service: plays arise from tastes, new songs and chance.

Listeners and songs have shares of genres. Once a day, or not, a listener opens the player and hears some songs: the
more of the listener's genres a song has, the more popular, the newer it is, and if it was heard before, the likelier.
Tastes drift slowly all the time. Three things happen while somebody watches: a genre comes into fashion, songs come
out each Friday, and an unknown song becomes a hit.

Plays do not depend on recommendations: nobody here sees one. The constants
are guesses at what is plausible, measured on no real service. The same plan gives the same plays.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from local.demo.songs.repertoire import DAY, GENRES, HOUR, Plan, Songs, make_songs, unknown_song
from preprocessing import objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns

BROAD = 0.3
"""Dirichlet's concentration: listeners like a few genres."""
TASTE = 5.0
"""A song of the listener's very genres is e⁵ times as likely as one of none of them (their cosine counts)."""
HABIT = 2.0
"""A song that was heard before is e² times as likely."""
FRESH, FRESH_DAYS = 2.0, 7.0
"""A song that comes out is e² times as likely at first, and less each day."""
HIT, HIT_HOURS = 2.0, 24.0
"""A hit becomes twice as popular as the most popular song, within a day; taste, habit and newness come on top."""
DRIFT = 0.01
"""The part of a taste that is another one a day later."""
SHIFTED, MOVED = 0.4, 0.6
"""A fashion catches so many of the listeners, and so much of their taste."""
CLOCK = np.array([1, 1, 1, 1, 1, 2, 4, 8, 9, 7, 6, 6, 7, 6, 6, 6, 8, 10, 11, 11, 10, 8, 5, 3], np.float64)
"""How many sessions begin in each hour of the day, relative to each other."""
SONGS_A_SESSION = 7.0
"""Besides the first; Poisson."""


@dataclass(frozen=True)
class Service:
    """The plays in the order of time; `listener` and `song` are numbers, `fresh` marks the first play of a song.

    `session` numbers the plays of one sitting; all of them lie in one day, of one listener.
    """

    plan: Plan
    songs: Songs
    hit: int
    fashion: int
    tastes: NDArray[np.float64]
    listener: NDArray[np.int64]
    song: NDArray[np.int64]
    time: NDArray[np.datetime64]
    session: NDArray[np.int64]
    seconds: NDArray[np.float64]
    fresh: NDArray[np.bool_]

    def until(self, time: np.datetime64) -> int:
        """Count the plays before a time: all that is known then."""
        return int(np.searchsorted(self.time, time, side="left"))

    def columns(self, since: int, until: int) -> Columns:
        """Return a slice of the plays as typed columns of `examples/songs.toml`."""
        rows = slice(since, until)
        song = self.song[rows]
        return {
            "listener": listener_ids(self.plan.listeners)[self.listener[rows]],
            "song": self.songs.ids[song],
            "played_at": self.time[rows],
            "seconds": self.seconds[rows],
            "title": self.songs.titles[song],
            "artist": self.songs.artists[song],
        }

    def catalogue(self, time: np.datetime64) -> Columns:
        """Return the songs that are out at a time, as typed columns of the items of the definition."""
        out = self.songs.released <= time
        return {"song": self.songs.ids[out], "title": self.songs.titles[out], "artist": self.songs.artists[out]}

    def csv(self, since: int, until: int) -> bytes:
        """Write a slice of the plays as a file to upload."""
        columns = self.columns(since, until)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(columns)
        times = [f"{time}Z" for time in np.datetime_as_string(columns["played_at"], unit="s")]
        texts = {**columns, "played_at": objects(times), "seconds": columns["seconds"].astype(np.int64)}
        writer.writerows(zip(*(column.tolist() for column in texts.values()), strict=True))
        return text.getvalue().encode()


def listener_ids(count: int) -> NDArray[Any]:
    """Return the ids of listeners, by number."""
    return objects([f"u{number:04d}" for number in range(count)])


def simulate(plan: Plan) -> Service:
    """Let the service run for all days of a plan."""
    draw = np.random.default_rng(plan.seed)
    songs = make_songs(plan, draw)
    tastes = draw.dirichlet(np.full(GENRES, BROAD), plan.listeners)
    activity = draw.beta(2, 2, plan.listeners)
    fashion = int(draw.integers(GENRES))
    caught = draw.random(plan.listeners) < SHIFTED
    hit = unknown_song(songs, plan)
    heard = np.zeros((plan.listeners, len(songs.ids)), bool)
    days: list[tuple[Any, ...]] = []
    for day in range(-plan.before, plan.watched):
        tastes = (1 - DRIFT) * tastes + DRIFT * draw.dirichlet(np.full(GENRES, BROAD), plan.listeners)
        if plan.shift == day:
            tastes[caught] = (1 - MOVED) * tastes[caught] + MOVED * np.eye(GENRES)[fashion]
        active = np.flatnonzero(draw.random(plan.listeners) < activity)
        starts = plan.at(day) + _clock(draw, len(active))
        liked = TASTE * _unit(tastes[active]) @ _unit(songs.genres).T
        wish = liked + HABIT * heard[active] + _appeal(plan, songs, hit, starts)
        rows, chosen, order = _choose(draw, wish)
        times = starts[rows] + order * np.timedelta64(220, "s")
        fresh = ~heard[active[rows], chosen]
        heard[active[rows], chosen] = True
        days.append((active[rows], chosen, times, np.full(len(rows), day) * plan.listeners + active[rows], fresh))
    listener, song, time, session, fresh = (np.concatenate(parts) for parts in zip(*days, strict=True))
    ordered = np.argsort(time, kind="stable")
    seconds = draw.integers(40, 220, len(song)).astype(np.float64)
    return Service(
        plan,
        songs,
        hit,
        fashion,
        tastes,
        listener=listener[ordered],
        song=song[ordered],
        time=time[ordered],
        session=session[ordered],
        seconds=seconds,
        fresh=fresh[ordered],
    )


def _unit(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return shares / np.linalg.norm(shares, axis=1, keepdims=True)


def _clock(draw: np.random.Generator, count: int) -> NDArray[np.timedelta64]:
    """Draw when in a day sessions begin."""
    hours = draw.choice(24, count, p=CLOCK / CLOCK.sum())
    return hours * HOUR + draw.integers(3600, size=count) * np.timedelta64(1, "s")


def _appeal(plan: Plan, songs: Songs, hit: int, starts: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """How popular each song is when each session begins, [sessions, songs]; -inf before it comes out."""
    age = (starts[:, np.newaxis] - songs.released) / DAY
    appeal = songs.appeal + FRESH * np.exp(-np.maximum(age, 0) / FRESH_DAYS)
    grown = np.clip((starts - plan.at(plan.hit)) / HOUR / HIT_HOURS, 0, 1)
    appeal[:, hit] = (1 - grown) * appeal[:, hit] + grown * (songs.appeal.max() + np.log(HIT))
    return np.where(age >= 0, appeal, -np.inf)


def _choose(
    draw: np.random.Generator, wish: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw different songs for each session, with probabilities by the exponential of its wishes (Gumbel's trick).

    Returns sessions, songs and their order in the session.
    """
    lengths = 1 + draw.poisson(SONGS_A_SESSION, len(wish))
    shaken, longest = wish + draw.gumbel(size=wish.shape), int(lengths.max())
    ahead = np.argpartition(-shaken, longest, axis=1)[:, :longest]
    ranked = np.take_along_axis(ahead, np.argsort(-np.take_along_axis(shaken, ahead, axis=1), axis=1), axis=1)
    rows = np.repeat(np.arange(len(wish)), lengths)
    order = np.concatenate([np.arange(length) for length in lengths])
    return rows, ranked[rows, order], order
