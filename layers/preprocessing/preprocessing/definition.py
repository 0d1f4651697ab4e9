"""A model definition: everything that is special about a model, as immutable data.

Read from `layers/models/<model>.toml` (see `loading`), and again from the manifest of each version, so that a version
is always served by the definition it was trained with.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Task = Literal["classification", "regression", "recommendation"]
Kind = Literal["number", "category", "time", "boolean"]
Mode = Literal["immediate", "shadow", "canary"]

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """One kept column. `least` and `most` bound numbers, and times (as epoch seconds)."""

    name: str
    kind: Kind
    feature: bool = True
    required: bool = False
    missing: frozenset[str] = frozenset()
    least: float | None = None
    most: float | None = None
    allowed: tuple[str, ...] = ()
    lower: bool = False
    replace: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    format: str = ""


@dataclass(frozen=True)
class Derived:
    """A feature made from columns by a named function of `derive`."""

    name: str
    make: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Roles:
    """Of a recommendation: which column names who, what and how much; `describe` is returned with an item.

    An empty `weight` counts every row once. The time is the definition's.
    """

    user: str
    item: str
    weight: str = ""
    describe: tuple[str, ...] = ()


@dataclass(frozen=True)
class UploadFormat:
    """How uploads are read where the default does not do."""

    header: tuple[str, ...] = ()
    delimiter: str = ""
    encoding: str = ""
    decimal: str = "."
    missing: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class Candidate:
    """An estimator of scikit-learn by its dotted name, its parameters, and the recipe of its features."""

    name: str
    estimator: str
    features: str
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Training:
    """What is learned from, and how it is split. `window` in seconds; None is everything."""

    window: float | None
    holdout: float
    split: Literal["time", "upload", "hash"]
    metric: str
    min_rows: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Gate:
    """When a challenger may replace the champion."""

    min_metric: float | None
    max_metric: float | None
    confidence: float
    max_latency_ms: float | None


@dataclass(frozen=True)
class Rollout:
    """How a better model takes over. `share` is of the entities that a canary answers for."""

    mode: Mode = "immediate"
    share: float = 0.1
    least_rows: int = 200
    most_minutes: float = 1440.0


@dataclass(frozen=True)
class Retraining:
    """When to retrain without being asked. Lengths are in seconds; a `max_age` of None is any age."""

    every: str
    new_rows: int
    on_drift: bool
    cooldown: float
    most_without_promotion: int
    max_age: float | None


@dataclass(frozen=True)
class Monitoring:
    """What is kept of predictions, and how they are looked at.

    `window` is how long predictions are gathered before they are held against the training data, `quality` how far back
    they are held against their labels. Drift is what at least `alarm[0]` of the last `alarm[1]` windows found.
    """

    capture: float
    window: float
    quality: float
    alarm: tuple[int, int]
    least_effect: float
    ignore: tuple[str, ...]


@dataclass(frozen=True)
class Definition:
    """One model. `document` is the plain mapping that it was read from.

    A recommendation has `roles`, and neither target nor features; all others have no roles.
    """

    model: str
    task: Task
    target: str
    key: tuple[str, ...]
    time: str
    source: UploadFormat
    columns: Mapping[str, Column]
    derived: tuple[Derived, ...]
    training: Training
    gate: Gate
    rollout: Rollout
    retraining: Retraining
    monitoring: Monitoring
    document: Mapping[str, object]
    roles: Roles | None = None

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Columns that a caller sends: the features, and what the derived features are made from."""
        sources = {source for derived in self.derived for source in derived.sources}
        return tuple(c.name for c in self.columns.values() if c.feature or c.name in sources)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Columns of the feature matrix, in its order: feature columns, then derived features."""
        return (
            *(column.name for column in self.columns.values() if column.feature),
            *(derived.name for derived in self.derived),
        )

    @cached_property
    def required(self) -> frozenset[str]:
        """Columns without which a row is of no use: said so, or the target, a key or the event time."""
        said = {column.name for column in self.columns.values() if column.required}
        asked = (self.roles.user, self.roles.item, self.roles.weight) if self.roles else (self.target,)
        return frozenset(name for name in (*said, *asked, *self.key, self.time) if name)

    @property
    def predicted_column(self) -> str:
        """The column that is predicted: the target, or the item that a user chooses next."""
        return self.roles.item if self.roles else self.target

    @property
    def capture(self) -> float:
        """The share of predictions that is kept."""
        return self.monitoring.capture

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the parts that shape clean rows; training may change without a new one."""
        shaping = {name: self.document.get(name) for name in ("task", "target", "key", "time", "source", "columns")}
        return hashlib.sha256(json.dumps(shaping, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class RecommenderDefinition(Definition):
    """A recommender: its columns have roles, and it has neither target nor features."""

    roles: Roles = field(kw_only=True)
