"""One look at a model as one JSON document: what the page is drawn from, what the next look continues.

Every list is bounded, however many rows, features or looks there were.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

type DriftState = Literal["steady", "watch", "drifted", "not_judged"]


class FigureDocument(TypedDict):
    """See `figures.Figure`."""

    value: float
    low: float
    high: float
    rows: int


class MovedDocument(TypedDict):
    """See `drift.Moved`. `reference` and `window` are shares of the `cells`, empty where that is not told.

    `since` is the beginning of the first of the windows in a row, up to this one, in which it drifted. `usual`: it
    moved so much while the training data was gathered, too, that this is no more than usual.
    """

    name: str
    answer: bool
    p: float
    effect: float
    drifted: bool
    usual: bool
    importance: float
    matters: float
    since: str | None
    cells: list[str]
    reference: list[float]
    window: list[float]


class NewDocument(TypedDict):
    """See `arrivals.New`."""

    feature: str
    share: float
    expected: float
    values: list[str]


class GapsDocument(TypedDict):
    """See `arrivals.Gaps`."""

    feature: str
    share: float
    reference: float


class WindowDocument(TypedDict):
    """One judged window. `alarmed`: something drifted, or the estimated quality is surely below the gate."""

    since: str
    until: str
    rows: int
    alarmed: bool
    estimated: FigureDocument | None
    estimated_breaks_gate: bool
    unfamiliar: float
    unfamiliar_features: dict[str, float]
    features: list[MovedDocument]
    features_tested: int
    new_values: list[NewDocument]
    missing: list[GapsDocument]


class PastWindow(TypedDict):
    """What is remembered of a judged window. `effects` are those of the features that were told of."""

    version: str
    since: str
    until: str
    rows: int
    alarmed: bool
    drifted: list[str]
    effects: dict[str, float]
    estimated: FigureDocument | None
    measured: FigureDocument | None
    unfamiliar: float


class QualityDocument(TypedDict):
    """Quality against labels. `measured` is None with `why`; `worse` than evaluated and `breaks_gate` mean surely."""

    since: str
    measured: FigureDocument | None
    why: str
    labelled: int
    share: float
    delay_seconds: float | None
    worse: bool
    breaks_gate: bool


class HitsDocument(TypedDict):
    """Whether recommendations were taken. `popular` is the share of them that went to unknown users."""

    since: str
    recommendations: int
    answered: int
    taken: int
    rate: FigureDocument | None
    popular: float
    damaged: int


class EvaluatedDocument(TypedDict):
    """What the version was promoted for: its metric on the holdout, and the gate's bound."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    bound: float | None


class RetrainingDecision(TypedDict):
    """See `deciding.Verdict` and `is_overdue`; `execution` names the run that was started."""

    start: bool
    code: str
    reason: str
    execution: str | None
    overdue: NotRequired[bool]


class MonitoringReport(TypedDict):
    """One look at one model. Times are ISO 8601 in UTC.

    `window` is the latest judged one, `waiting` counts the predictions since, that are not judged yet. `last_start` is
    when a look last started a run. A recommender is judged by interactions, and has `hits` in place of `quality`.
    """

    model: str
    time: str
    version: str | None
    served_since: str | None
    state: DriftState
    summary: str
    alarm: list[int]
    least_effect: float
    evaluated: EvaluatedDocument | None
    window: WindowDocument | None
    waiting: int
    damaged: int
    quality: QualityDocument | None
    hits: HitsDocument | None
    history: list[PastWindow]
    decision: RetrainingDecision
    last_start: str | None
