"""Tells what columns are for besides learning: the key and the time of a row, and what several rows are about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import is_missing
from refrain.checks.split_checks import MAX_ENTITY_ROWS, MIN_ENTITIES
from refrain.drafting.column_facts import twins_of, why_no_feature
from refrain.drafting.name_words import BIRTHS, DATES, KEYS, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Array
    from refrain.drafting.column_guess import ColumnGuess

MIN_TIMES = 10
MAX_ONE_TIME = 0.3
"""Rows of one time, as a share: with more of them the newest rows cannot be told from the others."""

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class RowRoles:
    """What a row is about: its key, its time, its group, and the features derived from times, with reasons."""

    key: tuple[str, ...] = ()
    time: str = ""
    group: str = ""
    derived: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def assign_roles(
    features: Mapping[str, ColumnGuess], typed: Mapping[str, Array], sampled: float, incomplete: frozenset[str]
) -> tuple[RowRoles, dict[str, ColumnGuess]]:
    """Choose key, time and group, none of them incomplete; return them with the columns as they are then."""
    suited = {name: guess for name, guess in features.items() if name not in incomplete}
    reasons: dict[str, str] = {}
    columns = {
        name: guess if guess.left_out else guess.leave_out(why_no_feature(guess, typed[name], sampled))
        for name, guess in features.items()
    }
    time = _event_time({name: columns[name] for name in suited}, typed)
    unique = [name for name in suited if _is_key(columns[name], typed, sampled)]
    key, group = tuple(unique[:1]), ""
    if key:
        reasons["key"] = "it names a row: the latest upload of a row counts"
    else:
        entity = next((name for name in suited if _is_entity(features[name], typed, sampled)), "")
        if entity and time and _are_unique(entity, time, typed):
            key, reasons["key"] = (entity, time), "together they name a row: the latest upload of a row counts"
        elif entity and not time and not is_missing(typed[entity]).any():
            group, reasons["training.group"] = entity, f"rows of one {entity} stay on one side of the split"
        elif entity:
            columns[entity] = columns[entity].leave_out("it names what several rows are about")
    if time:
        reasons["time"] = "the newest rows are held out, as in service: the past foretells the future"
    for name in key:
        columns[name] = _as_key(features[name]) if name != time else columns[name]
    if group:
        settings = {**features[group].keys, "role": "ignore", "required": True}
        columns[group] = replace(features[group], keys=settings, reason="names what several rows are about")
    derived: dict[str, dict[str, Any]] = {}
    for name, guess in columns.items():
        if guess.type == "time" and not guess.left_out:
            features_of_time = _derive(name, time, typed, {*columns, *derived})
            derived |= features_of_time
            if name != time:
                columns[name] = replace(
                    guess, keys={**guess.keys, "role": "ignore"}, reason=guess.reason or "see below"
                )
    return RowRoles(key, time, group, derived, reasons), columns


def _event_time(columns: Mapping[str, ColumnGuess], typed: Mapping[str, Array]) -> str:
    """Choose the time at which a row happened: one that all rows have, and whose name fits best."""
    names = [name for name, guess in columns.items() if guess.type == "time" and not guess.left_out]
    complete = [name for name in names if _tells_order(typed[name]) and not words_of(name) & BIRTHS]
    named = [name for name in complete if words_of(name) & DATES]
    return next(iter([*named, *complete]), "")


def _tells_order(times: Array) -> bool:
    _, counts = np.unique(times, return_counts=True)
    return len(counts) >= MIN_TIMES and int(counts.max()) <= MAX_ONE_TIME * len(times) and not is_missing(times).any()


def _is_key(guess: ColumnGuess, typed: Mapping[str, Array], sampled: float) -> bool:
    if not guess.left_out or guess.name not in typed or not words_of(guess.name) & KEYS:
        return False
    values = typed[guess.name]
    return not is_missing(values).any() and twins_of(values, sampled) == 0


def _is_entity(guess: ColumnGuess, typed: Mapping[str, Array], sampled: float) -> bool:
    """Tell whether a column names what several rows are about, such as a customer."""
    if guess.name not in typed or guess.type not in ("category", "number") or not words_of(guess.name) & KEYS:
        return False
    present = typed[guess.name][~is_missing(typed[guess.name])]
    distinct = len(set(present.tolist()))
    return distinct >= MIN_ENTITIES and 1 <= twins_of(present, sampled) < MAX_ENTITY_ROWS


def _are_unique(entity: str, time: str, typed: Mapping[str, Array]) -> bool:
    pairs = list(zip(typed[entity].tolist(), typed[time].tolist(), strict=True))
    return len(set(pairs)) == len(pairs) and not is_missing(typed[entity]).any()


def _as_key(guess: ColumnGuess) -> ColumnGuess:
    """Return the column of a key as a category, since numbers beyond 2^53 could not be told apart."""
    if guess.type != "number":
        return replace(guess, left_out="", reason="the key")
    return replace(guess, type="category", keys={"whole": True}, left_out="", reason="the key")


def _derive(name: str, event: str, typed: Mapping[str, Array], taken: set[str]) -> dict[str, dict[str, Any]]:
    """Derive from a time what comes again, or from another time how far it is from the event."""
    times = typed[name][~is_missing(typed[name])]
    if name != event:
        if event:
            return {_free(f"{name}_age", taken): {"make": "days_between", "from": [event, name]}}
        return {_free(f"{name}_days", taken): {"make": "days", "from": name}}
    days = times.astype("datetime64[D]")
    span = days.max() - days.min()
    makers = [
        ("hour", len(set(times.astype("datetime64[h]").astype(int) % 24)) > 1),
        ("weekday", span >= 14 * _DAY and len(set(days.astype(int) % 7)) > 1 and _has_days(days)),
        ("month", span >= 330 * _DAY and len(set(days.astype("datetime64[M]").astype(int) % 12)) > 1),
    ]
    return {_free(f"{name}_{maker}", taken): {"make": maker, "from": name} for maker, is_useful in makers if is_useful}


def _has_days(days: Array) -> bool:
    """Tell whether dates are days, and not months or years."""
    return len(set((days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(int).tolist())) > 1


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
