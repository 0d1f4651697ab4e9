"""Tables for the cells of what is familiar: columns of one kind, columns that go together, and real tables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.checked_tables import TARGET, define
from benchmarks.simulation.public_tables import DATA, FILES
from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.simulation.cell import Random
    from preprocessing import Array, Columns, Definition

type Draw = Callable[[Random, int, int], dict[str, Array]]
"""Draws so many rows of so many columns."""

type Table = tuple[Definition, Columns, Columns]
"""A definition, training rows, and later rows of the same kind."""

SOME_MISSING = 0.99


def _numbers(draw: Callable[[Random, tuple[int, int]], Array]) -> Draw:
    return lambda random, rows, columns: dict(_named(draw(random, (rows, columns)).astype(np.float64)))


def _categories(draw: Callable[[Random, tuple[int, int]], Array]) -> Draw:
    return lambda random, rows, columns: {
        name: objects([f"value {number}" for number in column.tolist()])
        for name, column in _named(draw(random, (rows, columns))).items()
    }


def _named(matrix: Array) -> Mapping[str, Array]:
    return {f"column {index}": column for index, column in enumerate(matrix.T)}


KINDS: dict[str, Draw] = {
    "normal": _numbers(lambda random, shape: random.normal(size=shape)),
    "uniform": _numbers(lambda random, shape: random.uniform(size=shape)),
    "lognormal": _numbers(lambda random, shape: np.exp(random.normal(size=shape))),
    "t with 3 degrees": _numbers(lambda random, shape: random.standard_t(3, shape)),
    "Pareto 1.1": _numbers(lambda random, shape: random.pareto(1.1, shape)),
    "Cauchy": _numbers(lambda random, shape: random.standard_cauchy(shape)),
    "90 % zeros": _numbers(lambda random, shape: (random.random(shape) < 0.1) * np.exp(random.normal(size=shape))),
    "counts": _numbers(lambda random, shape: random.poisson(2, shape)),
    "Zipf": _numbers(lambda random, shape: random.zipf(1.8, shape)),
    "1 % true": _numbers(lambda random, shape: random.random(shape) < 0.01),
    "constant": _numbers(lambda _, shape: np.full(shape, 0.1)),
    "99 % missing": _numbers(
        lambda random, shape: np.where(random.random(shape) < SOME_MISSING, np.nan, random.normal(size=shape))
    ),
    "500 levels": _categories(lambda random, shape: random.integers(500, size=shape)),
    "Zipf levels": _categories(lambda random, shape: random.zipf(1.8, shape)),
    "ids": _categories(lambda random, shape: random.integers(2**40, size=shape)),
}


def of_all_kinds(random: Random, rows: int, columns: int) -> dict[str, Array]:
    """Draw columns of all kinds in turn."""
    draws = list(KINDS.values())
    parts = [draws[index % len(draws)](random, rows, 1) for index in range(columns)]
    return {f"column {index}": next(iter(part.values())) for index, part in enumerate(parts)}


def factors(random: Random, rows: int, columns: int) -> dict[str, Array]:
    """Draw numbers that share four factors, the same for all rows."""
    loads = np.random.default_rng(5).normal(size=(4, columns))
    return dict(_named(random.normal(size=(rows, 4)) @ loads + 0.3 * random.normal(size=(rows, columns))))


def curves(random: Random, rows: int, columns: int) -> dict[str, Array]:
    """Draw numbers that lie near curves of the first one, some missing, heavy tails among them."""
    x = random.uniform(-2, 2, rows)
    shapes = [x, np.sin(2 * x), x**2, np.exp(x + random.normal(size=rows) * 0.1), np.abs(x)]
    matrix = np.stack([shapes[index % len(shapes)] for index in range(columns)], 1)
    matrix[:, 1:] += 0.05 * random.normal(size=(rows, columns - 1))
    matrix[random.random((rows, columns)) < 0.02] = np.nan
    return dict(_named(matrix))


def levels(random: Random, rows: int, columns: int) -> dict[str, Array]:
    """Draw categories that mostly follow from the first one, without any order."""
    first = random.integers(30, size=rows)
    codes = [np.random.default_rng(index).permutation(30)[first] for index in range(columns)]
    noise = random.random((rows, columns)) < 0.03
    matrix = np.where(noise, random.integers(30, size=(rows, columns)), np.stack(codes, 1))
    return {name: objects([f"value {number}" for number in column.tolist()]) for name, column in _named(matrix).items()}


def draw_table(draw: Draw, rows: int, later: int, columns: int, random: Random) -> Table:
    """Draw training rows and later ones."""
    parts = [{**draw(random, count, columns), TARGET: np.arange(count, dtype=np.float64)} for count in (rows, later)]
    return define(parts[0], "regression"), parts[0], parts[1]


def real_table(model: str, rows: int, later: int, random: Random) -> Table | None:
    """Choose training rows and later ones of a public table at random; None where this machine does not have it."""
    table = _read(model)
    if table is None:
        return None
    definition, columns = table
    order = random.permutation(len(columns[definition.target]))
    parts = [{name: array[chosen] for name, array in columns.items()} for chosen in (order[:rows], order[rows:])]
    return definition, parts[0], {name: array[:later] for name, array in parts[1].items()}


@cache
def _read(model: str) -> tuple[Definition, Columns] | None:
    file = next(file for file in FILES if file.model == model)
    if not (DATA / file.file).exists():
        return None
    table = file.read()
    return table.definition, table.columns
