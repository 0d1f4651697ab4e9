"""A TOML table read key by key, so that every mistake in a definition is named with its place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from preprocessing.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Table:
    """One table of a definition; `close` refuses the keys that nobody asked for."""

    def __init__(self, where: str, path: str, content: object) -> None:
        self.where = where
        self.path = path
        if not isinstance(content, dict):
            raise DefinitionError(where, path, f"expected a table, got {_shown(content)}")
        self._content: Mapping[str, object] = content
        self._asked: set[str] = set()

    def fail(self, key: str, expected: str) -> DefinitionError:
        """Make (not raise) the error for one key of this table."""
        return DefinitionError(self.where, f"{self.path}.{key}" if self.path else key, expected)

    def value(self, key: str) -> object:
        """Return what stands at the key, or None."""
        self._asked.add(key)
        return self._content.get(key)

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.fail(key, f"expected a string, got {_shown(value)}")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str = "") -> str:
        """Return one of the allowed strings; with no default the key must be there."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.fail(key, f"expected one of {', '.join(allowed)}, got {_shown(self.value(key))}")
        return value

    def boolean(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.fail(key, f"expected true or false, got {_shown(value)}")
        return value

    def number(
        self, key: str, default: float | None = None, least: float = -math.inf, most: float = math.inf
    ) -> float | None:
        """Return a finite number between `least` and `most`, or the default."""
        value = self.value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(key, f"expected a number, got {_shown(value)}")
        if not least <= value <= most:
            raise self.fail(key, f"expected a number from {least:g} to {most:g}, got {value}")
        return float(value)

    def whole(self, key: str, default: int, least: int = 0) -> int:
        """Return a whole number of at least `least`."""
        value = self.value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.fail(key, f"expected a whole number of at least {least}, got {_shown(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self.value(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, f"expected a list of strings, got {_shown(value)}")
        return tuple(value)

    def mapping(self, key: str) -> dict[str, str]:
        """Return a table of strings."""
        table = self.table(key)
        return {name: table.text(name) for name in table.names()}

    def table(self, key: str) -> Table:
        """Return a table inside this one; an absent one is empty."""
        value = self.value(key)
        return Table(self.where, f"{self.path}.{key}" if self.path else key, {} if value is None else value)

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables."""
        value = self.value(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(key, f"expected a list of tables, got {_shown(value)}")
        path = f"{self.path}.{key}" if self.path else key
        return [Table(self.where, f"{path}[{place}]", item) for place, item in enumerate(value)]

    def names(self) -> tuple[str, ...]:
        """Return the keys of a table whose keys are names that the user chose."""
        self._asked.update(self._content)
        return tuple(self._content)

    def rest(self) -> dict[str, object]:
        """Return what nobody asked for yet (the parameters of an estimator)."""
        return {key: value for key, value in self._content.items() if key not in self._asked}

    def close(self) -> None:
        """Refuse unknown keys, naming the known ones."""
        for key in self.rest():
            raise self.fail(key, f"unknown key; known here are {', '.join(sorted(self._asked))}")


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)[:80]
