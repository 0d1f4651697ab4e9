"""How fast the preprocessing layer is for a million rows, beside a plain copy and beside pandas.

`python -m tests.bench.preprocessing` prints the figures; `--rows`, `--runs`. All in one process and one thread, the
ways in turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import (
    Array,
    Columns,
    Definition,
    clean,
    decode,
    encode,
    learn_vocabularies,
    objects,
    parse_definition,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 1_000_000
RUNS = 5
NUMBERS = {f"x{place}": {"type": "number", "min": 0, "max": 100_000} for place in range(10)}
CATEGORIES = {
    "plan": {"type": "category", "lower": True, "replace": {"rot": "red"}, "allowed": ["blue", "green", "red"]},
    "town": {"type": "category"},
    "shop": {"type": "category"},
    "size": {"type": "category"},
}


def measure(rows: int = ROWS, runs: int = RUNS) -> dict[str, Any]:
    """Measure the CPU seconds of each step, rows a second of one core, and multiples of the floor and of pandas.

    `clean_encode` is of typed columns, 10 numbers with bounds, then these and 4 categories of which one has rules; its
    floor is a copy of the columns. `decode` is of one column of numbers as text, in three usual forms; its peer is
    `pandas.to_numeric` of the same objects.
    """
    rng = np.random.default_rng(7)
    numbers: dict[str, Array] = {name: _amounts(rng, rows) for name in NUMBERS}
    categories = {
        "plan": _chosen(rng, ["blue", "green", "rot"], rows),
        "town": _chosen(rng, [f"Town {number}" for number in range(60)], rows),
        "shop": _chosen(rng, [f"shop-{number}" for number in range(900)], rows),
        "size": _chosen(rng, ["S", "L", None], rows),
    }
    return {
        "rows": rows,
        "clean_encode": {
            "10_numbers": _clean_encode(NUMBERS, numbers, runs),
            "10_numbers_4_categories": _clean_encode({**NUMBERS, **CATEGORIES}, {**numbers, **categories}, runs),
        },
        "decode": {
            name: _decode(objects(texts), runs)
            for name, texts in {
                "whole": [str(value) for value in rng.integers(0, 10**6, rows).tolist()],
                "two_decimals": [f"{value:.2f}" for value in rng.gamma(2, 200, rows).tolist()],
                "all_digits": [repr(value) for value in rng.normal(size=rows).tolist()],
            }.items()
        },
    }


def _amounts(rng: np.random.Generator, rows: int) -> Array:
    return np.where(rng.random(rows) < 0.02, np.nan, rng.gamma(2, 200, rows))


def _chosen(rng: np.random.Generator, values: list[Any], rows: int) -> Array:
    return objects(values)[rng.integers(0, len(values), rows)]


def _definition(columns: dict[str, Any]) -> Definition:
    tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeRegressor"}
    document = {"task": "regression", "target": "y", "columns": {"y": {"type": "number"}, **columns}}
    return parse_definition("bench", {**document, "training": {"candidates": [tree]}}, "bench.toml")


def _clean_encode(kinds: dict[str, Any], columns: Columns, runs: int) -> dict[str, Any]:
    definition = _definition(kinds)
    vocabularies = learn_vocabularies(definition, clean(definition, columns)[0])
    ways: dict[str, Callable[[], object]] = {
        "refrain": lambda: encode(definition, vocabularies, clean(definition, columns)[0]),
        "copy": lambda: {name: array.copy() for name, array in columns.items()},
    }
    if find_spec("pandas"):
        ways["pandas"] = lambda: _by_hand(kinds, columns, vocabularies)
    return _compared(ways, len(next(iter(columns.values()))), runs)


def _by_hand(kinds: dict[str, Any], columns: Columns, vocabularies: Any) -> Array:
    """The same in pandas, as one would write it."""
    import pandas as pd

    frame = pd.DataFrame(dict(columns))
    for name, kind in kinds.items():
        if kind["type"] == "number":
            frame[name] = frame[name].where(frame[name].between(kind["min"], kind["max"]))
            continue
        texts = frame[name]
        if "replace" in kind:
            texts = texts.str.lower().replace(kind["replace"])
            texts = texts.where(texts.isin(kind["allowed"]))
        codes = pd.Categorical(texts, categories=list(vocabularies[name])).codes.astype(np.float32)
        frame[name] = np.where(texts.isna(), 0, codes + 2)
    return frame.to_numpy(np.float32)


def _decode(texts: Array, runs: int) -> dict[str, Any]:
    definition = _definition({"x": {"type": "number"}})
    ways: dict[str, Callable[[], object]] = {
        "refrain": lambda: decode(definition, {"x": texts}, len(texts), columns=["x"]),
    }
    if find_spec("pandas"):
        import pandas as pd

        series = pd.Series(texts, dtype=object)
        ways["pandas"] = lambda: pd.to_numeric(series)
    return _compared(ways, len(texts), runs)


def _compared(ways: dict[str, Callable[[], object]], rows: int, runs: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            started = time.process_time()
            way()
            seconds[name].append(time.process_time() - started)
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    ratios = {
        name: statistics.median(ours / theirs for ours, theirs in zip(seconds["refrain"], each, strict=True))
        for name, each in seconds.items()
        if name != "refrain"
    }
    return {
        "cpu_seconds": {name: round(median, 4) for name, median in medians.items()},
        "rows_per_second": round(rows / medians["refrain"]),
        "times_as_long_as": {name: round(ratio, 2) for name, ratio in ratios.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.rows, asked.runs), indent=2))
