"""Cells of drift: how often does monitoring raise a false alarm, and does it find what people call drift?

Every run draws training rows of its own, profiles them as training does, and judges windows as monitoring does.
"""

from __future__ import annotations

from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from preprocessing import objects
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.reference import Reference
from refrain.statistics.shifts import Floors
from refrain.training.baseline import profile_category, profile_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from refrain.monitoring.windows import Window
    from refrain.statistics.bins import Cells

    type Column = NDArray[Any]
    type Draw = Callable[[Random, int], Column]

FLOORS = Floors(0.1, 0.01)
"""Those of a definition that names none."""

SHARES = {"a": 0.3, "b": 0.25, "c": 0.2, "d": 0.1, "e": 0.1, "f": 0.05}
WINDOWS = 10
"""Windows that are held against the same training rows."""


def _draw_category(shares: Mapping[str, float], random: Random, rows: int) -> Column:
    return objects(random.choice(list(shares), rows, p=list(shares.values())).tolist())


def _draw_gappy(share: float, random: Random, rows: int) -> Column:
    return np.where(random.random(rows) < share, np.nan, random.normal(size=rows))


def _draw_zeros(share: float, random: Random, rows: int) -> Column:
    return np.where(random.random(rows) < share, 0.0, random.lognormal(size=rows))


def _draw_zipf(random: Random, rows: int) -> Column:
    return objects([f"c{number}" for number in random.zipf(1.4, rows).clip(max=10**9)])


TEN: dict[str, Draw] = {
    "normal": lambda random, rows: random.normal(size=rows),
    "lognormal": lambda random, rows: random.lognormal(size=rows),
    "60 % zeros": partial(_draw_zeros, 0.6),
    "heavy tails": lambda random, rows: random.standard_t(3, rows),
    "counts": lambda random, rows: random.poisson(2, rows).astype(np.float64),
    "boolean": lambda random, rows: (random.random(rows) < 0.3).astype(np.float64),
    "5 % missing": partial(_draw_gappy, 0.05),
    "uniform": lambda random, rows: random.random(rows),
    "category": partial(_draw_category, SHARES),
    "another normal": lambda random, rows: random.normal(size=rows),
}
"""Ten features, of the kinds that tables have."""

DIFFICULT: dict[str, Draw] = {
    "Cauchy": lambda random, rows: random.standard_cauchy(rows),
    "Pareto": lambda random, rows: random.pareto(1.1, rows),
    "90 % zeros": partial(_draw_zeros, 0.9),
    "ties": lambda random, rows: np.round(random.normal(size=rows), 1),
    "1 % true": lambda random, rows: (random.random(rows) < 0.01).astype(np.float64),
    "500 levels": lambda random, rows: objects([f"c{level}" for level in random.integers(0, 500, rows)]),
    "constant": lambda random, rows: np.full(rows, 7.0),
    "all missing": lambda random, rows: np.full(rows, np.nan),
    "99 % missing": partial(_draw_gappy, 0.99),
    "ids": lambda random, rows: objects([f"{number:x}" for number in random.integers(0, 2**60, rows)]),
    "Zipf": _draw_zipf,
    "rare categories": partial(_draw_category, {"usual": 0.97, "rare": 0.02, "rarer": 0.01}),
}
"""Features on which tests of drift fail."""


def _add_missing(share: float, random: Random, values: Column) -> Column:
    return np.where(random.random(len(values)) < share, np.nan, values)


def _raise_share(name: str, share: float, random: Random, values: Column) -> Column:
    """Turn so many of the other rows into those of a category that it has this share."""
    other = values != name
    turned = other & (random.random(len(values)) < (share - SHARES.get(name, 0.0)) / (1 - SHARES.get(name, 0.0)))
    return np.where(turned, name, values).astype(object)


