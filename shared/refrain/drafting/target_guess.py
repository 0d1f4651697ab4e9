"""Tells which column to predict, and whether it has classes or values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import is_missing
from refrain.drafting.name_words import AMOUNTS, KINDS, LIKELY_TARGETS, TARGETS, UNLIKELY_TARGETS, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Array
    from preprocessing.definition import Task
    from refrain.drafting.column_guess import ColumnGuess

MAX_CLASSES = 100
MAX_LISTED_CLASSES = 20
MAX_NUMBER_CLASSES = 10
MIN_NUMBER_SHARE = 0.04
"""Of each class that is a number; amounts have rare ones at their ends."""

MIN_CLASS_ROWS = 5
"""Rows that each class of a plausible target has on average."""

MAX_MISSING_TARGET = 0.1


def guess_target(columns: Sequence[ColumnGuess], typed: Mapping[str, Array], model: str) -> tuple[str, str]:
    """Choose a target, and say why: by its name, that of the model, or as the last column that can be one.

    Empty texts: there is none.
    """
    plausible = [guess.name for guess in columns if not guess.left_out and _is_plausible(guess, typed[guess.name])]
    lower = {name.casefold(): name for name in plausible}
    for name in TARGETS:
        if name in lower:
            return lower[name], "its name says so"
    if model in lower:
        return lower[model], "it is named like the model"
    plausible = [name for name in plausible if not words_of(name) & UNLIKELY_TARGETS] or plausible
    for words in (LIKELY_TARGETS, {"class"}):
        for name in reversed(plausible):
            if words_of(name) & words:
                return name, "its name says so"
    return (plausible[-1], "the last column that can be one") if plausible else ("", "")


def _is_plausible(guess: ColumnGuess, values: Array) -> bool:
    present = values[~is_missing(values)]
    if guess.type == "time" or len(present) < (1 - MAX_MISSING_TARGET) * len(values):
        return False
    distinct = len(set(present.tolist()))
    if guess.type == "category":
        return 2 <= distinct <= min(MAX_CLASSES, len(present) / MIN_CLASS_ROWS)
    return distinct >= 2


def as_target(guess: ColumnGuess, values: Array) -> tuple[ColumnGuess, Task, str]:
    """Return the target's column, the task, and why: of classes where the target has names, or few whole numbers."""
    present = values[~is_missing(values)]
    distinct = sorted(set(present.tolist()))
    if guess.type == "boolean":
        return guess, "classification", "two classes"
    if guess.type == "category":
        keys: dict[str, Any] = dict(guess.keys)
        if len(distinct) <= MAX_LISTED_CLASSES and all(len(text) <= 40 for text in distinct):
            texts = {*distinct, *keys.get("allowed", ())}
            keys["allowed"] = sorted({text.lower() for text in texts} if keys.get("lower") else texts)
        return replace(guess, keys=keys), "classification", f"{len(distinct)} classes"
    if guess.type == "number" and _are_classes(guess.name, present, distinct):
        return guess, "classification", f"{len(distinct)} whole numbers; for amounts, write regression"
    return guess, "regression", f"{len(distinct):,} different numbers"


def _are_classes(name: str, values: Array, distinct: Sequence[float]) -> bool:
    """Tell whether whole numbers are classes: few, without gaps from 0 or 1 on, and not called an amount."""
    words = words_of(name)
    if any(value % 1 for value in distinct) or len(distinct) > MAX_NUMBER_CLASSES or len(distinct) * 2 > len(values):
        return False
    if words & KINDS or words & {"target", "y"} or len(distinct) == 2:
        return True
    steps = set(np.diff(distinct).tolist())
    rarest = min(int(np.count_nonzero(values == value)) for value in distinct) / len(values)
    return not words & AMOUNTS and distinct[0] in (0, 1) and steps == {1.0} and rarest >= MIN_NUMBER_SHARE
