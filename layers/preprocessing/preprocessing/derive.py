"""Derived features: small functions from typed arrays to a float64 array, with NaN for missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.time_values import to_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from preprocessing.columns import Array
    from preprocessing.definition import Derived


@dataclass(frozen=True)
class Maker:
    """A function, and the types of the columns that it takes; `is_local` takes times in the zone of their column."""

    kinds: tuple[str, ...]
    make: Callable[..., Array]
    is_local: bool = False


def days(times: Array) -> Array:
    """Days since 1970 (float32 keeps minutes of days, but not seconds of epochs)."""
    return _since_1970(times, "us", 86_400_000_000.0)


def hour(times: Array) -> Array:
    """Hour of the day, 0 to 23."""
    return _since_1970(times, "h", 1.0) % 24


def weekday(times: Array) -> Array:
    """Day of the week, Monday 0 to Sunday 6.

    >>> weekday(np.array(["2026-11-23"], "datetime64[us]")).tolist()
    [0.0]
    """
    return (_since_1970(times, "D", 1.0) + 3) % 7  # 1970-01-01 was a Thursday


def month(times: Array) -> Array:
    """Month of the year, 1 to 12."""
    return _since_1970(times, "M", 1.0) % 12 + 1


def day_of_year(times: Array) -> Array:
    """Day of the year, 1 to 366."""
    return _since_1970(times, "D", 1.0) - _since_1970(times.astype("datetime64[Y]"), "D", 1.0) + 1


def log1p(values: Array) -> Array:
    """Natural logarithm of 1 + x; NaN where x <= -1."""
    return np.log1p(np.where(values > -1, values, np.nan))


def ratio(values: Array, by: Array) -> Array:
    """First over second; NaN where the second is 0."""
    return values / np.where(by == 0, np.nan, by)


def difference(values: Array, less: Array) -> Array:
    """First minus second."""
    return np.asarray(values - less)


def product(values: Array, times: Array) -> Array:
    """First times second."""
    return np.asarray(values * times)


def days_between(later: Array, earlier: Array) -> Array:
    """Days from the second time to the first."""
    return days(later) - days(earlier)


MAKERS: dict[str, Maker] = {
    "days": Maker(("time",), days),
    "hour": Maker(("time",), hour, is_local=True),
    "weekday": Maker(("time",), weekday, is_local=True),
    "month": Maker(("time",), month, is_local=True),
    "day_of_year": Maker(("time",), day_of_year, is_local=True),
    "days_between": Maker(("time", "time"), days_between),
    "log1p": Maker(("number",), log1p),
    "ratio": Maker(("number", "number"), ratio),
    "difference": Maker(("number", "number"), difference),
    "product": Maker(("number", "number"), product),
}
"""The functions that `make` in a definition may name."""


def compute(derived: Derived, sources: Sequence[Array]) -> Array:
    """Make a derived feature of its typed source columns."""
    if derived.zone:
        sources = [to_zone(times, derived.zone) for times in sources]
    return MAKERS[derived.make].make(*sources)


def _since_1970(times: Array, unit: str, divisor: float) -> Array:
    units = times.astype(f"datetime64[{unit}]").astype(np.int64) / divisor
    return np.where(np.isnat(times), np.nan, units)
