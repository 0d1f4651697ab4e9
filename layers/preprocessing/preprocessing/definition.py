"""A model definition: everything that is special about a model, as immutable data.

It is read from TOML (see `definition_reader`), and again from the manifest of each version, so that a version is always
served by the definition it was trained with.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from preprocessing.cells import MISSING_MARKS
from preprocessing.number_values import NumberForm
from preprocessing.texts import TEXT_WIDTH
from preprocessing.time_values import TimeForm
from preprocessing.values import marks_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.cells import Marks
    from preprocessing.model_rules import (
        Checks,
        Decision,
        Gate,
        Monitoring,
        Recommending,
        Retraining,
        Rollout,
        Serving,
        Training,
    )

Task = Literal["classification", "regression", "recommendation"]
Kind = Literal["number", "category", "time", "boolean"]

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """One column that is kept. `least` and `most` bound numbers, and times (as epoch seconds).

    `missing` holds all texts that mean missing, the usual ones included. A `text` is a category for all but the model,
    which gets its words.
    """

    name: str
    kind: Kind
    feature: bool = True
    required: bool = False
    missing: frozenset[str] = MISSING_MARKS
    least: float | None = None
    most: float | None = None
    allowed: tuple[str, ...] = ()
    lower: bool = False
    replace: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    whole: bool = False
    text: bool = False
    numbers: NumberForm = field(default_factory=NumberForm)
    times: TimeForm = field(default_factory=TimeForm)

    @cached_property
    def marks(self) -> Marks:
        """What means missing, parsed once by the column's own parser."""
        return marks_of(self)


@dataclass(frozen=True)
class Derived:
    """A feature that a function of `derive`, or one's own, computes from columns and from features before it.

    It is made of local times where it has a zone. `edges` part the bins of `bins`.
    """

    name: str
    make: str
    sources: tuple[str, ...]
    zone: str = ""
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class Roles:
    """The columns of a recommender: users, items, weights, and the texts that describe an item in an answer.

    Without a `weight` every row counts once. The column of the time is the definition's `time`.
    """

    user: str
    item: str
    weight: str = ""
    describe: tuple[str, ...] = ()


@dataclass(frozen=True)
class UploadFormat:
    """How uploads are read, where the defaults do not fit."""

    header: tuple[str, ...] = ()
    delimiter: str = ""
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    skip: int = 0
    encoding: str = ""
    decimal: str = "."
    missing: tuple[str, ...] = ()
    only_missing: tuple[str, ...] | None = None
    thousands: str = ""
    currency: bool = False
    percent: bool = False
    trailing_minus: bool = False
    zone: str = ""
    rename: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    strict: bool = False


@dataclass(frozen=True)
class Definition:
    """One model. `document` is the plain mapping from which it was read."""

    model: str
    task: Task
    target: str
    key: tuple[str, ...]
    time: str
    source: UploadFormat
    columns: Mapping[str, Column]
    derived: tuple[Derived, ...]
    training: Training
    decision: Decision
    gate: Gate
    rollout: Rollout
    serving: Serving
    retraining: Retraining
    monitoring: Monitoring
    checks: Checks
    document: Mapping[str, object]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Columns that a caller sends: the features, and the sources of derived features."""
        sources = {source for derived in self.derived for source in derived.sources}
        return tuple(name for name, column in self.columns.items() if column.feature or name in sources)

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """The times that are made of several columns, and the names of those."""
        return {name: column.times.parts for name, column in self.columns.items() if column.times.parts}

    @cached_property
    def raw_names(self) -> Mapping[str, None]:
        """The names that values may have before they are decoded: those of columns, and of the parts of times."""
        return dict.fromkeys(chain(self.columns, *self.parts.values()))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Columns of the feature matrix, in its order: feature columns, then derived features (sources first)."""
        return (
            *(column.name for column in self.columns.values() if column.feature),
            *(derived.name for derived in self.derived),
        )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The features that are free text."""
        return tuple(name for name, column in self.columns.items() if column.feature and column.text)

    @cached_property
    def matrix_columns(self) -> Mapping[str, list[int]]:
        """Where the matrix holds each feature: in its own column, and a text also in those of its words, at the end."""
        starts = {name: len(self.features) + TEXT_WIDTH * index for index, name in enumerate(self.texts)}
        words = {name: range(start, start + TEXT_WIDTH) for name, start in starts.items()}
        return {name: [index, *words.get(name, ())] for index, name in enumerate(self.features)}

    @property
    def matrix_width(self) -> int:
        """How many columns the matrix has."""
        return len(self.features) + TEXT_WIDTH * len(self.texts)

    @cached_property
    def required(self) -> frozenset[str]:
        """Columns that every row needs: those marked so, the target, the key, the event time and the weight."""
        marked = (name for name, column in self.columns.items() if column.required)
        return frozenset({*marked, self.target, *self.key, self.time, self.training.weight} - {""})

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that tell what was learned: the group, else the key, else all but the target.

        With the target, rows of equal features would be learned with one label and judged by the other.
        """
        everything = tuple(name for name in self.columns if name != self.target)
        return (self.training.group,) if self.training.group else self.key or everything

    @property
    def predicted_column(self) -> str:
        """The column that is predicted."""
        return self.target

    @property
    def capture(self) -> float:
        """The share of predictions that is captured."""
        return self.monitoring.capture

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the parts that shape clean rows; training may change without a new one."""
        shaping = {name: self.document.get(name) for name in ("task", "target", "key", "time", "source", "columns")}
        if isinstance(source := shaping["source"], dict):
            shaping["source"] = {name: value for name, value in source.items() if name != "strict"}
        return hashlib.sha256(json.dumps(shaping, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class RecommenderDefinition(Definition):
    """A recommender: its columns have roles, and it has neither target nor features."""

    roles: Roles
    recommending: Recommending

    @cached_property
    def required(self) -> frozenset[str]:
        """Columns that every row needs: user, item and weight besides the others."""
        return super().required | ({self.roles.user, self.roles.item, self.roles.weight} - {""})

    @property
    def identity(self) -> tuple[str, ...]:
        """User and item: who chooses an item again learns nothing new about it."""
        return (self.roles.user, self.roles.item)

    @property
    def predicted_column(self) -> str:
        """The item, since a user's next one is predicted."""
        return self.roles.item
