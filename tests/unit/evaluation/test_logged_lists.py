"""Which logged lists count, and what they say of others."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import Columns, RecommenderDefinition, objects
from preprocessing.model_rules import Recommending
from refrain.evaluation.evaluated_model import Holdout
from refrain.evaluation.logged_lists import LoggedLists, gather_logged_lists
from refrain.evaluation.recommendation import RecommenderEvaluation
from refrain.lake.capture.reading import captured_key
from refrain.lake.capture.recommendations import RecommendationRecord, recommendation_lines
from refrain.lake.packed_columns import PackedFile
from refrain.lake.snapshot import write_snapshot_rows
from refrain.lake.version import TrainingRows
from refrain.times import to_datetime64
from refrain.training.recommendation import train_recommender
from tests.stored import RUN
from tests.unit.recommendation.conftest import definition
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["definition"]

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_TEXTS: Columns = {"song": objects([]), "title": objects([])}
ITEMS = [f"s{number:02d}" for number in range(40)]

type Rows = Sequence[tuple[str, str, float]]


@pytest.fixture
def exploring(definition: RecommenderDefinition) -> RecommenderDefinition:
    """The definition, with a little exploration."""
    return replace(definition, recommending=Recommending(explore=0.1))


def columns(rows: Rows) -> Columns:
    """Interactions of user and item, hours after the start."""
    users, items, hours = zip(*rows, strict=True)
    times = np.array([to_datetime64(START + hour * HOUR) for hour in hours])
    titles = objects([None] * len(rows))
    return {"who": objects(users), "song": objects(items), "at": times, "seconds": np.ones(len(rows)), "title": titles}


def record(user: str | None, hour: float, items: Sequence[str], chances: Sequence[float]) -> RecommendationRecord:
    """A list that was answered hours after the start."""
    time, identity = START + hour * HOUR, f"{user}-{hour:07.3f}"
    scores = tuple(1.0 for _ in items)
    return RecommendationRecord(
        identity, to_datetime64(time), "v1", user, len(items), 1, tuple(items), scores, False, tuple(chances)
    )


def write_lists(lake: tiny.Lake, records: Sequence[RecommendationRecord]) -> None:
    lines = [line for each in records for line in recommendation_lines("radio", [each], 1.0, share=1)]
    lake.write(captured_key("radio", START + 80 * HOUR, "lines"), gzip.compress("\n".join(lines).encode()))


def gathered(
    definition: RecommenderDefinition, training: Rows, holdout: Rows, records: Sequence[RecommendationRecord]
) -> LoggedLists | None:
    lake = tiny.Lake()
    write_lists(lake, records)
    return gather_logged_lists(lake, definition, columns(training), columns(holdout))


def test_a_list_counts_where_candidates_have_learned_nothing_of_what_followed(exploring: RecommenderDefinition) -> None:
    training = [("ann", "s01", 0), ("ann", "s02", 5), ("bob", "s01", 1)]
    holdout = [("ann", "s03", 8), ("ann", "s04", 12), ("ann", "s05", 40), ("bob", "s03", 2), ("bob", "s09", 90)]
    listed = ["s03", "s04", "s05", "s99"]
    records = [
        record("ann", 3, listed, [0.9] * 4),  # before the newest row that was learned
        record("ann", 9, listed, [0.9, 0.9, 0.01, 0.9]),
        record("bob", 80, listed, [0.9] * 4),  # its day is not over
        record("bob", 30, listed, []),  # logged without chances
        record("eve", 30, listed, [0.9] * 4),  # nothing is known of her
        record(None, 30, listed, [0.9] * 4),
    ]

    logged = gathered(exploring, training, holdout, records)

    assert logged is not None
    assert logged.asked.users == ("ann",)
    items = logged.asked.items
    assert [items[code] for code in logged.asked.seen[0]] == ["s01", "s02", "s03"]
    assert [items[code] for code in logged.asked.chosen[0]] == ["s04"]
    assert [items[code] if code >= 0 else None for code in logged.offered] == ["s03", "s04", "s05", None]
    assert logged.chances.tolist() == [0.9, 0.9, 0.01, 0.9]


def test_without_exploration_no_list_is_read(definition: RecommenderDefinition) -> None:
    records = [record("ann", 9, ["s03"], [0.9])]
    assert gathered(definition, [("ann", "s01", 0)], [("ann", "s03", 60)], records) is None


type World = tuple[list[tuple[str, str, float]], list[tuple[str, str, float]], list[RecommendationRecord]]


def draw_lists() -> World:
    """Draw rows of training and holdout, and lists. Users take an even item with a chance of 0.4, an odd one with 0.1;
    the lists have as many of both.
    """
    draw = np.random.default_rng(3)
    users = [f"u{number}" for number in range(600)]
    training: list[tuple[str, str, float]] = [(user, item, 0) for user in users for item in ITEMS[-2:]]
    holdout: list[tuple[str, str, float]] = [(user, ITEMS[-3], hour) for user in users for hour in (2, 100)]
    records = []
    for user in users:
        for hour in (3, 33, 63):
            explored = draw.random(4) < 0.1
            ranks = np.where(explored, 4 + draw.permutation(12)[:4], np.arange(4))
            chances = np.where(explored, 0.1 / 3, 0.9).tolist()
            records.append(record(user, hour, [ITEMS[rank] for rank in ranks], chances))
            taken = [rank for rank in ranks if draw.random() < (0.1 if rank % 2 else 0.4)]
            holdout += [(user, ITEMS[rank], hour + 1) for rank in taken]
    return training, holdout, records


def test_the_worth_of_other_lists_is_near_what_users_would_take(exploring: RecommenderDefinition) -> None:
    training, holdout, records = draw_lists()

    logged = gathered(exploring, training, holdout, records)

    assert logged is not None
    codes = {item: code for code, item in enumerate(logged.asked.items)}
    even, unknown = ([codes.get(ITEMS[rank], -1) for rank in ranks] for ranks in ((0, 2, 4, 6), (20, 21, 22, 23)))
    worth, nothing = (logged.worth(np.tile(ranked, (len(logged.asked), 1))) for ranked in (even, unknown))
    assert worth.lists == len(records)
    assert worth.offered.low < 0.25 < worth.offered.high
    for share in (worth.inverse_propensity, worth.doubly_robust):
        assert share is not None
        assert share.low < 0.4 < share.high
        assert share.high - share.low < 0.2
    assert (nothing.covered, nothing.doubly_robust) == (0.0, None)


def test_a_candidate_is_judged_by_logged_lists_in_its_evaluation(exploring: RecommenderDefinition) -> None:
    training, holdout, records = draw_lists()
    training += [(f"v{number}", item, 0) for number in range(60) for item in (*ITEMS[:8:2], *ITEMS[-2:])]
    lake = tiny.Lake()
    write_lists(lake, records)
    for side, rows in (("train", training), ("holdout", holdout)):
        packed = PackedFile()
        packed.add(columns(rows))
        write_snapshot_rows(lake, "radio", RUN, side, packed)  # type: ignore[arg-type]
    (candidate,) = exploring.training.candidates
    fitted = train_recommender(exploring, candidate, columns(training), columns(holdout), NO_TEXTS)
    files = fitted.version_files(exploring, candidate, RUN, TrainingRows(RUN, len(training), len(holdout)), 0.0)

    evaluated = RecommenderEvaluation(lake, exploring, RUN).evaluate(files, None)

    logged = evaluated.describe(Holdout(np.empty(0)))["logged"]
    assert logged.lists == len(records)
    assert logged.doubly_robust.low < 0.4 < logged.doubly_robust.high
