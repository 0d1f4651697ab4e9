from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from preprocessing import Array, Columns, Definition, learn_vocabularies, objects, parse_definition
from preprocessing.encode import encode
from refrain.model.familiarity import Familiarity
from refrain.training.baseline import make_baseline
from refrain.training.familiar import MIN_HELD_ROWS, break_rows, learn_familiar
from refrain.unfamiliar import Combination

if TYPE_CHECKING:
    from refrain.lake.familiar_rows import FamiliarRows

NUMBER: dict[str, Any] = {"type": "number"}
CATEGORY: dict[str, Any] = {"type": "category"}
CITIES = [f"city {number}" for number in range(20)]


def define(**training: Any) -> Definition:
    candidate = {"name": "linear", "estimator": "sklearn.linear_model.LinearRegression"}
    columns = dict.fromkeys(("x", "double", "curve", "money", "wage"), NUMBER) | {"city": CATEGORY, "region": CATEGORY}
    columns |= {"owner": {"type": "category", "role": "ignore", "required": True}}
    document = {"task": "regression", "target": "wage", "columns": columns}
    return parse_definition("rows", document | {"training": {"candidates": [candidate], **training}}, "rows.toml")


DEFINITION = define()


def draw(rows: int, seed: int, owners: int = 0) -> dict[str, Array]:
    """Rows of related values, or so many owners whose rows are nearly the same."""
    random = np.random.default_rng(seed)
    member = random.integers(owners, size=rows) if owners else np.arange(rows)
    x = random.normal(size=owners or rows)[member]
    city = random.integers(20, size=owners or rows)[member]
    double = 2 * x + random.normal(size=owners or rows)[member] * 0.3
    double[random.random(rows) < 0.05] = np.nan
    return {
        "x": x,
        "double": double,
        "curve": np.sin(2 * x) + random.normal(size=owners or rows)[member] * 0.1,
        "money": np.exp(3 * random.normal(size=owners or rows)[member]),
        "wage": np.zeros(rows),
        "city": objects([CITIES[number] for number in city]),
        "region": objects([f"region {number * 7 % 20 // 4}" for number in city]),
        "owner": objects([f"{number}" for number in member]),
    }


def learn(columns: Columns, definition: Definition = DEFINITION) -> tuple[FamiliarRows, Familiarity, Any]:
    vocabularies = learn_vocabularies(definition, columns)
    matrix = encode(definition, vocabularies, columns)
    rows = learn_familiar(definition, vocabularies, columns, matrix)
    baseline = make_baseline(definition, columns, matrix, None, np.zeros((10, 1)))
    return rows, Familiarity.of(baseline, definition.features, rows.to_bytes()), vocabularies


def share(familiar: Familiarity, matrix: Any) -> float:
    notes = familiar.unfamiliar(matrix)
    return sum(isinstance(note, Combination) for note in notes) / len(notes)


def swap_pairs(matrix: Any, random: np.random.Generator) -> Any:
    """Take two values of each row from another one."""
    swapped = matrix.copy()
    for _ in range(2):
        columns, rows = random.integers(matrix.shape[1], size=len(matrix)), random.permutation(len(matrix))
        swapped[np.arange(len(matrix)), columns] = matrix[rows, columns]
    return swapped


def by_neighbours(seen: Any, held: Any, matrix: Any) -> float:
    """The share of rows whose mean distance to five neighbours is above that of all but 1 in 200 held rows."""
    middle, spread = np.nanmean(seen, 0), np.nanstd(seen, 0)
    scaled = [np.nan_to_num((rows - middle) / spread) for rows in (seen, held, matrix)]
    distances = [NearestNeighbors(n_neighbors=5).fit(scaled[0]).kneighbors(rows)[0].mean(1) for rows in scaled[1:]]
    return float((distances[1] > np.quantile(distances[0], 0.995)).mean())


def test_broken_combinations_are_seen_more_often_than_by_a_distance_to_neighbours_and_ordinary_ones_are_not() -> None:
    random = np.random.default_rng(0)
    columns = draw(4000, 1)
    _, familiar, vocabularies = learn(columns)
    seen, held, later = (encode(DEFINITION, vocabularies, rows) for rows in (columns, draw(2000, 2), draw(2000, 3)))
    mixed, pairs = np.stack([random.permutation(column) for column in later.T], 1), swap_pairs(later, random)
    assert share(familiar, later) <= 0.01
    assert share(familiar, mixed) > max(0.9, by_neighbours(seen, held, mixed))
    assert share(familiar, pairs) > max(0.5, by_neighbours(seen, held, pairs))


