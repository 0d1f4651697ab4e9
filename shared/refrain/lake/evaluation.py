"""The evaluation of a run: what the report is drawn from, and what other programs may read.

Every list is bounded (see `refrain.evaluation.curves`), so the object stays small however many rows were evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from preprocessing import Gate
from preprocessing.definition import Task
from refrain.lake.approval import ApprovalAnswer
from refrain.lake.calibrated import Calibrated
from refrain.lake.compared_counts import ComparedCounts
from refrain.lake.decision_rule import DecisionRule
from refrain.lake.document import Document, StoredDocument
from refrain.lake.footprint import Footprint
from refrain.lake.list_worth import ListWorth
from refrain.lake.method_checks import MethodChecks
from refrain.lake.model_curves import Curves
from refrain.lake.parity_figures import AnswerRounding, Parity
from refrain.lake.refit_outcome import Prequential, RefitOutcome
from refrain.lake.search import SearchResult
from refrain.lake.snapshot import DataSummary, snapshot_key
from refrain.lake.stakes import Stakes
from refrain.lake.trial_outcome import HARMS, TrialOutcome
from refrain.lake.version import version_key, version_name

if TYPE_CHECKING:
    from refrain.aws.storage import Store

Outcome = Literal["promoted", "refreshed", "kept", "superseded", "dismissed", "waiting"]
DecisionCode = Literal["first_model", "champion_failed", "better", "not_better", "all_refused", "all_failed"]
Refusal = Literal[
    "too_large", "failed", "parity_broken", "inexact", "golden_broken", "below_floor", "below_trivial", "too_slow"
]
Answer = Literal["better", "no_worse", "worse", "undecided"]
VerdictCode = Literal[Refusal, "promoted", "not_better", "not_best"]
REFUSALS: tuple[Refusal, ...] = get_args(Refusal)


@dataclass(frozen=True)
class Figures(Document):
    """The figures of one model; one that could not be trained or loaded has only its names and the `error`.

    `gain` to `rows_needed` are against the champion, or without one against the trivial predictor (see
    `statistics.comparison`). `latency_ms` is of one row. The `footprint` of one that evaluation had no memory to load
    is the least that it takes. A champion that learned from all rows of its run was asked by its `judged` twin. In the
    order of time, `block` rows that follow each other say the same. `rounding` is of values alone.
    """

    name: str
    version: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    block: int = 1
    gain: float | None = None
    gain_interval: tuple[float, float] | None = None
    chance: float | None = None
    answer: Answer | None = None
    seen_gain: float | None = None
    rows_needed: int | None = None
    latency_ms: float | None = None
    bytes: int | None = None
    parity: Parity | None = None
    golden: Parity | None = None
    rounding: AnswerRounding | None = None
    footprint: Footprint | None = None
    error: str | None = None
    judged: str | None = None


@dataclass(frozen=True)
class Importance(Document):
    """How much worse the metric gets when a feature's values are shuffled, and the standard error of that."""

    feature: str
    loss: float
    standard_error: float


@dataclass(frozen=True)
class ToldUncertainty(Document):
    """What answers tell of their uncertainty: the bound of their errors at a coverage, and of sets the mean length."""

    coverage: float
    bound: float
    labels: float | None = None


@dataclass(frozen=True)
class ModelSummary(Document):
    """One model of a run. `metrics` are all metrics of the task by name; few rows have no `uncertainty`.

    Only the champion, the candidate in focus and the twin of a refitted version have an `importance`. A recommender has
    no `curves` and no `importance`; it has figures `beyond_accuracy`, what `logged` lists say of its own, and `chosen`
    parameters where its definition left them open.
    """

    figures: Figures
    estimator: str
    metrics: dict[str, float] = field(default_factory=dict)
    curves: Curves | None = None
    importance: list[Importance] = field(default_factory=list)
    beyond_accuracy: dict[str, float] = field(default_factory=dict)
    uncertainty: ToldUncertainty | None = None
    logged: ListWorth | None = None
    chosen: dict[str, str | bool | int | float] = field(default_factory=dict)
    calibrated: Calibrated | None = None
    rule: DecisionRule | None = None
    search: SearchResult | None = None


