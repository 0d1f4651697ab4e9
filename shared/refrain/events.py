"""The fields of a function's event, checked in one way and refused in one style, before anything is done.

>>> read_fields({"model": "income"}, {"model": MODEL, "reason": REASON.optional("manual")}, closed=True)
{'model': 'income', 'reason': 'manual'}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from refrain.errors import InvalidRequest
from refrain.times import from_iso
from refrain.words import listed

if TYPE_CHECKING:
    from datetime import datetime

MAX_REASON_LENGTH = 500
FIRST_YEAR, LAST_YEAR = 2000, 2199
RUN_NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")
"""The second in which a run started (UTC), and six digits of a hash of its execution's name."""

_REQUIRED = object()


@dataclass(frozen=True)
class Field:
    """One field: what is expected, in words, and the function that reads it, raising `ValueError` or `TypeError`."""

    expected: str
    read: Callable[[Any], Any]
    default: Any = _REQUIRED

    def optional(self, default: object = None) -> Field:
        """Return the same field with a default, which is taken when the event has no such field."""
        return replace(self, default=default)

    def read_from(self, event: Mapping[str, Any], name: str) -> Any:
        """Read the field. Raises `InvalidRequest`, naming it and what was expected."""
        value = event.get(name, None if self.default is _REQUIRED else self.default)
        if value is self.default:
            return value
        try:
            return self.read(value)
        except (ValueError, TypeError):
            raise InvalidRequest(f"{name}: expected {self.expected}, got {value!r:.80}") from None


def read_fields(event: object, fields: Mapping[str, Field], *, closed: bool = False) -> dict[str, Any]:
    """Read the fields of an event, in their order; a closed event may have no other. Raises `InvalidRequest`."""
    if not isinstance(event, Mapping):
        raise InvalidRequest(f'expected an object such as {{"model": "income"}}, got {event!r:.80}')
    unknown = sorted(str(name) for name in event.keys() - fields.keys())
    if closed and unknown:
        raise InvalidRequest(f"{', '.join(unknown)}: unknown; known are {listed(list(fields))}")
    return {name: field.read_from(event, name) for name, field in fields.items()}


def one_of(*names: str) -> Field:
    """Return a field that is one of a few words.

    >>> read_fields({"move": "win"}, {"move": one_of("promote", "keep")})
    Traceback (most recent call last):
    refrain.errors.InvalidRequest: move: expected one of promote, keep, got 'win'
    """
    return Field(f"one of {', '.join(names)}", _value_if(str, names.__contains__))


def matching(pattern: re.Pattern[str], expected: str) -> Field:
    """Return a field whose text matches a pattern as a whole."""
    return Field(expected, _value_if(str, pattern.fullmatch))


def _value_if(kind: type, accepts: Callable[[Any], object] = lambda _: True) -> Callable[[Any], Any]:
    """Return a reader of values of one type that are accepted."""

    def read(value: Any) -> Any:
        if not isinstance(value, kind) or not accepts(value):
            raise ValueError
        return value

    return read


def _model_name(value: Any) -> Any:
    from preprocessing import MODEL_NAME  # with numpy, which the check before traffic does not have

    return _value_if(str, MODEL_NAME.fullmatch)(value)


def _time_of_today(value: Any) -> datetime:
    """Read a time that leaves room for windows before and trials after it."""
    time = from_iso(value)
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError
    return time


TEXT = Field("text", _value_if(str, bool))
MODEL = Field("the name of a model", _model_name)
RUN = matching(RUN_NAME, "the name of a run")
VERSION = matching(re.compile(r"[^/]+"), "the name of a version")
REASON = Field(
    f"text of 1 to {MAX_REASON_LENGTH} characters", _value_if(str, lambda text: 0 < len(text) <= MAX_REASON_LENGTH)
)
TIME = Field(f"an ISO 8601 time of the years {FIRST_YEAR} to {LAST_YEAR}", _time_of_today)
COUNT = Field("a whole number of at least 0", _value_if(int, lambda number: number >= 0))
FLAG = Field("true or false", _value_if(bool))
