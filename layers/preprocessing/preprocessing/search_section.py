"""Reads the key `search` of a candidate: which parameters are tried within which bounds, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.model_rules import ParameterRange, Search
from preprocessing.tables import Table, number, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.model_rules import Option

MAX_TRIALS = 200
EXPECTED = "a list of at least two numbers, texts or booleans, or { low = …, high = … }"


def read_search(table: Table, parameters: Mapping[str, object]) -> Search | None:
    """Read the search of a candidate with these parameters; None where there is none."""
    if "search" not in table.content:
        return None
    inner = table.table("search")
    trials = inner.get("trials", whole(20, 2, MAX_TRIALS))
    tried = {name: _read_options(inner, name, value) for name, value in inner.content.items() if name != "trials"}
    if not tried:
        raise table.fail("search", "expected parameters to try, such as { max_depth = [3, 6, 9], trials = 20 }")
    for name in tried.keys() & parameters.keys():
        raise table.fail(name, "expected a parameter either with a value or in the search, not both")
    return Search(tried, trials)


def _read_options(table: Table, name: str, value: object) -> tuple[Option, ...] | ParameterRange:
    if isinstance(value, dict):
        bounds = Table(table.where, f"{table.path}.{name}", value)
        ends = bounds.read({end: number() for end in ("low", "high")})
        if None in ends.values() or not ends["low"] < ends["high"]:
            raise table.fail(name, "expected a low that is less than high")
        return ParameterRange(ends["low"], ends["high"], whole=all(type(end) is int for end in value.values()))
    options = tuple(value) if isinstance(value, list) else ()
    plain = all(isinstance(option, str | bool | int | float) for option in options)
    if not plain or len(set(options)) < 2:
        raise table.fail(name, f"expected {EXPECTED}, got {value!r:.80}")
    return options
