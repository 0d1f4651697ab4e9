"""A monitoring report: how a model did, and what was decided. The page is drawn from it, the next report continues it.

Every list is bounded, however many rows, features or reports there were.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

from preprocessing.rules_section import SMALLER_IS_BETTER
from refrain.aws.storage import to_json
from refrain.errors import NotFound
from refrain.lake.document import Document
from refrain.lake.evaluation import Answer
from refrain.times import from_iso, to_key

if TYPE_CHECKING:
    from datetime import datetime

    from refrain.aws.storage import Store

type DriftState = Literal["steady", "watch", "drifted", "not_judged"]
type RetrainingCode = Literal[
    "quality",
    "drift",
    "new_rows",
    "age",
    "due",
    "preprocessing",
    "nothing",
    "running",
    "brake",
    "nothing_new",
    "cooldown",
]


@dataclass(frozen=True)
class Estimate(Document):
    """A metric, or a share, computed on so many rows, and the interval in which it lies."""

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Distribution(Document):
    """One feature, or one answer, of a window against training.

    `p` is the probability of such a difference by chance, `effect` its size. `usual` means that it differed as much
    while the training data was gathered. `importance` is the feature's share of what the model relies on, and `matters`
    the effect weighted by it. `since` is when the first of the latest windows in a row began in which it drifted.
    `reference` and `window` are shares of the `cells`; they are empty beyond the most important distributions.
    """

    name: str
    answer: bool
    p: float
    effect: float
    drifted: bool
    importance: float
    matters: float
    usual: bool = False
    since: str | None = None
    cells: tuple[str, ...] = ()
    reference: tuple[float, ...] = ()
    window: tuple[float, ...] = ()


@dataclass(frozen=True)
class NewValues(Document):
    """Values of a category that training did not see: the share of rows that have one, and the expected share."""

    feature: str
    share: float
    expected: float
    values: tuple[str, ...]


@dataclass(frozen=True)
class MissingValues(Document):
    """Missing values of a feature: the share in the window, and in training (`reference`)."""

    feature: str
    share: float
    reference: float


@dataclass(frozen=True)
class JudgedWindow(Document):
    """One judged window. It is `alarmed` if a distribution drifted, or the estimated quality breaks the gate."""

    since: str
    until: str
    rows: int
    alarmed: bool
    distributions: tuple[Distribution, ...]
    distributions_tested: int
    unfamiliar: float = 0.0
    unfamiliar_features: dict[str, float] = field(default_factory=dict)
    new_values: tuple[NewValues, ...] = ()
    missing: tuple[MissingValues, ...] = ()
    estimated: Estimate | None = None
    estimated_breaks_gate: bool = False


@dataclass(frozen=True)
class PastWindow(Document):
    """What later reports need of a judged window. `effects` are by distribution."""

    version: str
    since: str
    until: str
    rows: int
    alarmed: bool
    drifted: tuple[str, ...]
    effects: dict[str, float]
    estimated: Estimate | None
    measured: Estimate | None
    unfamiliar: float


@dataclass(frozen=True)
class MeasuredQuality(Document):
    """The metric against labels; `measured` is None where `why` gives the reason.

    `share` is that of the predictions that have a label, `delay_seconds` how long half of the labels took. `answer`
    compares it with the holdout, and about `rows_needed` more labels would decide; both are None where nothing is
    compared. `breaks_gate` holds for the whole interval.
    """

    since: str
    measured: Estimate | None
    why: str
    labelled: int
    share: float
    delay_seconds: float | None
    breaks_gate: bool
    answer: Answer | None = None
    rows_needed: int | None = None


@dataclass(frozen=True)
class RecommendationHits(Document):
    """How many recommendations were answered by an interaction, and how many were taken.

    `popular` is the share of recommendations to unknown users, `rate` the share of the answered ones that were taken.
    """

    since: str
    recommendations: int
    answered: int
    taken: int
    rate: Estimate | None
    popular: float
    damaged: int


@dataclass(frozen=True)
class EvaluatedQuality(Document):
    """The metric that the version had on the holdout, and the bound that the gate sets.

    `margin` is how much worse still is no worse, None where that is unknown.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    bound: float | None
    margin: float | None = None

    def breaks_gate(self, estimate: Estimate) -> bool:
        """Tell whether the whole interval of an estimate lies beyond the gate's bound.

        >>> evaluated = EvaluatedQuality("roc_auc", 0.85, 0.83, 0.87, 0.8)
        >>> evaluated.breaks_gate(Estimate(0.7, 0.65, 0.75, 100)), evaluated.breaks_gate(Estimate(0.78, 0.7, 0.86, 100))
        (True, False)
        """
        if self.bound is None:
            return False
        return estimate.low > self.bound if self.metric in SMALLER_IS_BETTER else estimate.high < self.bound


