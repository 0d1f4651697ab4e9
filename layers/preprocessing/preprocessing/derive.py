"""Derived features: small functions from typed arrays to a float64 array, with NaN for missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.own_functions import is_own, load_function
from preprocessing.time_values import to_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from preprocessing.columns import Array, Columns
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


def bins(values: Array, edges: Array) -> Array:
    """How many edges a number has reached.

    >>> bins(np.array([17, 18, 99, np.nan]), np.array([18, 65])).tolist()
    [0.0, 1.0, 2.0, nan]
    """
    return np.where(np.isnan(values), np.nan, np.searchsorted(edges, values, side="right"))


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
    "bins": Maker(("number",), bins),
}
"""The functions that `make` in a definition may name."""


def derive(features: Iterable[Derived], columns: Columns) -> dict[str, Array]:
    """Make derived features, float64, of typed columns and of those before them."""
    arrays = dict(columns)
    for derived in features:
        arrays[derived.name] = compute(derived, [arrays[source] for source in derived.sources])
    return {derived.name: arrays[derived.name] for derived in features}


def compute(derived: Derived, sources: Sequence[Array]) -> Array:
    """Make a derived feature of its typed sources; what is beyond float32, or no number, is missing."""
    with np.errstate(all="ignore"):
        values = _function(derived)(*sources)
        return np.where(np.isfinite(values.astype(np.float32)), values, np.nan)


def _function(derived: Derived) -> Callable[..., Array]:
    if is_own(derived.make):
        return load_function(derived.make).call
    make = MAKERS[derived.make].make
    if derived.zone:
        return lambda *times: make(*(to_zone(time, derived.zone) for time in times))
    return partial(make, edges=np.array(derived.edges)) if derived.edges else make


def _since_1970(times: Array, unit: str, divisor: float) -> Array:
    units = times.astype(f"datetime64[{unit}]").astype(np.int64) / divisor
    return np.where(np.isnat(times), np.nan, units)
