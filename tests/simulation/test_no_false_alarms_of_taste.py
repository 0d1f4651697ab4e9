"""How often monitoring of a recommender raises false alarms while tastes stay, and whether it sees them change.

Listeners play in sessions and have favourite artists, so interactions go together; few busy users make a day look
unlike training. `REFRAIN_WORLDS` sets how many services are simulated, each for thirty days after thirty days of
training:

    REFRAIN_WORLDS=12 python -m pytest tests/simulation/test_no_false_alarms_of_taste.py -s
"""

from __future__ import annotations

import os
from datetime import datetime
from math import comb
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import RecommenderDefinition, load_definition, objects
from refrain.monitoring.recommendation import judge_interactions
from refrain.monitoring.windows import Window
from refrain.recommendation.newest_of_users import mark_newest
from refrain.training.recommendation import describe_interactions

if TYPE_CHECKING:
    from preprocessing import Columns

ALLOWED = 0.01
WORLDS = int(os.environ.get("REFRAIN_WORLDS", "1"))
SONGS, ARTISTS, DAYS, TRAINED = 400, 30, 60, 30
BEGIN = np.datetime64("2026-01-01", "us")
_SONGS_DEFINITION = load_definition(Path(__file__).parents[2] / "examples" / "songs.toml")
assert isinstance(_SONGS_DEFINITION, RecommenderDefinition)
DEFINITION = _SONGS_DEFINITION


def service(random: np.random.Generator, users: int, *, shifted: bool = False) -> Columns:
    """The interactions of some weeks; with `shifted` everybody has other favourites after training."""
    artist = random.integers(0, ARTISTS, SONGS)
    popularity = 1 / (np.arange(SONGS) + 5)
    tastes = [random.gamma(0.3, 1, (users, ARTISTS))]
    tastes.append(random.gamma(0.3, 1, (users, ARTISTS)) * (np.arange(ARTISTS) < 5) if shifted else tastes[0])
    liked = [popularity * (taste + 1e-9)[:, artist] for taste in tastes]
    rows: list[tuple[int, int, int]] = []
    for day in range(DAYS):
        chances = liked[day >= TRAINED]
        for listener in np.flatnonzero(random.random(users) < 0.3):
            many, start = random.geometric(1 / 8), day * 86400 + random.integers(0, 80000)
            chosen = random.choice(SONGS, many, p=chances[listener] / chances[listener].sum())
            rows += [(int(listener), int(song), int(start) + 200 * place) for place, song in enumerate(chosen)]
    who, what, when = map(np.array, zip(*sorted(rows, key=lambda row: row[2]), strict=True))
    return {
        "listener": objects([f"u{each}" for each in who]),
        "song": objects([f"s{each}" for each in what]),
        "title": objects([f"t{each}" for each in what]),
        "artist": objects([f"a{artist[each]}" for each in what]),
        "played_at": BEGIN + when.astype("timedelta64[s]"),
    }


def alarms(interactions: Columns) -> list[bool]:
    """Train on the first weeks, then judge each day."""
    day = ((interactions["played_at"] - BEGIN) / np.timedelta64(1, "D")).astype(int)
    training = taken(interactions, day < TRAINED)
    held = mark_newest(DEFINITION, training)
    learned = taken(training, ~held)
    baseline = describe_interactions(DEFINITION, learned, learned, taken(training, held), np.ones((1, 1), np.float32))
    version: Any = SimpleNamespace(baseline=baseline, definition=DEFINITION)
    window = Window(datetime(2026, 2, 1), datetime(2026, 2, 2))
    days = [taken(interactions, day == each) for each in range(TRAINED, DAYS)]
    known = set(learned["song"].tolist())
    windows = [
        judge_interactions(version, DEFINITION, window, each, known, []) for each in days if len(each["song"]) >= 30
    ]
    return [judged.alarmed for judged in windows]


def taken(interactions: Columns, chosen: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {name: array[chosen] for name, array in interactions.items()}


def chance_of_at_most(found: int, of: int, share: float) -> float:
    return sum(comb(of, each) * share**each * (1 - share) ** (of - each) for each in range(found + 1))


@pytest.mark.parametrize("users", [30, 60, 300])
def test_at_most_one_day_in_a_hundred_raises_an_alarm_while_tastes_stay(users: int) -> None:
    random = np.random.default_rng(users)
    found = [alarm for _ in range(WORLDS) for alarm in alarms(service(random, users))]

    print(f"\n{users} users: {sum(found)} of {len(found)} days alarmed")
    assert chance_of_at_most(sum(found) - 1, len(found), ALLOWED) < 0.999


def test_a_change_of_favourites_is_noticed_on_nearly_every_day() -> None:
    found = alarms(service(np.random.default_rng(1), 300, shifted=True))

    print(f"\n{sum(found)} of {len(found)} days alarmed")
    assert sum(found) >= 0.95 * len(found)
