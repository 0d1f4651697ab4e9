"""Golden rows: instances exactly as a caller would send them, with the answers of the trained pipeline.

There are ordinary rows, and rows that break things: absent and null columns, numbers as text, spaces, unseen
categories, extremes, nothing at all. They take the whole path, from JSON through the preprocessing layer to the
pipeline.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import encode, is_missing, prepare, present, rows_to_columns
from preprocessing.clean import as_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Column, Columns, Definition, Vocabularies
    from refrain.training.fitting import Fitted

Row = dict[str, Any]

ORDINARY_ROWS = 20
MAX_CHANGED_COLUMNS = 24
"""Columns that are left out or made strange one at a time; in a wide table these are spread evenly."""

MAX_SAMPLED_ROWS = 10_000
"""Instances are made from so many training rows, spread evenly; the extremes are those of all."""

UNSEEN_TEXT = "never seen in training"


def golden_rows(definition: Definition, columns: Columns) -> list[Row]:
    """Make instances from training rows, without those that the definition refuses."""
    inputs, extremes = _sample(definition, columns)
    count = len(next(iter(inputs.values())))
    ordinary = [present(inputs, definition.columns, row) for row in _evenly(range(count), ORDINARY_ROWS)]
    rows = [*ordinary, *_unusual_rows(definition, inputs, ordinary, extremes)]
    rows = json.loads(json.dumps(rows, allow_nan=False))
    _, problems = prepare(definition, rows_to_columns(rows, definition.inputs), len(rows), columns=definition.inputs)
    refused = {problem.row for problem in problems}
    return [row for number, row in enumerate(rows) if number not in refused]


def _sample(definition: Definition, columns: Columns) -> tuple[Columns, list[Row]]:
    """Take some rows of the inputs, and the least and greatest value of each, reading one column at a time."""
    inputs: dict[str, Array] = {}
    extremes: list[Row] = [{}, {}]
    for name in definition.inputs:
        values = columns[name]
        inputs[name] = values[_evenly(range(len(values)), MAX_SAMPLED_ROWS)]
        for row, extreme in zip(extremes, (np.min, np.max), strict=True):
            row[name] = _extreme(values, definition.columns[name], extreme)
    return inputs, extremes


def answer_instances(
    definition: Definition, vocabularies: Vocabularies, fitted: Fitted, rows: Sequence[Row]
) -> tuple[list[Row], NDArray[np.float64]]:
    """Answer instances by the preprocessing layer and the trained pipeline; leave out those without a finite answer.

    A row at the limits of the columns may be one, and inference refuses it (`no_finite_answer`). What a float32 does
    not hold counts as infinite too, since graphs compute in float32.
    """
    raw = rows_to_columns(rows, definition.inputs)
    columns, _ = prepare(definition, raw, len(rows), columns=definition.inputs)
    matrix = encode(definition, vocabularies, columns)
    learned = fitted.compute(matrix)
    if fitted.target_scale:
        learned = fitted.target_scale.to_learned(learned)
    finite = (np.abs(learned) < np.finfo(np.float32).max).all(axis=1)
    return [row for row, kept in zip(rows, finite, strict=True) if kept], fitted.answers(matrix[finite])


def _unusual_rows(
    definition: Definition, inputs: Columns, ordinary: Sequence[Row], extremes: Sequence[Row]
) -> Iterator[Row]:
    schema = {name: definition.columns[name] for name in inputs}
    fullest = int(np.argmin(np.sum([is_missing(array) for array in inputs.values()], axis=0)))
    base = present(inputs, schema, fullest)
    for number, name in enumerate(_evenly(list(inputs), MAX_CHANGED_COLUMNS)):
        absent = {other: value for other, value in base.items() if other != name}
        yield absent if number % 2 else {**base, name: None}
    categories = [name for name, column in schema.items() if column.kind == "category"]
    for name in _evenly(categories, MAX_CHANGED_COLUMNS // 2):
        yield {**base, name: UNSEEN_TEXT}
    yield base | dict.fromkeys(categories, UNSEEN_TEXT)
    yield _change(base, schema, "category", lambda text: f"  {text}\t")
    for row in (base, *ordinary[:3]):
        yield _change(row, schema, "number", lambda number: f" {number!r}".replace(".", definition.source.decimal))
        yield _change(row, schema, "boolean", lambda value: "yes" if value else "no")
    yield from extremes
    for bound in ("least", "most"):  # the definition's own limits
        limits = {name: _limit(column, getattr(column, bound)) for name, column in schema.items()}
        yield base | {name: limit for name, limit in limits.items() if limit is not None}
    yield dict.fromkeys(schema)


def _limit(column: Column, bound: float | None) -> object:
    return f"{as_time(bound)}Z" if column.kind == "time" and bound is not None else bound


def _change(row: Row, schema: Mapping[str, Column], kind: str, change: Callable[[Any], str]) -> Row:
    """Change the present values of one kind of column."""
    return {
        name: change(value) if value is not None and schema[name].kind == kind else value for name, value in row.items()
    }


def _extreme(values: NDArray[Any], column: Column, extreme: Callable[[Any], Any]) -> object:
    """Return the least or greatest value of training, as a caller would send it."""
    values = values[~is_missing(values)]
    if not len(values):
        return None
    chosen = np.array([extreme(values)], dtype=values.dtype)
    return present({column.name: chosen}, {column.name: column}, 0)[column.name]


def _evenly[Item](items: Sequence[Item], count: int) -> list[Item]:
    """Choose at most so many items, spread over all."""
    indexes = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int).tolist()
    return [items[index] for index in sorted(set(indexes))]
