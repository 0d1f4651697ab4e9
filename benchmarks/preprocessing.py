"""The speed of the preprocessing layer for a million rows, beside a plain copy and pandas.

`python -m benchmarks.preprocessing` prints the figures; it has the options `--rows` and `--runs`. All ways run in turn
in one process and one thread.
"""

from __future__ import annotations

import argparse
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.installed import find_missing, missing_sentences
from benchmarks.result import Group, Part
from benchmarks.timing import MILLISECONDS, summarise
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

    from benchmarks.result import Kind, Row

ROWS = 1_000_000
RUNS = 5
OURS, COPY = "Refrain", "numpy, a copy of the columns"
TO_NUMERIC, BY_HAND = "pandas.to_numeric", "pandas by hand"
KINDS: dict[str, Kind] = {OURS: "ours", COPY: "floor", TO_NUMERIC: "floor"}
NOTES = (
    "All ways run in turn in one process and one thread; times are processor time. The ten numbers have bounds. One of "
    "the four categories has rules: case, another spelling and allowed values. Text is decoded from a column of Python "
    "strings, as it comes from JSON lines; the bytes of a CSV take a faster way, which the ingest part measures.",
)
NUMBERS = {f"x{number}": {"type": "number", "min": 0, "max": 100_000} for number in range(10)}
CATEGORIES = {
    "plan": {"type": "category", "lower": True, "replace": {"rot": "red"}, "allowed": ["blue", "green", "red"]},
    "town": {"type": "category"},
    "shop": {"type": "category"},
    "size": {"type": "category"},
}


def measure(rows: int = ROWS, runs: int = RUNS) -> Part:
    """Measure cleaning and encoding of typed columns, and decoding of numbers as text in three usual forms."""
    rng = np.random.default_rng(7)
    numbers: dict[str, Array] = {name: _amounts(rng, rows) for name in NUMBERS}
    categories = {
        "plan": _choose(rng, ["blue", "green", "rot"], rows),
        "town": _choose(rng, [f"Town {number}" for number in range(60)], rows),
        "shop": _choose(rng, [f"shop-{number}" for number in range(900)], rows),
        "size": _choose(rng, ["S", "L", None], rows),
    }
    both = {**numbers, **categories}
    texts = {
        "whole numbers": [str(value) for value in rng.integers(0, 10**6, rows).tolist()],
        "numbers of two decimals": [f"{value:.2f}" for value in rng.gamma(2, 200, rows).tolist()],
        "numbers with all their digits": [repr(value) for value in rng.normal(size=rows).tolist()],
    }
    groups = (
        _clean_encode("10 numbers", NUMBERS, numbers, runs, "≥ 2 million rows a second of one processor"),
        _clean_encode("10 numbers and 4 categories", {**NUMBERS, **CATEGORIES}, both, runs, "≥ 1 million"),
        *(_decode(name, objects(values), runs) for name, values in texts.items()),
    )
    skipped = missing_sentences(find_missing({BY_HAND: ["pandas"], TO_NUMERIC: ["pandas"]}))
    return Part("preprocessing", f"Preprocessing of {rows:,} rows", groups, skipped=skipped, notes=NOTES)


def _amounts(rng: np.random.Generator, rows: int) -> Array:
    return np.where(rng.random(rows) < 0.02, np.nan, rng.gamma(2, 200, rows))


def _choose(rng: np.random.Generator, values: list[Any], rows: int) -> Array:
    return objects(values)[rng.integers(0, len(values), rows)]


def _definition(columns: dict[str, Any]) -> Definition:
    tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeRegressor"}
    document = {"task": "regression", "target": "y", "columns": {"y": {"type": "number"}, **columns}}
    return parse_definition("bench", {**document, "training": {"candidates": [tree]}}, "bench.toml")


def _clean_encode(title: str, kinds: dict[str, Any], columns: Columns, runs: int, goal: str) -> Group:
    definition = _definition(kinds)
    vocabularies = learn_vocabularies(definition, clean(definition, columns)[0])
    ways: dict[str, Callable[[], object]] = {
        COPY: lambda: {name: array.copy() for name, array in columns.items()},
        OURS: lambda: encode(definition, vocabularies, clean(definition, columns)[0]),
    }
    if find_spec("pandas"):
        ways[BY_HAND] = lambda: _by_hand(kinds, columns, vocabularies)
    rows = len(next(iter(columns.values())))
    taken = {name: [rows / seconds / 1e6 for seconds in times] for name, times in _time_in_turn(ways, runs).items()}
    return Group(f"clean and encode, {title}", "million rows a second", _rows(taken), COPY, goal, more_is_better=True)


def _by_hand(kinds: dict[str, Any], columns: Columns, vocabularies: Any) -> Array:
    """Do the same in pandas, as people would write it."""
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


def _decode(title: str, texts: Array, runs: int) -> Group:
    definition = _definition({"x": {"type": "number"}})
    ways: dict[str, Callable[[], object]] = {}
    if find_spec("pandas"):
        import pandas as pd

        series = pd.Series(texts, dtype=object)
        ways[TO_NUMERIC] = lambda: pd.to_numeric(series)
    ways[OURS] = lambda: decode(definition, {"x": texts}, len(texts), columns=["x"])
    taken = {name: [seconds * MILLISECONDS for seconds in times] for name, times in _time_in_turn(ways, runs).items()}
    floor = TO_NUMERIC if TO_NUMERIC in taken else ""
    return Group(f"decode text, {title}", "ms", _rows(taken), floor, f"≤ 1.5 × {TO_NUMERIC}")


def _rows(taken: dict[str, list[float]]) -> tuple[Row, ...]:
    return tuple(summarise(name, KINDS.get(name, "peer"), figures) for name, figures in taken.items())


def _time_in_turn(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Time each way in turn; return processor seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            started = time.process_time()
            way()
            seconds[name].append(time.process_time() - started)
    return seconds


if __name__ == "__main__":
    from benchmarks.__main__ import part_as_text

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    print(part_as_text(measure(options.rows, options.runs)))