@dataclass(frozen=True)
class RetrainingDecision(Document):
    """Whether a run was started, and why; `execution` is its name. `overdue` means that retraining is far behind."""

    start: bool
    code: RetrainingCode
    reason: str
    execution: str | None = None
    overdue: bool = False


UNDECIDED = RetrainingDecision(False, "nothing", "")


@dataclass(frozen=True, kw_only=True)
class MonitoringReport(Document):
    """One report on one model. Times are ISO 8601 in UTC.

    What has a default is for models with a champion. `window` is the latest judged one; `waiting` counts the rows that
    came since and are not judged yet. `history` are the judged windows so far, of earlier versions too. `last_start` is
    when a report last started a run. The model has drifted since `drifted_since`, and its measured quality has been
    below the gate since `below_gate_since`. A recommender is monitored by its interactions, and has `hits` but no
    `quality`.
    """

    model: str
    time: str
    version: str | None = None
    served_since: str | None = None
    state: DriftState = "not_judged"
    summary: str = ""
    alarm: tuple[int, int]
    least_effect: float
    evaluated: EvaluatedQuality | None = None
    window: JudgedWindow | None = None
    waiting: int = 0
    damaged: int = 0
    quality: MeasuredQuality | None = None
    hits: RecommendationHits | None = None
    history: tuple[PastWindow, ...]
    decision: RetrainingDecision = UNDECIDED
    last_start: str | None
    drifted_since: str | None = None
    below_gate_since: str | None = None

    @property
    def own_windows(self) -> tuple[PastWindow, ...]:
        """The judged windows since this version went into service (it may have served before)."""
        if self.served_since is None:
            return ()
        since = from_iso(self.served_since)
        return tuple(past for past in self.history if past.version == self.version and from_iso(past.since) >= since)

    def continue_alarms(self, before: MonitoringReport | None) -> Self:
        """Say since when the model has drifted, and its quality been below the gate.

        An alarm ends when a report denies it, and not because a new version has not been judged yet.
        """
        measured = self.quality is not None and self.quality.measured is not None
        drifted_since, below_since = (before.drifted_since, before.below_gate_since) if before else (None, None)
        return replace(
            self,
            drifted_since=_since(self.state == "drifted", self.state == "steady", drifted_since, self.time),
            below_gate_since=_since(self.breaks_gate, measured and not self.breaks_gate, below_since, self.time),
        )

    @property
    def breaks_gate(self) -> bool:
        """Whether the measured quality breaks the gate."""
        return self.quality is not None and self.quality.breaks_gate

    @staticmethod
    def prefix(model: str) -> str:
        """Prefix of the reports on a model."""
        return f"monitoring/{model}/"

    @staticmethod
    def key(model: str, time: datetime, form: Literal["json", "html"] = "json") -> str:
        """A report as JSON, or its page; keys of a model sort by time."""
        return f"{MonitoringReport.prefix(model)}{to_key(time)}.{form}"

    @classmethod
    def read(cls, store: Store, model: str, time: datetime) -> Self | None:
        """Read the report of a time; None when there is none."""
        try:
            return cls.from_json(store.read_json(cls.key(model, time)))
        except NotFound:
            return None

    @classmethod
    def read_before(cls, store: Store, model: str, time: datetime) -> Self | None:
        """Read the latest report before a time; None when there is none."""
        key = cls.key(model, time)
        earlier = [name for name in store.keys(cls.prefix(model)) if name.endswith(".json") and name < key]
        return cls.from_json(store.read_json(earlier[-1])) if earlier else None

    def write(self, store: Store) -> None:
        """Write the report, unless there is one of this time."""
        store.write_new(self.key(self.model, from_iso(self.time)), to_json(self.to_json()))


def _since(alarmed: bool, denied: bool, earlier: str | None, now: str) -> str | None:
    return None if denied else earlier or (now if alarmed else None)
