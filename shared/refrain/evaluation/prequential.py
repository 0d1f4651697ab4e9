"""How good the version in service is on rows that came after its cut: the only honest figure of what learned all rows.

Test, then learn: each row is answered before it is learned (Dawid, Statistical theory: the prequential approach, 1984).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.lake.learned_rows import mark_learned, read_row_hashes
from refrain.lake.refit_outcome import Prequential
from refrain.statistics.comparison import CHAMPION, ComparedRows, measure_figure
from refrain.statistics.metrics import choose_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.evaluation.entrants import Entrant
    from refrain.evaluation.evaluated_model import EvaluationKind

MIN_ROWS = 30
"""Fewer rows say nothing."""


def measure_since_cut(
    store: Store, definition: Definition, run: str, kind: EvaluationKind, entrants: Mapping[str, Entrant]
) -> Prequential | None:
    """Measure the answers of the version in service to held-out rows that it has not learned, where there are enough.

    A recommender is measured by the users of whose held-out choices it has learned none.
    """
    champion = entrants.get(CHAMPION)
    if champion is None or champion.manifest is None:
        return None
    if (served := champion.served or champion.evaluated) is None:
        return None
    hashes = read_row_hashes(store, definition.model, run, ["holdout"])
    learned = mark_learned(store, definition, champion.manifest, hashes)
    unseen = ~kind.left_out(learned, np.zeros_like(learned))[0]
    rows = int(unseen.sum())
    if rows < MIN_ROWS:
        return None
    holdout = kind.holdout([served, *(entrant.evaluated for entrant in entrants.values() if entrant.evaluated)])
    metric = choose_metric(definition.training.metric, holdout.classes, holdout.positive, definition.decision.cost)
    later = holdout.within(np.flatnonzero(unseen))
    try:
        influence = metric.influence(later.truth, served.answers_to(later))
    except MetricUndefined:
        return None
    compared = ComparedRows(later.truth, later.groups, later.times)
    figures = measure_figure(metric, compared, influence, definition.gate.confidence)
    return Prequential(
        champion.version,
        champion.manifest.snapshot.cut,
        rows,
        figures.value,
        (figures.interval.low, figures.interval.high),
    )
