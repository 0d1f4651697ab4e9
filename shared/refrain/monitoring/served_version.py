"""What is known of the version in service, read once a look: its baseline, and how it was evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocessing import Definition, PreprocessingError
from refrain.errors import BrokenVersion, NotFound
from refrain.lake import keys
from refrain.lake.version import Baseline, Manifest
from refrain.statistics.metrics import METRICS
from refrain.times import from_iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Served
    from refrain.lake.evaluation import CalibrationBins, ModelDocument
    from refrain.lake.monitoring_report import EvaluatedDocument
    from refrain.statistics.estimate import Figure


@dataclass(frozen=True)
class Version:
    """A version as monitoring sees it. `evaluated` is its part of its run's evaluation, None where that is gone."""

    name: str
    since: datetime
    definition: Definition
    vocabularies: Mapping[str, tuple[str, ...]]
    classes: tuple[str, ...]
    baseline: Baseline
    evaluated: ModelDocument | None

    @property
    def importance(self) -> dict[str, float]:
        """Share of each feature in what the model relies on; what makes it worse (a loss below zero) counts nothing."""
        found = self.evaluated.get("importance", []) if self.evaluated else []
        losses = {each["feature"]: max(each["loss"], 0.0) for each in found}
        total = sum(losses.values())
        return {name: loss / total for name, loss in losses.items()} if total else {}

    @property
    def calibration(self) -> tuple[CalibrationBins, str] | None:
        """Its calibration on the holdout, and of what it is."""
        curves = self.evaluated.get("curves") if self.evaluated else None
        if not curves or "calibration" not in curves:
            return None
        return curves["calibration"], curves.get("calibration_of", "")

    def evaluated_document(self, definition: Definition) -> EvaluatedDocument:
        """Tell what it was evaluated at, by the metric and with the gate of the present definition."""
        metric, gate = definition.training.metric, definition.gate
        figures = self.evaluated["figures"] if self.evaluated else None
        if figures is None or self.definition.training.metric != metric:
            value, interval = None, None
        else:
            value, interval = figures["value"], figures["interval"]
        low, high = (interval[0], interval[1]) if interval else (None, None)
        bound = gate.min_metric if METRICS[metric].greater_is_better else gate.max_metric
        return {"metric": metric, "value": value, "low": low, "high": high, "bound": bound}

    def was_surely_better(self, definition: Definition, found: Figure) -> bool:
        """Tell whether the whole interval of a later figure lies on the worse side of that on the holdout."""
        evaluated = self.evaluated_document(definition)
        low, high = evaluated["low"], evaluated["high"]
        if low is None or high is None:
            return False
        return found.high < low if METRICS[evaluated["metric"]].greater_is_better else found.low > high


def read_served_version(store: Store, model: str, served: Served) -> Version:
    """Read a version in service. Raises `BrokenVersion` when its files are absent or damaged."""
    try:
        manifest = Manifest.read(store, model, served.version)
        return Version(
            name=served.version,
            since=from_iso(served.since).replace(microsecond=0),  # as looks write times
            definition=manifest.parse_definition(),
            vocabularies=manifest.vocabularies,
            classes=manifest.classes or (),
            baseline=Baseline.read(store, model, served.version),
            evaluated=_evaluated(store, model, manifest.run, served.version),
        )
    except NotFound as error:
        raise BrokenVersion(served.version, f"{error}") from error
    except (ValueError, PreprocessingError) as error:
        raise BrokenVersion(served.version, f"its files are damaged ({type(error).__name__}: {error})") from error


def _evaluated(store: Store, model: str, run: str, version: str) -> ModelDocument | None:
    try:
        evaluation = store.read_json(keys.snapshot(model, run, "evaluation.json"))
    except NotFound:
        return None
    found: list[ModelDocument] = [each for each in evaluation["candidates"] if each["figures"]["version"] == version]
    return found[0] if found else None
