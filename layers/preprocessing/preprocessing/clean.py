"""Second verb: apply the definition's rules to typed columns (case, replacements, allowed values, range, required)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.columns import NAT, Array, Columns, Problem, is_missing, objects, present
from preprocessing.decode import decode
from preprocessing.joined_times import join_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing.definition import Column, Definition


def prepare(
    definition: Definition, raw: Mapping[str, Array], rows: int, *, columns: Sequence[str] | None = None
) -> tuple[Columns, list[Problem]]:
    """Decode, then clean: the way from raw values of any source to columns that can be kept or encoded.

    Returns typed columns of length `rows`, and the problems in the order of rows: at most one a cell, with the original
    value.
    """
    raw = join_times(definition, raw, rows)
    decoded, problems = decode(definition, raw, rows, columns=columns)
    cleaned, broken_rules = clean(definition, decoded)
    cells = {(problem.row, problem.column) for problem in problems}
    for problem in broken_rules:
        if (problem.row, problem.column) not in cells:
            original = raw[problem.column][problem.row] if problem.column in raw else None
            problems.append(Problem(problem.row, problem.column, original, problem.reason))
    return cleaned, sorted(problems, key=lambda problem: problem.row)


def clean(definition: Definition, columns: Columns) -> tuple[Columns, list[Problem]]:
    """Apply the rules; cells that break a rule become missing and are listed, in the order of columns.

    >>> from preprocessing import parse_definition
    >>> tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
    >>> d = parse_definition("m", {"task": "classification", "target": "y", "training": {"candidates": [tree]},
    ...     "columns": {"y": {"type": "category"}, "age": {"type": "number", "max": 120}}}, "m.toml")
    >>> cleaned, problems = clean(d, {"age": np.array([39.0, 390.0])})
    >>> cleaned["age"], [problem.reason for problem in problems]
    (array([39., nan]), ['expected at most 120'])
    """
    cleaned: dict[str, Array] = {}
    problems: list[Problem] = []
    for name, array in columns.items():
        column = definition.columns[name]
        rule = _clean_category if column.kind == "category" else _clean_range
        cleaned[name], reasons = rule(column, array)
        if name in definition.required:
            absent = np.flatnonzero(is_missing(array))
            reasons |= dict.fromkeys(absent.tolist(), "is required")
        problems.extend(
            Problem(row, name, present({name: array}, definition.columns, row)[name], reason)
            for row, reason in reasons.items()
        )
    return cleaned, problems


def _clean_range(column: Column, array: Array) -> tuple[Array, dict[int, str]]:
    """Set numbers and times outside their bounds to missing; return the reasons by row."""
    reasons: dict[int, str] = {}
    for bound, words, outside in ((column.least, "at least", np.less), (column.most, "at most", np.greater)):
        if bound is not None:
            limit = as_time(bound) if column.kind == "time" else bound
            text = f"{limit}Z" if column.kind == "time" else f"{bound:g}"
            reasons |= dict.fromkeys(np.flatnonzero(outside(array, limit)).tolist(), f"expected {words} {text}")
    if reasons:
        array = array.copy()
        array[list(reasons)] = NAT if column.kind == "time" else np.nan
    return array, reasons


def _clean_category(column: Column, array: Array) -> tuple[Array, dict[int, str]]:
    if not (column.lower or column.replace or column.allowed):
        return array, {}
    expected = f"expected one of {', '.join(column.allowed)}"
    values = array.tolist()
    texts: dict[Any, str | None] = {None: None}
    for value in set(values) - {None}:
        texts[value] = clean_text(column, value)
    refused = {v for v, text in texts.items() if column.allowed and v is not None and text not in column.allowed}
    reasons = {row: expected for row, value in enumerate(values) if value in refused} if refused else {}
    texts |= dict.fromkeys(refused)
    return objects([texts[value] for value in values]), reasons


def clean_text(column: Column, text: str) -> str:
    """Apply the definition's case and replacements to a text."""
    text = text.lower() if column.lower else text
    return column.replace.get(text, text)


def as_time(seconds: float) -> np.datetime64:
    """Convert a bound of a time column to a time."""
    return np.datetime64(round(seconds * 1e6), "us")