SHIFTS: dict[str, tuple[str, Callable[[Random, Column], Column]]] = {
    "mean + .25 sd": ("normal", lambda _random, values: values + 0.25),
    "mean + .5 sd": ("normal", lambda _random, values: values + 0.5),
    "variance × 1.5": ("normal", lambda _random, values: values * np.sqrt(1.5)),
    "missing 5 → 10 %": ("5 % missing", partial(_add_missing, 0.05 / 0.95)),
    "missing 0 → 5 %": ("uniform", partial(_add_missing, 0.05)),
    "category 10 → 15 %": ("category", partial(_raise_share, "d", 0.15)),
    "category 30 → 35 %": ("category", partial(_raise_share, "a", 0.35)),
    "new category 2 %": ("category", partial(_raise_share, "new", 0.02)),
    "lognormal × 1,000": ("lognormal", lambda _random, values: values * 1000),
}
"""The feature that shifts, and how."""

FOUND_FROM = {"category 30 → 35 %": 5000, "new category 2 %": 5000}
"""From how many rows on a shift has to be found, where 2,000 are too few."""


def refer_to(name: str, values: Column, order: Cells | None = None) -> Reference:
    """Profile a column of training rows, and read the profile as monitoring does; `order` is that of their events."""
    profile = profile_category(values, order) if values.dtype == object else profile_number(values, order)
    return Reference.of(name, profile, len(values))


def find_drifted(references: Sequence[Reference], columns: Sequence[Column], span: Window | None = None) -> set[str]:
    """Return the names of the features that drifted in a window; `span` is its time, where references have hours."""
    counted = [(reference, reference.count(values)) for reference, values in zip(references, columns, strict=True)]
    tests = compare_distributions(counted, [], floors=FLOORS, importance={}, span=span)
    return {test.distribution.name for test in tests if test.distribution.drifted}


def watch_quiet(
    kinds: Mapping[str, Draw], features: int, training: int, rows: int, random: Random
) -> Mapping[str, float]:
    """Judge windows in which nothing shifts."""
    draws = list(islice(cycle(kinds.values()), features))
    references = [refer_to(str(number), draw(random, training)) for number, draw in enumerate(draws)]
    alarms = [bool(find_drifted(references, [draw(random, rows) for draw in draws])) for _ in range(WINDOWS)]
    return {"alarms": sum(alarms) / WINDOWS}


def watch_shift(shift: str, rows: int, random: Random) -> Mapping[str, float]:
    """Judge a window in which one of ten features shifts."""
    references = [refer_to(name, draw(random, 5000)) for name, draw in TEN.items()]
    shifted, move = SHIFTS[shift]
    columns = [
        move(random, draw(random, rows)) if name == shifted else draw(random, rows) for name, draw in TEN.items()
    ]
    drifted = find_drifted(references, columns)
    return {"found": shifted in drifted, "others found": bool(drifted - {shifted})}


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    few_alarms = (Bound("alarms", at_most=0.01),)
    for name, kinds, features, training, rows in QUIET:
        situation = f"nothing shifts, {features} {name}, {rows:,} rows against {training:,}"
        simulate = partial(watch_quiet, kinds, features, training, rows)
        yield Cell("drift", situation, simulate, 50, few_alarms, ci_runs=5 if rows == 100 else 0)
    for shift in SHIFTS:
        for rows in (500, 2000, 5000, 20_000) if shift in FOUND_FROM else (500, 2000, 20_000):
            bounds = (Bound("found", at_least=0.95),) if rows >= FOUND_FROM.get(shift, 2000) else ()
            ci_runs = 40 if rows == 2000 and shift in ("mean + .25 sd", "missing 5 → 10 %") else 0
            yield Cell("drift", f"{shift}, {rows:,} rows", partial(watch_shift, shift, rows), 300, bounds, ci_runs)


QUIET: list[tuple[str, Mapping[str, Draw], int, int, int]] = [
    *(("usual features", TEN, 10, 5000, rows) for rows in (30, 100, 500, 2000, 20_000)),
    ("usual features", TEN, 50, 5000, 500),
    *(("difficult features", DIFFICULT, 12, 5000, rows) for rows in (30, 500, 5000)),
    ("difficult features", DIFFICULT, 36, 5000, 500),
    ("difficult features", DIFFICULT, 12, 300, 5000),
    ("features of Zipf's law", {"Zipf": _draw_zipf}, 5, 300, 5000),
]
