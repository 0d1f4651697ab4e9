"""The version in service as monitoring needs it: its baseline, and how it was evaluated."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocessing import Definition, PreprocessingError
from refrain.errors import BrokenVersion, NotFound
from refrain.lake.evaluation import Evaluation
from refrain.lake.judged_rows import JudgedRows
from refrain.lake.quality_figures import EvaluatedQuality
from refrain.lake.training_history import NO_HISTORY, TrainingHistory
from refrain.lake.version import Baseline, Manifest
from refrain.statistics.margins import Margin
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

    For a version that learned from all rows, it is that of its judged twin. `trivial` is the trivial predictor's figure
    on the same rows, and `judged_rows` are those rows, None where they are gone.
    """

    name: str
    since: datetime
    definition: Definition
    vocabularies: Mapping[str, tuple[str, ...]]
    classes: tuple[str, ...]
    positive: str | None
    baseline: Baseline
    evaluated: ModelSummary | None
    trivial: float | None = None
    judged_rows: JudgedRows | None = None
    history: TrainingHistory = NO_HISTORY

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
        value, (low, high) = self.evaluated.figures.value, self.evaluated.figures.interval or (None, None)
        margin = None if value is None else Margin.of(METRICS[metric], value, self.trivial, gate.margin).amount
        return EvaluatedQuality(metric, value, low, high, bound, margin)


def read_served_version(store: Store, model: str, served: Served) -> ServedVersion:
    """Read a version in service. Raises `BrokenVersion` when its files are absent or damaged."""
    try:
        manifest, evaluated, trivial = Manifest.read(store, model, served.version), None, None
        with suppress(NotFound):
            evaluation = Evaluation.read(store, model, manifest.run)
            evaluated = evaluation.summary_of(manifest.judged or manifest.version)
            trivial = evaluation.stakes.trivial
        return ServedVersion(
            name=served.version,
            since=from_iso(served.since).replace(microsecond=0),  # as precise as the times in reports
            definition=manifest.parse_definition(),
            vocabularies=manifest.vocabularies,
            classes=manifest.classes or (),
            positive=manifest.positive,
            baseline=Baseline.read(store, model, served.version),
            evaluated=evaluated,
            trivial=trivial,
            judged_rows=JudgedRows.read(store, manifest),
            history=TrainingHistory.read(store, model, served.version),
        )
    except NotFound as error:
        raise BrokenVersion(served.version, f"{error}") from error
    except (ValueError, PreprocessingError) as error:
        raise BrokenVersion(served.version, f"its files are damaged ({type(error).__name__}: {error})") from error
