"""The drawings of one model of a run: a part of its evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document


@dataclass(frozen=True)
class Line(Document):
    """Points of a curve."""

    x: list[float]
    y: list[float]


@dataclass(frozen=True)
class CalibrationBins(Document):
    """Quantile bins of the answers: mean answer, mean truth with its interval, and rows of each bin."""

    answered: list[float]
    observed: list[float]
    low: list[float]
    high: list[float]
    rows: list[int]


@dataclass(frozen=True)
class Histogram(Document):
    """Row counts between edges, for several series of rows by their names."""

    of: str
    edges: list[float]
    series: dict[str, list[int]]


@dataclass(frozen=True)
class Confusion(Document):
    """Row counts: `rows[i][j]` rows are truly `classes[i]` and were answered `classes[j]`."""

    classes: list[str]
    rows: list[list[int]]


@dataclass(frozen=True)
class Residuals(Document):
    """Quantiles of truth minus answer, in quantile bins of the answer."""

    answered: list[float]
    quantiles: dict[str, list[float]]


@dataclass(frozen=True)
class Curves(Document):
    """The drawings of one model: `roc`, `histogram` and `confusion` for classes, `residuals` for values."""

    calibration: CalibrationBins
    calibration_of: str
    roc: Line | None = None
    histogram: Histogram | None = None
    confusion: Confusion | None = None
    residuals: Residuals | None = None
