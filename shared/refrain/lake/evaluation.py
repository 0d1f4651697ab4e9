"""The evaluation of one run as one JSON document: what the report is drawn from, and what other programs may read.

Every list is bounded (see `curves`), so the document stays small however many rows were evaluated.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, NotRequired, TypedDict, cast

from preprocessing.definition import Task
from refrain.evaluation.decision import Decision, DecisionCode, Figures, VerdictCode

Outcome = Literal["promoted", "kept", "superseded", "dismissed"]


class ParityDocument(TypedDict):
    """See `parity.Parity`."""

    rows: int
    max_difference: float
    differing: int


class FiguresDocument(TypedDict):
    """See `decision.Figures`."""

    name: str
    version: str
    value: float | None
    interval: Sequence[float] | None
    gain: float | None
    gain_interval: Sequence[float] | None
    no_worse: float | None
    latency_ms: float | None
    bytes: int | None
    parity: ParityDocument | None
    golden: ParityDocument | None
    error: str | None


class Line(TypedDict):
    """Points of a curve."""

    x: list[float]
    y: list[float]


class CalibrationBins(TypedDict):
    """Quantile bins of what a model answered, against what was true: mean, interval of the mean, rows in each bin."""

    answered: list[float]
    observed: list[float]
    low: list[float]
    high: list[float]
    rows: list[int]


class Series(TypedDict):
    """One histogram of several on the same edges."""

    name: str
    rows: list[int]


class Histogram(TypedDict):
    """Row counts between edges."""

    of: str
    edges: list[float]
    series: list[Series]


class Confusion(TypedDict):
    """Row counts: `rows[i][j]` rows are truly `classes[i]` and were answered `classes[j]`."""

    classes: list[str]
    rows: list[list[int]]


class Residuals(TypedDict):
    """Quantiles of truth minus answer, in quantile bins of the answer."""

    answered: list[float]
    quantiles: dict[str, list[float]]


class Curves(TypedDict, total=False):
    """What the report draws of one model; `roc`, `histogram` and `confusion` for classes, `residuals` for values."""

    roc: Line
    calibration: CalibrationBins
    calibration_of: str
    histogram: Histogram
    confusion: Confusion
    residuals: Residuals


class Importance(TypedDict):
    """How much worse the metric gets when a feature's values are shuffled: mean and spread over the repeats."""

    feature: str
    loss: float
    deviation: float


class ModelDocument(TypedDict):
    """One compared model. `metrics` are all metrics of the task by name, for information.

    `beside` are figures of a recommender that no metric is (see `recommendation.beside`).
    """

    figures: FiguresDocument
    estimator: str
    metrics: NotRequired[dict[str, float]]
    curves: NotRequired[Curves]
    importance: NotRequired[list[Importance]]
    beside: NotRequired[dict[str, float]]


class GateDocument(TypedDict):
    """See `preprocessing.Gate`."""

    min_metric: float | None
    max_metric: float | None
    confidence: float
    max_latency_ms: float | None


class VerdictDocument(TypedDict):
    """See `decision.Verdict`."""

    name: str
    version: str
    code: VerdictCode
    reason: str


class GateDecision(TypedDict):
    """See `decision.Decision`."""

    promote: bool
    code: DecisionCode
    version: str | None
    reason: str
    verdicts: Sequence[VerdictDocument]
    confidence: float


class Evaluation(TypedDict):
    """One run of retraining, from its data to its outcome. Times are ISO 8601 in UTC.

    Of a recommendation `popularity` is the metric of the most popular items; `users` is how many were asked about.
    """

    model: str
    run: str
    task: Task
    metric: str
    reason: str
    started_at: str
    finished_at: str
    data: dict[str, Any]
    gate: GateDocument
    champion: ModelDocument | None
    candidates: list[ModelDocument]
    decision: GateDecision
    outcome: Outcome
    trial: NotRequired[dict[str, Any]]
    popularity: NotRequired[float | None]
    users: NotRequired[int]


def figures_document(figures: Figures) -> FiguresDocument:
    """Return the figures as plain JSON values.

    >>> figures_document(Figures("forest", "1-forest", error="no"))["error"]
    'no'
    """
    return cast(FiguresDocument, asdict(figures))


def decision_document(decision: Decision) -> GateDecision:
    """Return the decision as plain JSON values."""
    return cast(GateDecision, asdict(decision))
