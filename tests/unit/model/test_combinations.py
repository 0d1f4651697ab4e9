from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import parse_definition
from refrain.errors import BrokenVersion, InvalidDocument
from refrain.lake.familiar_rows import FamiliarRows
from refrain.model.familiarity import MAX_NAMED_ROWS, MAX_SINGLE_ROWS, Familiarity
from refrain.training.familiar import learn_familiar
from refrain.unfamiliar import Combination
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURES = ("a", "b", "c", "d")
DOCUMENT: dict[str, Any] = {
    "task": "regression",
    "target": "y",
    "columns": {name: {"type": "number"} for name in (*FEATURES, "y")},
    "training": tiny.candidate("LinearRegression"),
}


def draw(rows: int, seed: int) -> NDArray[np.float32]:
    """Rows of two pairs of columns that go together."""
    values = np.random.default_rng(seed).normal(size=(rows, 4))
    values[:, 1] = values[:, 0] + 0.1 * values[:, 1]
    values[:, 3] = 0.1 * values[:, 3] - values[:, 2]
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def learned() -> FamiliarRows:
    return learn_familiar(parse_definition("rows", DOCUMENT, "rows.toml"), {}, {}, draw(2000, 0))


@pytest.fixture(scope="module")
def familiar(learned: FamiliarRows) -> Familiarity:
    return Familiarity.of(None, FEATURES, learned.to_bytes())


def test_the_features_that_do_not_fit_are_named(familiar: Familiarity) -> None:
    ordinary, first, second = [0.5, 0.5, -1, 1], [1.5, -1.5, 0, 0], [0, 0, 1.5, 1.5]
    notes = familiar.unfamiliar(np.array([ordinary, first, second], np.float32))
    assert list(notes[0]) == []
    assert [type(note) for note in notes[1:]] == [Combination] * 2
    assert [set(note) - pair for note, pair in zip(notes[1:], ({"a", "b"}, {"c", "d"}), strict=True)] == [set(), set()]
    assert all(set(note) for note in notes[1:])


def test_a_value_that_is_unfamiliar_by_itself_is_no_combination(familiar: Familiarity) -> None:
    assert familiar.unfamiliar(np.array([[90, -90, 0, 0]], np.float32)) == [["a", "b"]]


def test_rows_are_judged_alone_as_among_many(familiar: Familiarity) -> None:
    rows = draw(40, 5)
    rows[::4, 1] *= -1
    alone = [familiar.unfamiliar(rows[index : index + 1])[0] for index in range(len(rows))]
    assert sum(isinstance(note, Combination) for note in alone) > 3
    assert familiar.unfamiliar(rows) == alone
    assert len(rows) > MAX_SINGLE_ROWS


def test_in_a_long_request_the_first_rows_are_looked_at_further(familiar: Familiarity) -> None:
    notes = familiar.unfamiliar(np.tile(np.array([1.5, -1.5, 0, 0], np.float32), (MAX_NAMED_ROWS + 2, 1)))
    assert all(isinstance(note, Combination) for note in notes)
    assert [bool(list(note)) for note in notes] == [True] * MAX_NAMED_ROWS + [False] * 2


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_what_is_no_npz_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidDocument):
        FamiliarRows.from_bytes(content)


def test_a_damaged_graph_is_a_broken_version(learned: FamiliarRows) -> None:
    damaged = replace(learned, graph=learned.graph[:-100])
    with pytest.raises(BrokenVersion):
        Familiarity.of(None, FEATURES, damaged.to_bytes(), "v1")
