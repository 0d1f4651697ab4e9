"""Reads the tables of a definition by tables of keys, and names every mistake with its place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from preprocessing.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_LENGTH = re.compile(r"([0-9]*[1-9][0-9]*)([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
MAX_LENGTH_SECONDS = 100 * 366 * 86400.0
"""A century, so that no time less a length is before the calendar."""


@dataclass(frozen=True)
class Key:
    """What may stand at a key: what is `expected` (for the error), how it is parsed, and its default.

    `parse` raises `LookupError`, `TypeError` or `ValueError` for a value that it refuses. A `required` key has no
    default. `schema` is the JSON Schema of its values, as far as one can say it.
    """

    expected: str
    parse: Callable[[Any], Any]
    default: Any = None
    required: bool = False
    schema: Mapping[str, Any] = MappingProxyType({})


class Table:
    """One table of a definition."""

    def __init__(self, where: str, path: str, content: object) -> None:
        self.where = where
        self.path = path
        if not isinstance(content, dict):
            raise DefinitionError(where, path, f"expected a table, got {_shown(content)}")
        self.content: Mapping[str, object] = content

    def fail(self, key: str, problem: str) -> DefinitionError:
        """Make (not raise) the error for one key of this table."""
        return DefinitionError(self.where, self._path(key), problem)

    def get(self, name: str, key: Key) -> Any:
        """Read one value."""
        value = self.content.get(name)
        if value is None and not key.required:
            return key.default
        try:
            return key.parse(value)
        except (LookupError, TypeError, ValueError):
            raise self.fail(name, f"expected {key.expected}, got {_shown(value)}") from None

    def read(self, keys: Mapping[str, Key], tables: Collection[str] = ()) -> dict[str, Any]:
        """Read all values; refuse keys that are neither among `keys` nor the names of `tables` inside this one."""
        values = {name: self.get(name, key) for name, key in keys.items()}
        for name in self.content:
            if name not in keys and name not in tables:
                raise self.fail(name, f"unknown key; the keys here are {', '.join(sorted({*keys, *tables}))}")
        return values

    def table(self, name: str) -> Table:
        """Return a table inside this one; an absent one is empty."""
        content = self.content.get(name)
        return Table(self.where, self._path(name), {} if content is None else content)

    def tables(self, name: str) -> list[Table]:
        """Return a list of tables."""
        tables = self.get(name, Key("a list of tables", of_type(list), []))
        return [Table(self.where, f"{self._path(name)}[{index}]", content) for index, content in enumerate(tables)]

    def _path(self, key: str) -> str:
        return ".".join(filter(None, (self.path, key)))


def of_type[Value](kind: type[Value]) -> Callable[[object], Value]:
    """Parse a value by accepting those of one type."""

    def parse(value: object) -> Value:
        if type(value) is not kind:
            raise TypeError
        return value

    return parse


def match_text(pattern: re.Pattern[str], value: object) -> str:
    """Accept a text that matches a pattern."""
    text = of_type(str)(value)
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def _epoch_seconds(value: object) -> float:
    time = datetime.fromisoformat(of_type(str)(value))
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


STRING: Mapping[str, Any] = {"type": "string"}
STRINGS: Mapping[str, Any] = {"type": "array", "items": STRING}
TEXT = Key("a string", of_type(str), "", schema=STRING)
TEXTS = Key("a list of strings", lambda value: tuple(map(of_type(str), of_type(list)(value))), (), schema=STRINGS)
TEXT_TABLE = Key(
    "a table of strings",
    lambda value: {name: of_type(str)(item) for name, item in of_type(dict)(value).items()},
    {},
    schema={"type": "object", "additionalProperties": STRING},
)
BOOLEAN = Key("true or false", of_type(bool), False, schema={"type": "boolean"})
TIME = Key("an ISO 8601 time", _epoch_seconds, schema=STRING)


def choice(allowed: Sequence[str], default: str | None = None) -> Key:
    """Accept one of the allowed texts; without a default it is required."""
    schema = {"type": "string", "enum": list(allowed)}
    return Key(
        f"one of {', '.join(allowed)}", lambda value: allowed[allowed.index(value)], default, default is None, schema
    )


def number(default: float | None = None, least: float = -math.inf, most: float = math.inf) -> Key:
    """Accept a finite number between two bounds.

    >>> number(0.2, 0.01, 0.9).expected, number(0.1, 0).expected
    ('a number from 0.01 to 0.9', 'a number of at least 0')
    """

    def parse(value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= most:
            raise ValueError
        return float(value)

    bounds = (
        f" from {least:g} to {most:g}" if most < math.inf else f" of at least {least:g}" if least > -math.inf else ""
    )
    return Key(f"a number{bounds}", parse, default, schema=_bounded("number", least, most))


def _rising(value: object) -> tuple[float, ...]:
    edges = tuple(map(number().parse, of_type(list)(value)))
    if any(right <= left for left, right in pairwise(edges)):
        raise ValueError
    return edges


RISING = Key(
    "a list of numbers, each one greater than the one before",
    _rising,
    (),
    schema={"type": "array", "items": {"type": "number"}},
)


def whole(default: int, least: int = 0, most: int | None = None) -> Key:
    """Accept a whole number of at least `least`, and at most `most`."""

    def parse(value: object) -> int:
        result = of_type(int)(value)
        if result < least or (most is not None and result > most):
            raise ValueError
        return result

    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    return Key(
        f"a whole number {bounds}",
        parse,
        default,
        schema=_bounded("integer", least, math.inf if most is None else most),
    )


def _bounded(kind: str, least: float, most: float) -> dict[str, Any]:
    bounds = {"minimum": least, "maximum": most}
    return {"type": kind, **{name: bound for name, bound in bounds.items() if math.isfinite(bound)}}


def length(default: float | None, empty: float | None) -> Key:
    """Accept a length of time, read as seconds; `empty` is what an empty text means.

    >>> length(None, None).parse("12h")
    43200.0
    """

    def parse(value: object) -> float | None:
        if value == "":
            return empty
        text = match_text(_LENGTH, value)
        seconds = float(text[:-1]) * _SECONDS[text[-1]]
        if seconds > MAX_LENGTH_SECONDS:
            raise ValueError
        return seconds

    schema = {"type": "string", "pattern": rf"^({_LENGTH.pattern})?$"}
    return Key("a length such as 12h, 365d or 8w, of at most a century", parse, default, schema=schema)


def pattern_key(expected: str, pattern: re.Pattern[str], default: str | None = "") -> Key:
    """Accept a text that matches a pattern; without a default it is required."""
    schema = {"type": "string", "pattern": f"^({pattern.pattern})$"}
    return Key(expected, partial(match_text, pattern), default, default is None, schema)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)[:80]
