"""Golden rows: instances exactly as a caller would send them, with the answers of the pipeline that was trained.

Ordinary ones, and those that break things: absent and null columns, numbers as text, spaces, unseen categories,
extremes, nothing at all. They go all the way, from JSON through the preprocessing layer to the pipeline.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import encode, is_missing, prepare, present, rows_to_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Column, Columns, Definition, Vocabularies
    from refrain.training.fitting import Fitted

Row = dict[str, Any]

ORDINARY = 20
MOST_COLUMNS = 24
"""Columns that are left out, or made strange, one at a time; in a wide table evenly chosen ones."""

UNSEEN_TEXT = "never seen in training"


def golden_rows(definition: Definition, columns: Columns) -> list[Row]:
    """Make instances from training rows; those that the definition refuses are not among them."""
    given = {name: columns[name] for name in definition.inputs}
    rows = len(next(iter(given.values())))
    ordinary = [present(given, definition.columns, row) for row in _evenly(range(rows), ORDINARY)]
    made = [*ordinary, *_unusual(definition, given, _fullest(given), ordinary)]
    made = json.loads(json.dumps(made, allow_nan=False))
    _, problems = prepare(definition, rows_to_columns(made, definition.inputs), len(made), columns=definition.inputs)
    refused = {problem.row for problem in problems}
    return [row for place, row in enumerate(made) if place not in refused]


def answer_rows(
    definition: Definition, vocabularies: Vocabularies, fitted: Fitted, rows: Sequence[Row]
) -> NDArray[np.float64]:
    """Answer instances by the preprocessing layer and the trained pipeline."""
    raw = rows_to_columns(rows, definition.inputs)
    columns, _ = prepare(definition, raw, len(rows), columns=definition.inputs)
    return fitted.answers(encode(definition, vocabularies, columns))


def _unusual(definition: Definition, given: Columns, fullest: int, ordinary: Sequence[Row]) -> Iterator[Row]:
    schema = {name: definition.columns[name] for name in given}
    base = present(given, schema, fullest)
    for place, name in enumerate(_evenly(list(given), MOST_COLUMNS)):
        absent = {other: value for other, value in base.items() if other != name}
        yield absent if place % 2 else {**base, name: None}
    for name in _evenly([name for name, column in schema.items() if column.kind == "category"], MOST_COLUMNS // 2):
        yield {**base, name: UNSEEN_TEXT}
    yield {name: UNSEEN_TEXT if column.kind == "category" else base[name] for name, column in schema.items()}
    yield _each(base, schema, "category", lambda text: f"  {text}\t")
    for row in (base, *ordinary[:3]):
        yield _each(row, schema, "number", lambda number: _as_text(number, definition.source.decimal))
        yield _each(row, schema, "boolean", lambda value: "yes" if value else "no")
    for choose in (_least, _most):
        yield {name: choose(given, column) for name, column in schema.items()}
    for bound in ("least", "most"):
        yield {name: _bound(getattr(column, bound), base[name]) for name, column in schema.items()}
    yield dict.fromkeys(schema)


def _each(row: Row, schema: Mapping[str, Column], kind: str, change: Callable[[Any], str]) -> Row:
    """Change the values of one kind that are there."""
    return {
        name: change(value) if value is not None and schema[name].kind == kind else value for name, value in row.items()
    }


def _as_text(number: float, decimal: str) -> str:
    return f" {number!r}".replace(".", decimal)


def _least(given: Columns, column: Column) -> object:
    return _sorted_at(given, column, 0)


def _most(given: Columns, column: Column) -> object:
    return _sorted_at(given, column, -1)


def _sorted_at(given: Columns, column: Column, place: int) -> object:
    """Return the least or greatest value that training saw, as a caller would send it."""
    known = given[column.name][~is_missing(given[column.name])]
    if not len(known):
        return None
    known = np.array([min(known) if place == 0 else max(known)], dtype=known.dtype)
    return present({column.name: known}, {column.name: column}, 0)[column.name]


def _bound(bound: float | None, otherwise: object) -> object:
    """Return the definition's own limit (times as epoch seconds, which callers may send too)."""
    return otherwise if bound is None else bound


def _fullest(given: Columns) -> int:
    """Return the first row with the fewest missing values."""
    return int(np.argmin(np.sum([is_missing(array) for array in given.values()], axis=0)))


def _evenly[Item](items: Sequence[Item], most: int) -> list[Item]:
    """Choose at most so many, spread over all."""
    places = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int).tolist()
    return [items[place] for place in sorted(set(places))]
