"""The cells of a distribution in the words of people: values, ranges of values, and "3 and more".

A baseline holds edges only. Two edges that nearly touch enclose one value; whole edges belong to whole numbers.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

NEARLY = 3e-5
"""Edges that are closer than this share of all their range enclose one value."""


def name_number_cells(edges: Sequence[float]) -> list[str]:
    """Name the cells of numbers: below the first edge, from each edge to the next, and from the last one on.

    >>> just_above = [float(np.nextafter(value, np.inf)) for value in (0.0, 1.0, 2.0)]
    >>> name_number_cells([0.0, just_above[0], 1.0, just_above[1], 2.0, just_above[2]])
    ['below 0', '0', 'between 0 and 1', '1', 'between 1 and 2', '2', '3 and more']
    >>> name_number_cells([7.0, float(np.nextafter(7.0, 8.0))]), name_number_cells([0.2345671, 0.23491, 9.5])
    (['below 7', '7', 'above 7'], ['below 0.2346', '0.2346 to 0.2349', '0.2349 to 9.5', '9.5 and more'])
    """
    if not edges:
        return ["any"]
    single = [_is_value(low, high, edges) for low, high in pairwise(edges)]
    values = list(edges)
    for index in (index for index, is_value in enumerate(single) if is_value):
        values[index : index + 2] = [_middle(edges[index], edges[index + 1])] * 2
    after_value = [False, *single]
    whole = all(value == round(value) for value in values)
    texts = _write_values(values)
    names = [f"below {texts[0]}"]
    for index, is_value in enumerate(single):
        low, high = values[index] + after_value[index], values[index + 1] - 1
        if is_value or (whole and low == high):
            names.append(texts[index] if is_value else _write_whole(low))
        elif whole and low < high:
            names.append(f"{_write_whole(low)} to {_write_whole(high)}")
        else:
            names.append(f"{'between ' if whole else ''}{texts[index]} {'and' if whole else 'to'} {texts[index + 1]}")
    if after_value[-1]:
        more = f"{_write_whole(values[-1] + 1)} and more" if whole and len(edges) > 2 else f"above {texts[-1]}"
    else:
        more = f"{texts[-1]} and more"
    return [*names, more]


def _is_value(low: float, high: float, edges: Sequence[float]) -> bool:
    scale = edges[-1] - edges[0] if len(edges) > 2 else max(1.0, abs(low))
    return high == np.nextafter(low, np.inf) or high - low <= NEARLY * scale


def _middle(low: float, high: float) -> float:
    """Return the value between two edges, with no more digits than it takes."""
    if high == np.nextafter(low, np.inf):
        return float(str(np.float32(low))) if np.float32(low) == low else low
    middle = (low + high) / 2
    return next((value for digits in range(1, 17) if low <= (value := float(f"{middle:.{digits}g}")) <= high), middle)


def _write_values(values: Sequence[float]) -> list[str]:
    """Write numbers with as many digits as it takes to tell neighbours apart."""
    if all(value == round(value) for value in values):
        return [_write_whole(value) for value in values]
    texts: list[str] = []
    for digits in range(4, 17):
        texts = [_write_number(value, digits) for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def _write_number(value: float, digits: int) -> str:
    size = abs(value)
    if value and (size >= 1e9 or size < 1e-5):
        text = f"{size:.{digits}g}"
    else:
        text = np.format_float_positional(size, precision=digits, fractional=False, unique=False, trim="-")
    return f"−{text}" if value < 0 else text


def _write_whole(value: float) -> str:
    """Write a whole number; only long ones have separators, as years have none.

    >>> _write_whole(2015.0), _write_whole(-20150.0)
    ('2015', '−20,150')
    """
    if not math.isfinite(value) or abs(value) >= 1e15:
        return f"{value:g}"
    text = f"{abs(value):,.0f}" if abs(value) >= 10_000 else f"{abs(value):.0f}"
    return f"−{text}" if value < 0 else text
