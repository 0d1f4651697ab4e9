"""Users of a recommender go from the interactions beside the curated rows, and from the table of histories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import RecommenderDefinition, load_definition, objects
from refrain.forgetting import forgotten_interactions
from refrain.forgetting.forgotten_interactions import forget_histories, forget_interactions
from refrain.forgetting.people import read_people
from refrain.lake.interactions import write_interactions
from refrain.lake.packed_columns import unpack_columns
from tests.stored import EXAMPLES
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Definition


@pytest.fixture
def songs() -> Definition:
    return load_definition(EXAMPLES / "songs.toml")


def test_their_interactions_go_and_all_others_keep_their_order(songs: Definition) -> None:
    assert isinstance(songs, RecommenderDefinition)
    lake, roles = tiny.Lake(), songs.roles
    columns: dict[str, Any] = {
        name: objects(["x"] * 4) if column.kind == "category" else np.zeros(4, "datetime64[us]")
        for name, column in songs.columns.items()
    }
    columns |= {roles.user: objects(["u1", "u2", "u1", "u3"]), roles.item: objects(["a", "b", "c", "d"])}
    write_interactions(lake, songs, "d0", 0, datetime(2026, 11, 23, tzinfo=UTC), columns)
    people = read_people(songs, [{roles.user: "u1"}])

    assert [forget_interactions(lake, people) for _ in range(2)] == [2, 0]

    (key,) = lake.keys("")
    assert unpack_columns(lake.read(key).data)[roles.item].tolist() == ["b", "d"]


def test_their_histories_go(songs: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(songs, RecommenderDefinition)
    deleted = []

    class Table:
        def __init__(self, name: str) -> None:
            self.name = name

        def delete(self, model: str, users: Sequence[str]) -> int:
            deleted.append((self.name, model, users))
            return len(users)

    monkeypatch.setattr(forgotten_interactions, "HistoryTable", Table)

    assert forget_histories(read_people(songs, [{songs.roles.user: "u1"}, {songs.roles.user: "u2"}]), "table") == 2
    assert deleted == [("table", songs.model, ["u1", "u2"])]