@dataclass(frozen=True)
class CandidateVerdict(Document):
    """What became of one candidate, and one sentence why."""

    name: str
    version: str
    code: VerdictCode
    reason: str


@dataclass(frozen=True)
class GateDecision(Document):
    """Whether to promote `version`, or keep the champion (None). `reason` is one sentence for people."""

    promote: bool
    code: DecisionCode
    version: str | None
    reason: str
    verdicts: tuple[CandidateVerdict, ...]

    @property
    def focus(self) -> str | None:
        """The version of the best candidate that passed the gate, which the report looks at closely."""
        best = (item.version for item in self.verdicts if item.code in ("promoted", "not_better"))
        return next(best, None)


@dataclass(frozen=True)
class Evaluation(StoredDocument):
    """One run of retraining, from its data to its outcome. Times are ISO 8601 in UTC.

    `since_cut` says how the version in service did on rows that it has not learned. The figures of two classes are of
    the `positive` one. A recommender has no method `checks`, but `users`, who were asked about.
    """

    path = "snapshots/{}/{}/evaluation.json"

    model: str
    run: str
    task: Task
    metric: str
    reason: str
    started_at: str
    finished_at: str
    data: DataSummary
    compared: ComparedCounts
    gate: Gate
    champion: ModelSummary | None
    candidates: list[ModelSummary]
    decision: GateDecision
    outcome: Outcome
    stakes: Stakes
    refit: RefitOutcome | None = None
    since_cut: Prequential | None = None
    trial: TrialOutcome | None = None
    approval: ApprovalAnswer | None = None
    users: int | None = None
    checks: MethodChecks | None = None
    positive: str | None = None

    @property
    def champion_version(self) -> str | None:
        """The champion that the candidates were compared with, or None."""
        return self.champion.figures.version if self.champion else None

    @property
    def judged_version(self) -> str | None:
        """The version that was judged on the holdout and whose recipe goes into service."""
        refit = self.refit
        return version_name(self.run, refit.candidate) if refit and refit.candidate else self.decision.version

    @property
    def next_version(self) -> str | None:
        """The version that the run puts into service or on trial: the refitted one where it is proved."""
        refit = self.refit
        return refit.version if refit and refit.code == "proved" else self.decision.version

    @property
    def failed_checks(self) -> list[str]:
        """The names of the method checks that found something, in the order of their codes."""
        return list(dict.fromkeys(item.check for item in self.checks.findings)) if self.checks else []

    @property
    def failed(self) -> bool:
        """Whether nothing came of the run that could serve; that the champion stays is no failure."""
        harmed = self.outcome == "dismissed" and self.trial is not None and self.trial.code in HARMS
        return harmed or self.decision.code in {"all_refused", "all_failed"}

    def summary_of(self, version: str) -> ModelSummary | None:
        """Return a candidate by its version, None for another version."""
        return next((candidate for candidate in self.candidates if candidate.figures.version == version), None)


def list_run_reports(store: Store, model: str) -> list[str]:
    """List the pages of all runs of a model, and those beside the versions that they promoted."""
    folders = (snapshot_key(model, "", "")[:-1], version_key(model, "", "")[:-1])
    return [key for folder in folders for key in store.keys(folder) if key.endswith("/report.html")]


def write_report(store: Store, model: str, run: str, page: bytes, version: str | None) -> str:
    """Write the report of a run, also beside the version that it promoted, and return the key to name."""
    key = snapshot_key(model, run, "report.html")
    store.write(key, page)
    if version is not None:
        key = version_key(model, version, "report.html")
        store.write_new(key, page)
    return key
