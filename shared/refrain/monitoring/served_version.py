"""The version in service as monitoring needs it: its baseline, and how it was evaluated."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocessing import Definition, PreprocessingError
from refrain.errors import BrokenVersion, NotFound
from refrain.lake.evaluation import Evaluation
from refrain.lake.monitoring_report import EvaluatedQuality
from refrain.lake.version import Baseline, Manifest
from refrain.statistics.metrics import METRICS
from refrain.times import from_iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Served
    from refrain.lake.evaluation import ModelSummary


@dataclass(frozen=True)
class ServedVersion:
    """A version in service. `evaluated` is its part of its run's evaluation, None where that is gone.

    For a version that learned from all rows, it is that of its judged twin.
    """

    name: str
    since: datetime
    definition: Definition
    vocabularies: Mapping[str, tuple[str, ...]]
    classes: tuple[str, ...]
    positive: str | None
    baseline: Baseline
    evaluated: ModelSummary | None

    @property
    def importance(self) -> dict[str, float]:
        """Share of each feature in what the model relies on; a feature that makes it worse (a loss below 0) has 0."""
        importance = self.evaluated.importance if self.evaluated else []
        losses = {entry.feature: max(entry.loss, 0.0) for entry in importance}
        total = sum(losses.values())
        return {name: loss / total for name, loss in losses.items()} if total else {}

    def evaluated_quality(self, definition: Definition) -> EvaluatedQuality:
        """Return its quality on the holdout, with the metric and the gate of the present definition."""
        metric, gate = definition.training.metric, definition.gate
        bound = gate.min_metric if METRICS[metric].greater_is_better else gate.max_metric
        if self.evaluated is None or self.definition.training.metric != metric:
            return EvaluatedQuality(metric, None, None, None, bound)
        low, high = self.evaluated.figures.interval or (None, None)
        return EvaluatedQuality(metric, self.evaluated.figures.value, low, high, bound)


def read_served_version(store: Store, model: str, served: Served) -> ServedVersion:
    """Read a version in service. Raises `BrokenVersion` when its files are absent or damaged."""
    try:
        manifest, evaluated = Manifest.read(store, model, served.version), None
        with suppress(NotFound):
            evaluated = Evaluation.read(store, model, manifest.run).summary_of(manifest.judged or manifest.version)
        return ServedVersion(
            name=served.version,
            since=from_iso(served.since).replace(microsecond=0),  # as precise as the times in reports
            definition=manifest.parse_definition(),
            vocabularies=manifest.vocabularies,
            classes=manifest.classes or (),
            positive=manifest.positive,
            baseline=Baseline.read(store, model, served.version),
            evaluated=evaluated,
        )
    except NotFound as error:
        raise BrokenVersion(served.version, f"{error}") from error
    except (ValueError, PreprocessingError) as error:
        raise BrokenVersion(served.version, f"its files are damaged ({type(error).__name__}: {error})") from error
