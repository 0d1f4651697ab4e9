"""Cells of what is familiar: are broken rows seen, more often than by a distance, and ordinary ones not?

All methods have their threshold at the same false rate, on rows that they did not learn. In a mixed row each value is
from another row, in a pair two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.familiar_tables import KINDS, curves, draw_table, factors, levels, of_all_kinds, real_table
from benchmarks.simulation.public_tables import FILES
from preprocessing import encode, learn_vocabularies
from refrain.model.familiarity import Familiarity
from refrain.training.baseline import make_baseline
from refrain.training.familiar import FALSE_RATE, learn_familiar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from benchmarks.simulation.familiar_tables import Table
    from refrain.lake.version import Baseline

    type Matrix = NDArray[np.float32]
    type Share = Callable[[Matrix], float]
    """The share of rows that a method takes for unfamiliar."""

ROWS, LATER = 4000, 2000
ORDINARY = Bound("ordinary, unfamiliar", at_most=0.01)
LEADS = (Bound("mixed, lead over neighbours", at_least=0.0), Bound("pair, lead over neighbours", at_least=0.0))
KEPT = (Bound("3 sd, lost by a wild row", at_most=0.05), Bound("3 sd, lead over extremes", at_least=0.0))
RELATED = {"factors": factors, "curves": curves, "levels": levels}


@dataclass(frozen=True)
class Matrices:
    """Training rows and later ones as a model gets them, and the baseline of the training rows."""

    seen: Matrix
    later: Matrix
    baseline: Baseline


def ordinary(make: Callable[[Random], Table], random: Random) -> Mapping[str, float]:
    """Learn a table, and count unfamiliar rows among later ones."""
    share, matrices = _learn(make(random))
    return {"ordinary, unfamiliar": share(matrices.later)}


def broken(make: Callable[[Random], Table | None], random: Random) -> Mapping[str, float]:
    """Learn a table, and count unfamiliar rows among later ones, as they are and broken, by this and other methods."""
    share, matrices = _learn(_present(make(random)))
    held, later = np.array_split(matrices.later, 2)
    mixed, pair = random.permuted(later, axis=0), _swap_pairs(later, random)
    rates: dict[str, float] = {"ordinary, unfamiliar": share(later), "mixed": share(mixed), "pair": share(pair)}
    for name, other in {"neighbours": _neighbours, "forest": _forest}.items():
        rival = _at_same_rate(other(matrices.seen), held)
        rates |= {f"mixed, {name}": rival(mixed), f"pair, {name}": rival(pair)}
    for kind in ("mixed", "pair"):
        rates[f"{kind}, lead over neighbours"] = rates[kind] - rates[f"{kind}, neighbours"]
    return rates


def wild(model: str, random: Random) -> Mapping[str, float]:
    """Count values that are three standard deviations off, with and without one training row at 1,000 of them.

    Beside it: limits at the extremes of training and half a standard deviation, as versions of before have them.
    """
    definition, seen, later = _present(real_table(model, ROWS, LATER, random))
    numbers = [name for name in definition.features if name in seen and seen[name].dtype.kind == "f"]
    spread = {name: np.nanstd(seen[name]) for name in numbers}
    wild_row = {name: np.where(np.arange(ROWS) == 0, seen[name] + 1000 * spread[name], seen[name]) for name in numbers}
    rows_off = np.arange(len(later[numbers[0]]))
    chosen, sign = random.integers(len(numbers), size=len(rows_off)), random.choice([-3.0, 3.0], len(rows_off))
    columns = np.array([definition.features.index(name) for name in numbers])[chosen]
    figures = {}
    for name, rows in {"3 sd": seen, "3 sd, one wild row": {**seen, **wild_row}}.items():
        familiar, off = _learn((definition, rows, later))
        off.later[rows_off, columns] += sign * np.array(list(spread.values()))[chosen]
        figures[name] = familiar(off.later)
        figures[f"{name}, extremes"] = _share(Familiarity.of(off.baseline, definition.features), off.later)
    return figures | {
        "3 sd, lost by a wild row": figures["3 sd"] - figures["3 sd, one wild row"],
        "3 sd, lead over extremes": figures["3 sd"] - figures["3 sd, extremes"],
    }


def _learn(table: Table) -> tuple[Share, Matrices]:
    """Learn what is familiar: the share of unfamiliar rows, and the matrices."""
    definition, columns, later = table
    vocabularies = learn_vocabularies(definition, columns)
    matrix = encode(definition, vocabularies, columns)
    npz = learn_familiar(definition, vocabularies, columns, matrix).to_bytes()
    baseline = make_baseline(definition, columns, matrix, None, np.zeros((10, 1)))
    matrices = Matrices(matrix, encode(definition, vocabularies, later), baseline)
    return partial(_share, Familiarity.of(baseline, definition.features, npz)), matrices


def _share(familiar: Familiarity, rows: Matrix) -> float:
    return sum(map(bool, familiar.unfamiliar(rows))) / len(rows)


def _present(table: Table | None) -> Table:
    if table is None:
        raise FileNotFoundError("the public tables are not on this machine")
    return table


def _swap_pairs(matrix: Matrix, random: Random) -> Matrix:
    rows, columns = np.arange(len(matrix)), random.random(matrix.shape).argsort(axis=1)[:, :2]
    swapped = matrix.copy()
    for column in columns.T:
        swapped[rows, column] = matrix[random.permutation(len(matrix)), column]
    return swapped


def _at_same_rate(score: Callable[[Matrix], Any], held: Matrix) -> Share:
    threshold = np.quantile(score(held), 1 - FALSE_RATE)
    return lambda rows: float((score(rows) > threshold).mean())


def _neighbours(seen: Matrix) -> Callable[[Matrix], Any]:
    """Mean distance to five training rows, of scaled columns."""
    middle, spread = np.nan_to_num(np.nanmean(seen, axis=0)), np.nanstd(seen, axis=0)
    scale = np.where(spread > 0, spread, 1)
    index = NearestNeighbors(n_neighbors=5).fit(np.nan_to_num((seen - middle) / scale))
    return lambda rows: index.kneighbors(np.nan_to_num((rows - middle) / scale))[0].mean(axis=1)


def _forest(seen: Matrix) -> Callable[[Matrix], Any]:
    forest = IsolationForest(n_estimators=60, random_state=0).fit(np.nan_to_num(seen))
    return lambda rows: -forest.score_samples(np.nan_to_num(rows))


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for columns in (5, 30, 145):
        for kind, draw in {**KINDS, "all kinds": of_all_kinds}.items():
            make = partial(draw_table, draw, ROWS, LATER, columns)
            name, sample = f"{kind}, {columns} columns", int(kind == "all kinds" and columns < 100)
            yield Cell("familiar", name, partial(ordinary, make), 4, (ORDINARY,), sample)
    for rows in (300, 1000):
        make = partial(draw_table, of_all_kinds, rows, LATER, 5)
        yield Cell("familiar", f"all kinds, {rows} training rows", partial(ordinary, make), 20, (ORDINARY,), 0)
    for name, draw in RELATED.items():
        make = partial(draw_table, draw, ROWS, LATER, 6)
        yield Cell("familiar", name, partial(broken, make), 4, (ORDINARY, *LEADS), int(name == "levels"))
    for file in FILES:
        chosen = partial(real_table, file.model, ROWS, LATER)
        yield Cell("familiar", file.model, partial(broken, chosen), 4, (ORDINARY, *LEADS))
        yield Cell("familiar", f"{file.model}, a wild row", partial(wild, file.model), 4, KEPT)
