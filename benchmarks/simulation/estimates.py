"""Cells of quality without labels: does the interval hold what labels show later, and is a false fall told?

A boosted model is trained on some rows of a table, judged on others, and asked about the rest. Then it is asked about
rows chosen by the feature that its loss depends on most, so that other rows come than before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.familiar_tables import real_table
from benchmarks.simulation.public_tables import DATA, FILES, bundled_table
from preprocessing import encode, learn_vocabularies
from refrain.lake.packed_columns import join_rows
from refrain.statistics.estimated_figure import EstimatedFigure, ResampledRows, estimate_figure
from refrain.statistics.metrics import choose_metric
from refrain.statistics.possible_truths import PossibleClasses, PossibleValues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from preprocessing import Columns, Definition
    from refrain.arrays import Floats, Truth
    from refrain.statistics.metrics import Metric
    from refrain.statistics.possible_truths import PossibleTruths

    type Rows = tuple[NDArray[np.float32], NDArray[np.generic]]
    type Read = Callable[[Random], Rows]

BUNDLED_TABLES = ("breast_cancer", "diabetes")
PUBLIC_ROWS, PUBLIC_RUNS = 6000, 100
TRAINED, JUDGED = 0.4, 0.65
CLASS_METRICS, VALUE_METRICS = ("roc_auc", "log_loss", "accuracy", "f1"), ("mae", "rmse", "r2")
BOUNDS = (
    Bound("held", at_least=0.9),
    Bound("a false fall told", at_most=0.05),
    Bound("held, other rows", at_least=0.8),
)


@dataclass(frozen=True)
class SplitTable:
    """Rows with a model's answers, and which of them it was judged by, and is asked about: as before, and others."""

    matrix: NDArray[np.float32]
    truth: Truth
    answers: Floats
    judged: NDArray[np.int64]
    asked: NDArray[np.int64]
    others: NDArray[np.int64]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of the task; with two classes they are of the second."""
        names = [str(number) for number in range(self.answers.shape[1])] if self.answers.shape[1] > 1 else []
        positive = "1" if len(names) == 2 else None
        return [choose_metric(name, names, positive, {}) for name in (CLASS_METRICS if names else VALUE_METRICS)]

    def possible(self, asked: NDArray[np.int64]) -> PossibleTruths:
        """Return what may be true of the rows asked about, by those that the model was judged by."""
        judged = self.judged
        if self.answers.shape[1] > 1:
            return PossibleClasses(self.truth[judged], self.answers[judged], self.answers[asked])
        columns = np.concatenate([self.matrix, self.answers], axis=1, dtype=np.float32)
        values = self.truth[judged].astype(np.float64)
        return PossibleValues(values, columns[judged], columns[asked], relative=False)

    def estimate(self, metric: Metric, asked: NDArray[np.int64]) -> EstimatedFigure:
        """Estimate a metric of the rows asked about."""
        sides = (ResampledRows(self.answers[side], np.arange(len(side))) for side in (self.judged, asked))
        return estimate_figure(metric, self.truth[self.judged], next(sides), next(sides), self.possible(asked), 0.95)

    def measure(self, metric: Metric, rows: NDArray[np.int64]) -> float:
        """Measure the metric of rows against their truth."""
        return metric.value(self.truth[rows], self.answers[rows])


def split_table(read: Read, random: Random) -> SplitTable:
    """Split a table at random, and fit a model to a part of it."""
    table = read(random)
    order = random.permutation(len(table[1]))
    matrix, target = table[0][order], table[1][order]
    classes = np.unique(target) if target.dtype.kind in "OU" else np.empty(0)
    truth: Truth = np.searchsorted(classes, target) if len(classes) else target.astype(np.float64)
    trained, judged = int(TRAINED * len(truth)), int(JUDGED * len(truth))
    fitted = (HistGradientBoostingClassifier if len(classes) else HistGradientBoostingRegressor)(max_iter=40)
    with threadpool_limits(1):  # on a busy machine threads wait for each other
        fitted.fit(matrix[:trained], truth[:trained])
        answers = fitted.predict_proba(matrix) if len(classes) else fitted.predict(matrix)[:, np.newaxis]
    rows = np.arange(len(truth))
    others = _choose_others(matrix, _losses(truth, answers), rows[judged:], random)
    return SplitTable(matrix, truth, answers, rows[trained:judged], rows[judged:], others)


def estimate(read: Read, random: Random) -> Mapping[str, float]:
    """Hold the estimates of a table's rows against the truth."""
    table = split_table(read, random)
    alike = [_compare(table, metric, table.asked) for metric in table.metrics]
    shifted = [_compare(table, metric, table.others) for metric in table.metrics]
    return {
        "held": float(np.mean([holds for holds, _, _ in alike])),
        "a false fall told": float(np.mean([falls for _, falls, _ in alike])),
        "held, other rows": float(np.mean([holds for holds, _, _ in shifted])),
        "nearer than the holdout, other rows": float(np.mean([nearer for _, _, nearer in shifted])),
    }


