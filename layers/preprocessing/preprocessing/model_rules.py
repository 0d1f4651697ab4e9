"""The rules of a definition about the use of a model, from its training to the checks of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["immediate", "shadow", "canary"]
Transform = Literal["none", "log1p", "sqrt"]


type Option = str | bool | int | float


@dataclass(frozen=True)
class ParameterRange:
    """The bounds of a parameter that is searched for, in steps of 1 where it is `whole`."""

    low: float
    high: float
    whole: bool

    @property
    def by_ratio(self) -> bool:
        """Whether values are spread by their ratios: between bounds of the same sign, one tenfold the other."""
        return self.low > 0 and self.high >= 10 * self.low


@dataclass(frozen=True)
class Search:
    """The parameters to try, each by its options or its bounds, in so many trials."""

    parameters: Mapping[str, tuple[Option, ...] | ParameterRange]
    trials: int


@dataclass(frozen=True)
class Candidate:
    """An estimator by its dotted name, its parameters, and the recipe of its features; "" is not calibrated."""

    name: str
    estimator: str
    features: str
    parameters: Mapping[str, object]
    calibrate: Literal["", "isotonic", "sigmoid"] = ""
    search: Search | None = None


@dataclass(frozen=True)
class Training:
    """Which rows a model learns from, and how they are split. `window` is in seconds; None is without limit.

    Rows that are equal in the column `group` stay on one side; the column `weight` says how much each counts in a fit
    ("" for neither). `positive` is the class of two that figures such as F1 are of, "" for the rarer one. A value is
    learned by its `transform`, and answered in its own unit. `too_many_rows` says what becomes of rows beyond what
    training holds.
    """

    window: float | None
    holdout: float
    split: Literal["time", "upload", "hash"]
    group: str
    weight: str
    metric: str
    positive: str
    transform: Transform
    min_rows: int
    too_many_rows: Literal["sample", "refuse"]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Decision:
    """What decisions cost, by true and decided class; without any costs, answers name no decision."""

    cost: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Gate:
    """When a challenger may replace the champion.

    It must surely gain more than `least_gain`, in the metric's unit. `margin` is the share of what is at stake that
    still counts as no worse.
    """

    min_metric: float | None
    max_metric: float | None
    confidence: float
    max_latency_ms: float | None
    max_memory_mb: float | None = None
    margin: float = 0.1
    least_gain: float = 0.0


@dataclass(frozen=True)
class Rollout:
    """How a better model takes over. `share` is the share of entities that a canary answers for.

    `without_labels` says what becomes of a challenger when fewer than `least_labels` came. With `approval`, nothing
    goes into service before a person agrees, within `approval_hours`.
    """

    mode: Mode = "immediate"
    share: float = 0.1
    least_rows: int = 200
    least_labels: int = 100
    without_labels: Literal["keep", "promote"] = "keep"
    least_minutes: float = 60.0
    most_minutes: float = 4320.0
    approval: bool = False
    approval_hours: float = 72.0


@dataclass(frozen=True)
class Serving:
    """Whether answers say how sure they are, and the share of the truths that has to lie within."""

    uncertainty: Literal["on_request", "always"] = "on_request"
    coverage: float = 0.9


@dataclass(frozen=True)
class Retraining:
    """When to retrain without being asked. Lengths are in seconds; None is without limit."""

    every: str
    new_rows: int
    on_drift: bool
    cooldown: float
    max_failed_runs: int
    max_age: float | None


@dataclass(frozen=True)
class Monitoring:
    """Which share of predictions is captured, and how they are monitored.

    Predictions of one `window` (seconds) are compared with the training data; those of the last `quality` seconds with
    their labels. Numbers drift by at least `least_shift` standard deviations, shares by `least_points` percentage
    points. A drift is confirmed when at least `alarm[0]` of the last `alarm[1]` windows show it. Quality and drift are
    told apart by the values of the features in `segments`, and of pairs of them.
    """

    capture: float
    window: float
    quality: float
    alarm: tuple[int, int]
    least_shift: float
    least_points: float
    ignore: tuple[str, ...]
    segments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recommending:
    """The share of the slots of recommended lists that explore: each holds an item that ranks just below the list."""

    explore: float = 0.0


@dataclass(frozen=True)
class Checks:
    """The method checks that are not made: each `check`, or `check:column` for one column alone."""

    ignore: tuple[str, ...] = ()

    def ignores(self, check: str, column: str = "") -> bool:
        """Tell whether a check is ignored, as a whole or for a column.

        >>> Checks(("copies", "leaking_column:distance")).ignores("leaking_column", "distance")
        True
        """
        return check in self.ignore or f"{check}:{column}" in self.ignore
