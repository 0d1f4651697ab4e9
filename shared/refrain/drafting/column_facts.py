"""Why a column is no feature: what the rows of a sample show about it."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.checks.checked_rows import MAX_GAPS, MAX_NUMBER_TWINS, MAX_TWINS, MIN_ID_ROWS
from refrain.checks.coded_column import code_column
from refrain.checks.column_checks import MIN_LEAK_AREA, MIN_LEAK_SHARE, MIN_MISSING, MIN_UNSEEN
from refrain.checks.target_relation import predictive_power
from refrain.drafting.name_words import CODES, KEYS, ROW_NAMES, words_of
from refrain.words import counted, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.arrays import Truth
    from refrain.drafting.column_guess import ColumnGuess

MIN_NAMES = 10
"""Texts that all differ name their rows, if there are so many."""

MIN_WORDS, MIN_LENGTH = 4, 50
MIN_VALUE_ROWS = 5
MIN_TWINS = 20.0
MAX_DISTINCT_SHARE = 0.5
MIN_ALIKE = 0.99
MAX_WORDS_SHARE = 0.1
MAX_COMPARED_ROWS = 2_000


def twins_of(values: Array, sampled: float) -> float:
    """Return how many other rows of the file have the value of a row, on average, by a sample of this share."""
    counts = np.array(list(Counter(values.tolist()).values()))
    return float((counts * (counts - 1)).sum()) / max(len(values), 1) / sampled


def why_no_feature(guess: ColumnGuess, values: Array, sampled: float) -> str:
    """Say why a column cannot be learned from; an empty text where it can."""
    absent = is_missing(values)
    present = values[~absent]
    if not len(present):
        return "it is always empty"
    if not absent.any() and (present == present[0]).all():
        return f"it is always {present[0]:g}" if values.dtype.kind == "f" else f"it is always {str(present[0])[:40]}"
    if absent.mean() >= MIN_MISSING:
        return f"it is missing in {share(float(absent.mean()))} of the rows"
    if guess.type == "number":
        return _why_no_number(guess.name, values, present, sampled)
    return _why_no_category(guess.name, present, sampled) if guess.type == "category" else ""


def is_row_number(name: str, values: Array) -> bool:
    """Tell whether whole numbers count the rows, or their names do."""
    if values.dtype.kind != "f" or len(values) < MIN_NAMES or (values % 1 != 0).any():
        return False
    steps = set(np.diff(values).tolist())
    return len(steps) == 1 and steps.pop() > 0 and (values[0] in (0, 1) or name.casefold() in ROW_NAMES)


def _why_no_number(name: str, values: Array, present: Array, sampled: float) -> str:
    if is_row_number(name, values):
        return "it counts the rows"
    if (present % 1).any():
        return ""
    twins, rows = twins_of(present, sampled), len(values) / sampled
    names_rows = len(present) >= MIN_ID_ROWS and twins <= MAX_NUMBER_TWINS and np.ptp(present) <= MAX_GAPS * rows
    return "it numbers the rows" if names_rows or (words_of(name) & KEYS and twins <= MAX_TWINS) else ""


def _why_no_category(name: str, present: Array, sampled: float) -> str:
    counts = Counter(present.tolist())
    twins = twins_of(present, sampled)
    prose = np.mean([len(text.split()) >= MIN_WORDS or len(text) >= MIN_LENGTH for text in counts]) > 0.5
    if prose and len(counts) > 0.5 * len(present):
        return "it is free text"
    if len(counts) >= MIN_NAMES and twins <= MAX_TWINS:
        return f"it has another value in nearly every row ({counted(len(counts))} in {counted(len(present))} rows)"
    rare = sum(rows for rows in counts.values() if rows < MIN_VALUE_ROWS) / len(present)
    if rare >= MIN_UNSEEN and twins < MIN_TWINS:
        return f"most of its values are too rare to learn from ({counted(len(counts))} in {counted(len(present))} rows)"
    if words_of(name) & CODES and twins < MIN_VALUE_ROWS:
        return "its values name single things"
    return ""


def copies_of_target(
    columns: Mapping[str, Array], target: Array, truth: Truth, classes: int
) -> Iterator[tuple[str, bool]]:
    """Find columns that alone tell the target, and whether they are the target in other words."""
    train = np.arange(len(target)) % 2 == 0
    strata = truth[train].astype(np.int64) if classes else None
    for name, values in columns.items():
        if _says_the_same(values, target):
            yield name, True
            continue
        coded = code_column(values[train], values[~train], strata)
        if predictive_power(coded, truth[train], truth[~train], classes) >= (
            MIN_LEAK_AREA if classes else MIN_LEAK_SHARE
        ):
            yield name, False


def _says_the_same(values: Array, target: Array) -> bool:
    """Tell whether a column is the target in other words, or in another unit."""
    absent = is_missing(values)
    pairs = sorted(set(zip(values[~absent].tolist(), target[~absent].tolist(), strict=True)))
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    if len(pairs) != len(firsts) or len(seconds) < 2:
        return False
    if len(firsts) <= MAX_WORDS_SHARE * len(values):
        return True
    steps = {later > earlier for (_, earlier), (_, later) in pairwise(pairs)}
    return len(firsts) == len(seconds) and values.dtype.kind == target.dtype.kind == "f" and len(steps) == 1


def parts_of_target(columns: Mapping[str, Array], target: Array) -> dict[str, str]:
    """Find pairs of numbers that add up to the target, or differ by it."""
    few = slice(None, MAX_COMPARED_ROWS)
    wanted = target[few]
    numbers = {name: values[few] for name, values in columns.items() if values.dtype.kind == "f"}
    varied = {name: values for name, values in numbers.items() if len(set(values.tolist())) > 2}
    parts: dict[str, str] = {}
    for (first, one), (second, two) in combinations(varied.items(), 2):
        for sign, values in (("+", one + two), ("-", one - two), ("-", two - one)):
            agree = np.isclose(values, wanted, rtol=1e-6, atol=1e-9)
            if agree.mean() >= MIN_ALIKE:
                do = "make up the target" if sign == "+" else "differ by the target"
                words = f"{first} and {second} {do}"
                parts |= {first: words, second: words}
    return parts


def same_columns(columns: Mapping[str, Array]) -> dict[str, str]:
    """Find columns that say what an earlier one says, and which: each value of one goes with one of the other."""
    codes = {name: _codes(values) for name, values in columns.items()}
    names = [name for name in codes if _says_enough(codes[name])]
    same: dict[str, str] = {}
    while names:
        first = names.pop(0)
        equal = [name for name in names if _are_one_to_one(codes[first], codes[name])]
        same |= dict.fromkeys(equal, first)
        names = [name for name in names if name not in equal]
    return same


def _codes(values: Array) -> NDArray[np.intp]:
    absent = is_missing(values)
    plain = np.where(absent, "", values).astype(str) if values.dtype == object else values
    return np.unique(plain, return_inverse=True)[1] + 1 - (absent * (1 + len(values)))


def _says_enough(codes: NDArray[np.intp]) -> bool:
    """Tell whether a column varies so much, and repeats its values so often, that agreement is no chance."""
    _, counts = np.unique(codes, return_counts=True)
    return int(counts.max()) <= len(codes) - MIN_VALUE_ROWS and len(counts) <= MAX_DISTINCT_SHARE * len(codes)


def _are_one_to_one(first: NDArray[np.intp], second: NDArray[np.intp]) -> bool:
    firsts, seconds = len(np.unique(first)), len(np.unique(second))
    return firsts == seconds and len(np.unique(np.stack([first, second]), axis=1).T) == firsts
