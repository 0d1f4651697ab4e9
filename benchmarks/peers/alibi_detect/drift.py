"""Judges columns with alibi-detect: `TabularDrift` at its default level over all columns, missing values as -9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from alibi_detect.cd import TabularDrift

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = -9.0
"""It takes no missing values."""


def answer(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """Return the names of the columns that drifted."""
    names = [key.removeprefix("window/") for key in arrays if key.startswith("window/")]
    sides = [[arrays[f"{side}/{name}"] for name in names] for side in ("training", "window")]
    categories = {index: None for index, column in enumerate(sides[0]) if column.dtype.kind == "U"}
    for index in categories:
        levels = np.unique(np.concatenate([side[index] for side in sides]))
        for side in sides:
            side[index] = np.searchsorted(levels, side[index])
    training, window = (np.nan_to_num(np.stack(side, axis=1).astype(float), nan=MISSING) for side in sides)
    test = TabularDrift(training, categories_per_feature=categories or None).predict(window)["data"]
    return [name for name, p in zip(names, test["p_val"], strict=True) if p < test["threshold"]]
