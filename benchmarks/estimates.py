"""Quality without labels beside NannyML, on the same rows of real tables: how near is it to what labels say?

Each table is split at random several times. The rows asked about are like the judged ones, or chosen by a feature.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.environments import NotInstalled
from benchmarks.peer_program import peer_program
from benchmarks.result import Group, Part, Row
from benchmarks.simulation.estimates import public_rows, split_table
from benchmarks.simulation.public_tables import DATA, FILES
from refrain.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.peer_program import Ask
    from benchmarks.result import Kind
    from benchmarks.simulation.estimates import SplitTable

TITLE = "Quality before labels come"
SPLITS, ROWS = 8, 12_000
SIDES = {"asked": "rows like the judged ones", "others": "rows chosen by a feature"}
COMPARED = {"roc_auc": "ROC AUC", "accuracy": "accuracy", "mae": "MAE", "rmse": "RMSE"}
OURS, PEER, HOLDOUT = "Refrain", "NannyML 0.13.1", "as on the holdout"
NOTES = (
    f"Histogram boosting of 40 iterations on up to {ROWS:,} rows of each table, split at random {SPLITS} times. The "
    "model learns 40 % of them and is judged by 25 %. It is asked about the rest, or about half of the rest, chosen by "
    "the feature that its loss depends on most. NannyML estimates with CBPE and DLE, each with its defaults.",
    "Errors are mean absolute differences from what labels say; of MAE and RMSE they are shares of it.",
)


@dataclass(frozen=True)
class Comparison:
    """One figure: errors of its estimates by who estimated it, and whether Refrain's interval held the truth."""

    metric: str
    side: str
    errors: Mapping[str, float]
    held: bool


def measure() -> Part:
    """Measure the tables that are there; without NannyML nothing is compared."""
    files = [file for file in FILES if (DATA / file.file).exists()]
    skipped = tuple(f"{file.model}: {file.file} is not in {DATA}" for file in FILES if file not in files)
    comparisons: list[Comparison] = []
    try:
        with peer_program("nannyml", "estimate") as ask:
            for file in files:
                random = np.random.default_rng(0)
                for _ in range(SPLITS):
                    comparisons += compare_estimates(split_table(partial(public_rows, file.model, ROWS), random), ask)
    except NotInstalled as error:
        return Part("estimates", TITLE, (), (), (*skipped, f"{PEER} {error}"), NOTES)
    return Part("estimates", TITLE, tuple(group_comparisons(comparisons)), (), skipped, NOTES)


def compare_estimates(table: SplitTable, ask: Ask) -> Iterator[Comparison]:
    """Estimate the metrics of both kinds of rows, by Refrain and by the peer."""
    names = ("matrix", "truth", "answers", "judged", *SIDES)
    by_peer = ask({name: getattr(table, name) for name in names})
    for metric in (metric for metric in table.metrics if metric.name in COMPARED):
        before = table.measure(metric, table.judged)
        for side in SIDES:
            rows = getattr(table, side)
            truth, figure = table.measure(metric, rows), table.estimate(metric, rows)
            unit = truth if metric.task == "regression" else 1.0
            estimates = {HOLDOUT: before, OURS: figure.value, PEER: by_peer[f"{metric.name}:{side}"]}
            errors = {name: abs(value - truth) / unit for name, value in estimates.items()}
            yield Comparison(metric.name, side, errors, figure.interval.low <= truth <= figure.interval.high)


def group_comparisons(comparisons: Sequence[Comparison]) -> Iterator[Group]:
    """Return the mean errors of each metric and kind of rows, then how often the intervals held the truth."""
    kinds: dict[str, Kind] = {HOLDOUT: "floor", OURS: "ours", PEER: "peer"}
    by_figure: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for comparison in comparisons:
        by_figure[comparison.metric, comparison.side].append(comparison)
    for (metric, side), figures in by_figure.items():
        means = {name: float(np.mean([figure.errors[name] for figure in figures])) for name in kinds}
        rows = tuple(Row(name, kind, *[means[name]] * 3) for name, kind in kinds.items())
        title = f"Error of the estimate: {COMPARED[metric]}, {SIDES[side]}"
        yield Group(title, "error", rows, PEER, "no larger than NannyML's")
    for side in dict.fromkeys(side for _, side in by_figure):
        held = {metric: [figure.held for figure in by_figure[metric, of]] for metric, of in by_figure if of == side}
        shares = tuple(_row_of_held(COMPARED[metric], figures) for metric, figures in held.items())
        title, goal = f"Labels within the 95 % interval: {SIDES[side]}", "at least 90 %" if side == "asked" else ""
        yield Group(title, "%", shares, "", goal, more_is_better=True, spread="95 % interval")


def _row_of_held(metric: str, held: Sequence[bool]) -> Row:
    share = sum(held) / len(held)
    return Row(f"{OURS}, {metric}", "ours", *(100 * value for value in (share, *wilson_interval(share, len(held)))))