def _losses(truth: Truth, answers: Floats) -> Floats:
    if answers.shape[1] == 1:
        return np.abs(truth - answers[:, 0])
    return 1 - answers[np.arange(len(truth)), truth.astype(np.int64)]


def _choose_others(
    matrix: NDArray[np.float32], losses: Floats, asked: NDArray[np.int64], random: Random
) -> NDArray[np.int64]:
    """Choose about half of the rows asked about, most of them by large values of what tells most of the loss."""
    values = np.nan_to_num(matrix[asked])
    ranks = values.argsort(axis=0).argsort(axis=0)
    told = np.abs((ranks - ranks.mean(axis=0)).T @ losses[asked])
    high = ranks[:, told.argmax()] > len(asked) / 2
    return asked[random.random(len(asked)) < np.where(high, 0.85, 0.15)]


def _compare(table: SplitTable, metric: Metric, asked: NDArray[np.int64]) -> tuple[bool, bool, bool]:
    """Tell whether the interval holds the truth, a fall is told, and the estimate is nearer than the holdout."""
    figure = table.estimate(metric, asked)
    measured, before = (table.measure(metric, rows) for rows in (asked, table.judged))
    low, high = figure.interval
    return low <= measured <= high, _falls(metric, figure), abs(figure.value - measured) <= abs(before - measured)


def _falls(metric: Metric, figure: EstimatedFigure) -> bool:
    low, high = figure.change_interval
    return high < 0 if metric.greater_is_better else low > 0


def _bundled(name: str, random: Random) -> Rows:
    del random
    table = bundled_table(name)
    return _encoded(table.definition, table.columns)


def public_rows(model: str, rows: int, random: Random) -> Rows:
    """Choose so many rows of a public table, if it has them. Raises `FileNotFoundError` where it is not there."""
    table = real_table(model, rows // 2, rows // 2, random)
    if table is None:
        raise FileNotFoundError(f"the table of {model} is not in {DATA}")
    return _encoded(table[0], join_rows(*table[1:]))


def _encoded(definition: Definition, columns: Columns) -> Rows:
    return encode(definition, learn_vocabularies(definition, columns), columns), columns[definition.target]


def draw_rows(is_values: bool, random: Random) -> Rows:
    """Draw rows whose noise grows with one of five features."""
    matrix = random.normal(size=(4000, 5))
    signal = 1.5 * matrix[:, 0] + matrix[:, 1] + (1 + np.maximum(matrix[:, 2], 0)) * random.normal(size=4000)
    return matrix.astype(np.float32), signal if is_values else np.where(signal > 1, "yes", "no")


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for name, is_values in (("made classes", False), ("made values", True)):
        yield Cell("estimates", name, partial(estimate, partial(draw_rows, is_values)), 20, BOUNDS, 4)
    for name in BUNDLED_TABLES:
        yield Cell("estimates", name, partial(estimate, partial(_bundled, name)), 10, BOUNDS[:2])
    for file in FILES:
        if (DATA / file.file).exists():
            read = partial(public_rows, file.model, PUBLIC_ROWS)
            yield Cell("estimates", file.model, partial(estimate, read), PUBLIC_RUNS, BOUNDS)
