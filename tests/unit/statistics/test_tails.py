from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.statistics.tails import learn_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.arrays import Floats

    type Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

KINDS: dict[str, Draw] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "uniform": lambda random, shape: random.uniform(size=shape),
    "lognormal": lambda random, shape: np.exp(random.normal(size=shape)),
    "Pareto 1.1": lambda random, shape: random.pareto(1.1, shape),
    "Cauchy": lambda random, shape: random.standard_cauchy(shape),
    "90 % zeros": lambda random, shape: np.where(random.random(shape) < 0.9, 0, np.exp(random.normal(size=shape))),
    "counts": lambda random, shape: random.poisson(2, shape).astype(float),
    "Zipf": lambda random, shape: random.zipf(1.8, shape).astype(float),
    "1 % true": lambda random, shape: (random.random(shape) < 0.01).astype(float),
    "constant": lambda _, shape: np.full(shape, 0.1),
    "99 % missing": lambda random, shape: np.where(random.random(shape) < 0.99, np.nan, random.normal(size=shape)),
}


def folds(rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(rows) % 3


def outside(matrix: Floats, limits: tuple[Floats, Floats]) -> float:
    low, high = limits
    return float(((matrix < low) | (matrix > high)).any(axis=1).mean())


@pytest.mark.parametrize("columns", [5, 30, 145])
@pytest.mark.parametrize("kind", KINDS)
def test_hardly_any_ordinary_row_lies_beyond_the_limits_of_all_columns_together(kind: str, columns: int) -> None:
    random = np.random.default_rng(0)
    seen, later = KINDS[kind](random, (4000, columns)), KINDS[kind](random, (2000, columns))
    assert outside(later, learn_limits(seen, folds(4000))) <= 0.008


def test_columns_of_all_kinds_do_not_widen_each_other() -> None:
    random = np.random.default_rng(1)
    seen, later = (np.concatenate([draw(random, (rows, 1)) for draw in KINDS.values()], 1) for rows in (4000, 2000))
    low, high = learn_limits(seen, folds(4000))
    assert outside(later, (low, high)) <= 0.008
    assert high[0] < 5 < 6 > -low[0]


@pytest.mark.parametrize("rows", [2000, 4000, 12_000])
@pytest.mark.parametrize("kind", ["normal", "lognormal", "counts", "uniform"])
def test_one_wild_row_opens_no_limit(kind: str, rows: int) -> None:
    seen = KINDS[kind](np.random.default_rng(2), (rows, 4))
    low, high = learn_limits(seen, folds(rows))
    seen[7] += 1000 * seen.std(axis=0)
    wild_low, wild_high = learn_limits(seen, folds(rows))
    room = high - low
    assert (np.abs(wild_high - high) <= 0.5 * room).all()
    assert (np.abs(wild_low - low) <= 0.5 * room).all()


@pytest.mark.parametrize("kind", ["normal", "counts", "uniform"])
def test_numbers_that_are_three_standard_deviations_off_are_outside_about_as_often_as_beyond_the_extremes(
    kind: str,
) -> None:
    random = np.random.default_rng(3)
    seen, later = (KINDS[kind](random, (4000, 14)) for _ in range(2))
    spread = seen.std(axis=0)
    extremes = seen.min(axis=0) - spread / 2, seen.max(axis=0) + spread / 2
    columns = random.integers(14, size=4000)
    later[np.arange(4000), columns] += 3 * spread[columns]
    assert outside(later, learn_limits(seen, folds(4000))) >= 0.9 * outside(later, extremes)


def test_few_rows_have_wider_limits() -> None:
    random = np.random.default_rng(4)
    rates = [
        outside(random.standard_t(3, (2000, 5)), learn_limits(random.standard_t(3, (120, 5)), folds(120)))
        for _ in range(10)
    ]
    assert np.mean(rates) <= 0.015


def test_a_column_without_numbers_has_none_that_is_ordinary() -> None:
    low, high = learn_limits(np.full((300, 1), np.nan), folds(300))
    assert (low[0], high[0]) == (np.inf, -np.inf)


def test_a_constant_is_its_own_limit_and_so_is_a_single_number() -> None:
    alone = np.full((300, 1), np.nan)
    alone[7] = 2.5
    for values, number in ((np.full((300, 1), 0.1), 0.1), (alone, 2.5)):
        low, high = learn_limits(values, folds(300))
        assert (low[0], high[0]) == (number, number)
