"""A profile of the kept rows of one upload, column by column, for its receipt; computed table by table."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from refrain.ingest.category_counts import CategoryCounts
from refrain.ingest.category_hints import hint_categories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from preprocessing import Definition

MAX_TOP_VALUES = 10


class Profile:
    """The figures of every column of a definition."""

    def __init__(self, definition: Definition) -> None:
        self._columns = {name: _KINDS[column.kind]() for name, column in definition.columns.items()}
        self._free = [name for name, column in definition.columns.items() if not column.allowed]

    def add(self, table: pa.Table) -> None:
        """Add the rows of a table made by `curated.arrow_table`."""
        for name, column in self._columns.items():
            column.add(table.column(name))

    def figures(self) -> dict[str, Mapping[str, object]]:
        """Return the figures for the receipt; `count` is the number of values that are not missing."""
        return {name: column.document() for name, column in self._columns.items()}

    def hints(self) -> Iterator[str]:
        """Say which categories are most likely the same, where the definition does not list them itself."""
        for name in self._free:
            column = self._columns[name]
            if isinstance(column, _Category):
                yield from hint_categories(name, column.counts.by_value())


class _Column(ABC):
    kind = ""

    def __init__(self) -> None:
        self.count = 0
        self.missing = 0

    def add(self, values: Any) -> None:
        self.missing += values.null_count
        present = values.drop_null()
        self.count += len(present)
        if len(present):
            self.update(present)

    @abstractmethod
    def update(self, present: Any) -> None: ...

    @abstractmethod
    def figures(self) -> dict[str, object]: ...

    def document(self) -> dict[str, object]:
        return {"type": self.kind, "count": self.count, "missing": self.missing, **self.figures()}


class _Number(_Column):
    """Mean and variance in one pass: Chan, Golub, LeVeque, Updating Formulae and a Pairwise Algorithm (1979)."""

    kind = "number"

    def __init__(self) -> None:
        super().__init__()
        self.least, self.most = math.inf, -math.inf
        self.mean = self.squares = 0.0

    def update(self, present: Any) -> None:
        values = np.asarray(present.to_numpy())
        self.least, self.most = min(self.least, float(values.min())), max(self.most, float(values.max()))
        mean = float(values.mean())
        shift = mean - self.mean
        share = len(values) / self.count
        self.squares += float(np.square(values - mean).sum()) + shift * shift * share * (self.count - len(values))
        self.mean += shift * share

    def figures(self) -> dict[str, object]:
        if not self.count:
            return {"min": None, "max": None, "mean": None, "std": None}
        return {"min": self.least, "max": self.most, "mean": self.mean, "std": math.sqrt(self.squares / self.count)}


class _Boolean(_Column):
    kind = "boolean"

    def __init__(self) -> None:
        super().__init__()
        self.true = 0

    def update(self, present: Any) -> None:
        self.true += pc.sum(present).as_py()

    def figures(self) -> dict[str, object]:
        return {"true": self.true, "false": self.count - self.true}


class _Time(_Column):
    kind = "time"

    def __init__(self) -> None:
        super().__init__()
        self.least: np.datetime64 | None = None
        self.most: np.datetime64 | None = None

    def update(self, present: Any) -> None:
        values = np.asarray(present.to_numpy())
        self.least = values.min() if self.least is None else min(self.least, values.min())
        self.most = values.max() if self.most is None else max(self.most, values.max())

    def figures(self) -> dict[str, object]:
        return {"min": _iso(self.least), "max": _iso(self.most)}


def _iso(time: np.datetime64 | None) -> str | None:
    return None if time is None else f"{time}Z"


class _Category(_Column):
    kind = "category"

    def __init__(self) -> None:
        super().__init__()
        self.counts = CategoryCounts()

    def update(self, present: Any) -> None:
        for chunk in present.chunks:
            self.counts.add(chunk)

    def figures(self) -> dict[str, object]:
        rows = self.counts.by_value()
        top = sorted(rows.items(), key=lambda item: (-item[1], item[0]))[:MAX_TOP_VALUES]
        return {
            "distinct": len(rows),
            "distinct_is_at_least": self.counts.is_capped,
            "top": [{"value": value, "rows": rows} for value, rows in top],
        }


_KINDS: Mapping[str, type[_Column]] = {"number": _Number, "boolean": _Boolean, "time": _Time, "category": _Category}