def test_independent_columns_have_no_combination_to_break() -> None:
    random = np.random.default_rng(0)
    names = ("x", "double", "curve", "money")
    columns = draw(1500, 1) | {name: random.normal(size=1500) for name in names}
    columns |= {"city": objects(["Rome"] * 1500), "region": objects([None] * 1500)}
    _, familiar, vocabularies = learn(columns)
    later = columns | {name: random.normal(size=1500) for name in names}
    assert share(familiar, encode(DEFINITION, vocabularies, later)) <= 0.015


def test_rows_of_new_owners_are_no_rarer_than_rows_of_old_ones() -> None:
    columns, later = draw(3000, 1, owners=300), draw(3000, 9, owners=2000)
    rates = []
    for definition in (DEFINITION, define(group="owner")):
        _, familiar, vocabularies = learn(columns, definition)
        rates.append(share(familiar, encode(definition, vocabularies, later)))
    ungrouped, grouped = rates
    assert grouped < 0.5 * ungrouped


@pytest.mark.parametrize("rows", [1, 40, MIN_HELD_ROWS * 3 - 100])
def test_few_rows_have_limits_but_no_graph(rows: int) -> None:
    familiar_rows, familiar, vocabularies = learn(draw(rows, 1))
    assert len(familiar_rows.graph) == 0
    assert familiar.combinations is None
    assert share(familiar, encode(DEFINITION, vocabularies, draw(rows, 1))) == 0


def test_columns_without_a_value_or_with_one_value_do_no_harm() -> None:
    columns = draw(1200, 1) | {"double": np.full(1200, np.nan), "money": np.full(1200, 0.1)}
    _, familiar, vocabularies = learn(columns)
    later = encode(DEFINITION, vocabularies, columns | {"x": columns["x"][::-1].copy()})
    assert share(familiar, encode(DEFINITION, vocabularies, columns)) <= 0.01
    assert share(familiar, later) > 0.5


def test_one_wild_row_changes_no_answer_by_more_than_a_little() -> None:
    columns = draw(4000, 1)
    wild = {name: column.copy() for name, column in columns.items()}
    for name in ("x", "double", "curve", "money"):
        wild[name][5] = 1e9
    rates = []
    for rows in (columns, wild):
        _, familiar, vocabularies = learn(rows)
        later = encode(DEFINITION, vocabularies, draw(1000, 3))
        shifted = later.copy()
        shifted[:, 0] += 6
        notes = familiar.unfamiliar(shifted)
        rates.append((sum(bool(note) for note in notes), share(familiar, later)))
    assert min(rates)[0] >= 990
    assert rates[0][1] == pytest.approx(rates[1][1], abs=0.006)


def test_an_unseen_category_is_unfamiliar_only_where_training_hardly_had_rare_ones() -> None:
    columns = draw(1200, 1)
    rare = columns["city"].copy()
    rare[:60] = [f"village {number}" for number in range(60)]
    for cities, strange in ((columns["city"], ["city"]), (rare, [])):
        _, familiar, vocabularies = learn(columns | {"city": cities})
        row = {name: column[100:101] for name, column in columns.items()} | {"city": objects(["Atlantis"])}
        (note,) = familiar.unfamiliar(encode(DEFINITION, vocabularies, row))
        assert isinstance(note, Combination) or list(note) == strange


def test_the_same_rows_give_the_same_bytes() -> None:
    assert learn(draw(800, 1))[0].to_bytes() == learn(draw(800, 1))[0].to_bytes()


def test_values_of_broken_rows_are_those_of_their_columns() -> None:
    rows = np.arange(600, dtype=np.float32).reshape(200, 3)
    broken = break_rows(rows, np.random.default_rng(0))
    assert all(np.isin(broken[:, column], rows[:, column]).all() for column in range(3))
    assert 0.2 < (broken != rows).mean() < 0.8
