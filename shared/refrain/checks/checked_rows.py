"""The rows that method checks look at: of each side of the split a sample of bounded size."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from preprocessing.derive import compute
from refrain.classes import class_labels, class_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Array, Column, Columns, Definition, Vocabularies
    from refrain.arrays import Truth

MAX_CHECKED_ROWS = 20_000
"""Of each side. Faults that matter are in many rows, so more would show no others."""

MAX_SCORED_ROWS = 5_000
"""Of each side, for a model's answers, which take longer."""

MIN_ID_ROWS = 50
MAX_TWINS = 0.1
"""Other rows with the value of a row, on average: so few have a text that names the row."""

MAX_NUMBER_TWINS = 0.02
MAX_GAPS = 3
"""A row number lies in a range of at most so many times the rows."""


class CheckedSide:
    """One side of the split. `whole` has all rows, read column by column; a feature is read for the sample alone."""

    def __init__(self, definition: Definition, whole: Mapping[str, Array], seed: int = 0) -> None:
        self.definition, self.whole = definition, whole
        self.target = whole[definition.target]
        self.rows = len(self.target)
        draw = np.random.default_rng(seed)
        sampled = min(self.rows, MAX_CHECKED_ROWS)
        self.positions = np.sort(draw.choice(self.rows, sampled, replace=False))
        self._read: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        """Return a column or a derived feature for the sampled rows."""
        if name not in self._read:
            derived = {item.name: item for item in self.definition.derived}.get(name)
            if derived:
                self._read[name] = compute(derived, [self[source] for source in derived.sources])
            else:
                self._read[name] = self.whole[name][self.positions]
        return self._read[name]

    @property
    def scored(self) -> slice:
        """The sampled rows that a model is asked about: every second one, or third, and so on."""
        return slice(None, None, -(-len(self.positions) // MAX_SCORED_ROWS))

    @property
    def inputs(self) -> Columns:
        """The columns of the scored rows that features are made of."""
        return {name: self[name][self.scored] for name in self.definition.inputs}

    @property
    def share(self) -> float:
        """The share of the rows that are sampled."""
        return len(self.positions) / self.rows


class CheckedRows:
    """Both sides of the split, and what all checks need of them; `vocabularies` are what a model learned."""

    def __init__(
        self,
        definition: Definition,
        train: Mapping[str, Array],
        holdout: Mapping[str, Array],
        vocabularies: Vocabularies = MappingProxyType({}),
    ) -> None:
        self.definition, self.vocabularies = definition, vocabularies
        self.train, self.holdout = CheckedSide(definition, train), CheckedSide(definition, holdout)

    @cached_property
    def classes(self) -> list[str]:
        """The classes of both sides, sorted; none of a regression."""
        if self.definition.task == "regression":
            return []
        sides = (self.train.target, self.holdout.target)
        return sorted(set().union(*(class_labels(self._column, target).tolist() for target in sides)))

    @cached_property
    def train_truth(self) -> Truth:
        """The class numbers, or values, of all training rows."""
        return self._truth(self.train.target)

    @cached_property
    def holdout_truth(self) -> Truth:
        """The class numbers, or values, of all holdout rows."""
        return self._truth(self.holdout.target)

    @property
    def sampled_train_truth(self) -> Truth:
        """The same of the sampled training rows."""
        return self.train_truth[self.train.positions]

    @property
    def sampled_holdout_truth(self) -> Truth:
        """The same of the sampled holdout rows."""
        return self.holdout_truth[self.holdout.positions]

    @property
    def columns(self) -> list[str]:
        """The features that are columns."""
        return [name for name, column in self.definition.columns.items() if column.feature]

    def kind(self, name: str) -> str:
        """Return the type of a column or feature; a derived feature is a number."""
        column = self.definition.columns.get(name)
        return column.kind if column else "number"

    def is_time(self, name: str) -> bool:
        """Tell whether a feature is a point in time, as it stands or as a number of days."""
        days = {item.name for item in self.definition.derived if item.make == "days"}
        return self.kind(name) == "time" or name in days

    def is_constant(self, name: str) -> bool:
        """Tell whether all sampled training rows have the same value, or none."""
        values, absent = self.train[name], is_missing(self.train[name])
        return bool(absent.all() or (not absent.any() and (values == values[0]).all()))

    @cached_property
    def id_like(self) -> frozenset[str]:
        """The columns with another value in nearly every row: texts, and whole numbers without gaps."""
        return frozenset(name for name in self.definition.columns if self._is_id_like(name))

    def _is_id_like(self, name: str) -> bool:
        values = self.train[name]
        present = values[~is_missing(values)]
        if len(present) < MIN_ID_ROWS:
            return False
        if values.dtype == object:
            counts = np.array(list(Counter(present.tolist()).values()))
        elif values.dtype.kind != "f" or (present % 1).any() or np.ptp(present) > MAX_GAPS * self.train.rows:
            return False
        else:
            counts = np.unique(present, return_counts=True)[1]
        twins = float((counts * (counts - 1)).sum()) / len(present) / self.train.share
        return twins <= (MAX_TWINS if values.dtype == object else MAX_NUMBER_TWINS)

    @property
    def _column(self) -> Column:
        return self.definition.columns[self.definition.target]

    def _truth(self, target: Array) -> Truth:
        if not self.classes:
            return target.astype(np.float64)
        return class_numbers(class_labels(self._column, target), self.classes)
