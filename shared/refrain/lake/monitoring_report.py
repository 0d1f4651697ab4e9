"""A monitoring report: how a model did, and what was decided. The page is drawn from it, the next report continues it.

Every list is bounded, however many rows, features or reports there were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

from refrain.aws.storage import to_json
from refrain.errors import NotFound
from refrain.lake.document import Document
from refrain.lake.judged_window import JudgedWindow, PastWindow
from refrain.lake.quality_figures import CoverageFigures, EvaluatedQuality, MeasuredQuality, RecommendationHits
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

    What has a default is for models with a champion. `summary` begins with the `headline`. `window` is the latest
    judged one; `waiting` counts the rows that came since and are not judged yet, `waiting_files` the captured files and
    labels that there was no time to read. `history` are the judged windows so far, of earlier versions too.
    `last_start` is when a report last started a run. The model has drifted since `drifted_since`, and its measured
    quality has been below the gate since `below_gate_since`. A recommender is monitored by its interactions, and has
    `hits` but no `quality`.
    """

    model: str
    time: str
    version: str | None = None
    served_since: str | None = None
    state: DriftState = "not_judged"
    headline: str = ""
    summary: str = ""
    alarm: tuple[int, int]
    least_shift: float = 0.1
    least_points: float = 1.0
    evaluated: EvaluatedQuality | None = None
    window: JudgedWindow | None = None
    waiting: int = 0
    damaged: int = 0
    waiting_files: int = 0
    quality: MeasuredQuality | None = None
    coverage: CoverageFigures | None = None
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

    @property
    def has_lost_coverage(self) -> bool:
        """Whether intervals and sets that callers were told of late are withheld: too many truths lay outside."""
        coverage = self.coverage
        return coverage is not None and coverage.held is not None and coverage.adapted.withheld == "coverage_lost"

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
