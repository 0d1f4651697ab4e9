"""Checks of single columns: what a feature should not hold, and what says nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.checks.coded_column import code_column, mutual_share
from refrain.checks.target_relation import predictive_power
from refrain.lake.method_checks import Finding
from refrain.words import counted, figure, listed, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing import Array
    from refrain.checks.checked_rows import CheckedRows

MIN_LEAK_AREA = 0.99
MIN_LEAK_SHARE = 0.98
"""The power of a single column from which it is asked whether it is known beforehand, for classes and for values."""

MIN_MISSING = 0.95
MIN_UNSEEN = 0.5
MIN_MARKED = 0.01
MIN_EQUAL = 0.95
MAX_PAIRED_COLUMNS = 100
MAX_PAIRED_ROWS = 4000
MIN_DISTINCT_DATES = 20

MARKS = frozenset(
    {"unknown", "unk", "missing", "undefined", "unspecified", "not available", "not applicable", "not specified"}
    | {"no data", "placeholder", "dummy", "tbd", "xxx", "?", "--", "n.a."}
)
"""Texts that usually mean missing, in lower case."""

NINES = re.compile(r"-?9{2,}")
IGNORE = 'set role = "ignore"'


def find_leaking_columns(rows: CheckedRows) -> Iterator[Finding]:
    """Find features that alone tell the target nearly perfectly."""
    train, holdout, classes = rows.sampled_train_truth, rows.sampled_holdout_truth, len(rows.classes)
    strata = train.astype(np.int64) if classes else None
    for name in rows.definition.features:
        column = code_column(rows.train[name], rows.holdout[name], strata)
        power = predictive_power(column, train, holdout, classes)
        if power >= (MIN_LEAK_AREA if classes else MIN_LEAK_SHARE):
            measured = "ROC AUC" if classes else "rank R²"
            yield Finding.of(
                "leaking_column",
                f"{name} alone tells {rows.definition.target} nearly perfectly ({measured} {figure(power)} on the "
                f"holdout). If it is not known when a prediction is asked for, {IGNORE}.",
                name,
            )


def find_id_like_columns(rows: CheckedRows) -> Iterator[Finding]:
    """Find features with another value in nearly every row: texts, and whole numbers without gaps."""
    for name in rows.columns:
        values = rows.train[name]
        if name in rows.id_like and name not in rows.definition.texts:
            distinct = len(set(values.tolist()))
            yield Finding.of(
                "id_like_column",
                f"{name} has {counted(distinct, 'different value')} in {counted(len(values), 'row')}, so what is "
                f"learned about one value helps with no other. If it names the row, {IGNORE}.",
                name,
            )


def find_dates(rows: CheckedRows) -> Iterator[Finding]:
    """Find features that are points in time: what a model learns of one is past when it is asked."""
    for name in rows.definition.features:
        form = "a time" if rows.is_time(name) else written_date(rows.train[name])
        if form:
            yield Finding.of(
                "date_as_feature",
                f"{name} is {form}, and later ones are asked for than were learned from. Derive what comes again "
                f"or counts (month, weekday, hour, days_between), and {IGNORE}.",
                name,
            )


def written_date(values: Array) -> str:
    """Say how numbers or texts are dates, if they are.

    >>> written_date(np.arange(20240101.0, 20240131.0)), written_date(np.arange(30.0))
    ('a date of the form YYYYMMDD', '')
    """
    present = values[~is_missing(values)]
    distinct = np.unique(present) if values.dtype != object else np.array(sorted(set(present.tolist())))
    if len(distinct) < MIN_DISTINCT_DATES:
        return ""
    if values.dtype == object:
        dated = re.compile(r"(19|20)\d\d[-/.](0?[1-9]|1[0-2])[-/.]\d{1,2}\b.*")
        return "a date as text" if all(dated.fullmatch(value) for value in distinct) else ""
    if distinct.dtype.kind != "f" or (distinct % 1).any():
        return ""
    days, months = distinct % 100, distinct // 100 % 100
    if distinct[0] >= 19000101 and distinct[-1] <= 21001231:
        return "a date of the form YYYYMMDD" if _within(months, 12) and _within(days, 31) else ""
    if distinct[0] >= 190001 and distinct[-1] <= 210012:
        return "a month of the form YYYYMM" if _within(days, 12) else ""
    for unit, seconds in (("seconds", 1.0), ("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9)):
        if distinct[0] >= 6e8 * seconds and distinct[-1] <= 2.6e9 * seconds:  # 1989 to 2052
            return f"a time in {unit} since 1970"
    return ""


def _within(numbers: Array, greatest: int) -> bool:
    return bool(numbers.min() >= 1 and numbers.max() <= greatest)


def find_constant_columns(rows: CheckedRows) -> Iterator[Finding]:
    """Find features with a single value, or none."""
    for name in rows.definition.features:
        if rows.is_constant(name):
            fact = "no value in any row" if is_missing(rows.train[name]).all() else "one value in all rows"
            yield Finding.of("constant_column", f"{name} has {fact}, and tells nothing: {IGNORE}.", name)


def find_mostly_missing_columns(rows: CheckedRows) -> Iterator[Finding]:
    """Find features that hardly any row has."""
    for name in rows.definition.features:
        absent = float(is_missing(rows.train[name]).mean())
        if absent >= MIN_MISSING and not rows.is_constant(name):
            yield Finding.of(
                "mostly_missing_column",
                f"{name} is missing in {share(absent)} of the rows. Find out why, or {IGNORE}.",
                name,
            )


def find_too_many_values(rows: CheckedRows) -> Iterator[Finding]:
    """Find categories most of whose rows have values that are too rare to be in the vocabulary."""
    for name, vocabulary in rows.vocabularies.items():
        if name not in rows.id_like:
            learned = {None, *vocabulary}
            unseen = float(np.mean([value not in learned for value in rows.train[name]]))
            if unseen >= MIN_UNSEEN:
                yield Finding.of(
                    "too_many_values",
                    f"{share(unseen)} of the rows have a value of {name} that is too rare to be learned, and count as "
                    f"one value. Group its values into fewer with replace, or {IGNORE}.",
                    name,
                )


def find_equal_columns(rows: CheckedRows) -> Iterator[Finding]:
    """Find features of which each tells the others; the first hundred features are compared."""
    names = [name for name in rows.definition.features if name not in rows.id_like][:MAX_PAIRED_COLUMNS]
    few = slice(None, None, len(rows.train.positions) // MAX_PAIRED_ROWS + 1)
    codes = {name: code_column(values := rows.train[name][few], values[:0]).train for name in names}
    while names:
        first = names.pop(0)
        equal = [name for name in names if mutual_share(codes[first], codes[name]) >= MIN_EQUAL]
        names = [name for name in names if name not in equal]
        if equal:
            yield Finding.of(
                "equal_columns",
                f"{first} says the same as {listed(equal)} ({share(MIN_EQUAL)} or more of what they tell is common), "
                f"so they share their importance, or hide each other's: {IGNORE} for all but one.",
                first,
                *equal,
            )


def find_disguised_missing(rows: CheckedRows) -> Iterator[Finding]:
    """Find values that stand for missing ones: usual words, and nines far from all other numbers."""
    for name in rows.columns:
        values = rows.train[name]
        marks = _texts_for_missing(values) if values.dtype == object else nines_for_missing(values)
        for mark, part in marks:
            yield Finding.of(
                "disguised_missing",
                f"{name} is {mark} in {share(part)} of the rows, which looks like a missing value: add it to "
                "the missing values of the column.",
                name,
            )


def _texts_for_missing(values: Array) -> list[tuple[str, float]]:
    texts = [value for value in values if value is not None and value.lower() in MARKS]
    return [
        (repr(mark), part) for mark in sorted(set(texts)) if (part := texts.count(mark) / len(values)) >= MIN_MARKED
    ]


def nines_for_missing(values: Array) -> list[tuple[str, float]]:
    """List numbers of nines that stand far from all others, and their shares."""
    if values.dtype.kind != "f":
        return []
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(distinct) < 3:
        return []
    marks = []
    for end, rest in ((0, distinct[1:]), (-1, distinct[:-1])):
        gap = abs(distinct[end] - rest[end])
        if NINES.fullmatch(f"{distinct[end]:g}") and gap > rest[-1] - rest[0]:
            marks.append((f"{distinct[end]:g}", counts[end] / len(values)))
    return [(mark, part) for mark, part in marks if part >= MIN_MARKED]
