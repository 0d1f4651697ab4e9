"""The rows of a request that one version answered, and the whole request, put together from such parts."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import Problem
from refrain.lake.capture.record import prediction_ids
from refrain.serving.http.refusals import NoFiniteAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array, Columns, Lists
    from refrain.fast_path.answer_json import Numbers
    from refrain.lake.capture.record import OtherAnswers, ServedBound
    from refrain.model.tabular import TabularModel
    from refrain.unfamiliar import Unfamiliar

logger = logging.getLogger("refrain")


@dataclass(slots=True)  # not frozen, like all classes of a request: freezing takes four times as long
class AnsweredRows:
    """Some rows of a request (their indexes), answered by one version in the milliseconds that its model took.

    Row by row, `numbers` are JSON text: the probabilities in the order of the classes, or the one value of a
    regression. `labels` are the likeliest classes (none for a regression); `unfamiliar` is what is unlike the
    training data. `other` is what the other version of a trial answered to these rows.
    """

    model: TabularModel
    indexes: Sequence[int]
    milliseconds: float
    numbers: list[Numbers]
    labels: list[str]
    unfamiliar: list[Unfamiliar]
    other: OtherAnswers | None = None


@dataclass(slots=True)
class Predictions:
    """The answers to a whole request, row by row as in `AnsweredRows`; `models` names the version of each row.

    `columns` are the clean inputs, `parts` the rows by version. `bounds` are those of their errors, where
    they are wanted.
    """

    ids: list[str]
    numbers: list[Numbers]
    labels: list[str]
    unfamiliar: list[Unfamiliar]
    models: list[TabularModel]
    columns: Columns | Lists
    parts: Sequence[AnsweredRows]
    bounds: Sequence[ServedBound] = ()


def answer_part(model: TabularModel, columns: Columns | Lists, indexes: Sequence[int]) -> AnsweredRows:
    """Have a version answer rows of a request. Raises `NoFiniteAnswer`."""
    started = time.perf_counter()
    matrix = model.encode(columns)
    scores = model.score(matrix)
    return read_scores(model, indexes, scores, matrix, (time.perf_counter() - started) * 1000)


def read_scores(
    model: TabularModel, indexes: Sequence[int], scores: Array, matrix: Array, milliseconds: float
) -> AnsweredRows:
    """Turn what the graph computed from a matrix into answers. Raises `NoFiniteAnswer`."""
    numbers: list[float] = scores.ravel().tolist()
    if not isfinite(sum(numbers)):  # float32 numbers do not add up to infinity here
        raise _no_finite_answer(model.version, scores, indexes)
    labels: list[str] = []
    if model.classes:
        codes = scores.argmax(axis=1).tolist() if len(scores) > 1 else [numbers.index(max(numbers))]
        labels = [model.classes[code] for code in codes]
    texts = model.answer_writer.numbers(numbers)
    return AnsweredRows(model, indexes, milliseconds, texts, labels, model.familiar.unfamiliar(matrix))


def join_parts(parts: Sequence[AnsweredRows], columns: Columns | Lists, rows: int) -> Predictions:
    """Put the parts together, in the order of the request."""
    if len(parts) == 1:
        (part,) = parts
        numbers, labels, unfamiliar, models = part.numbers, part.labels, part.unfamiliar, [part.model] * rows
    else:
        order = np.argsort([index for part in parts for index in part.indexes]).tolist()
        numbers = _in_order(order, [part.numbers for part in parts])
        labels = _in_order(order, [part.labels for part in parts]) if parts[0].labels else []
        unfamiliar = _in_order(order, [part.unfamiliar for part in parts])
        models = _in_order(order, [[part.model] * len(part.indexes) for part in parts])
    return Predictions(prediction_ids(rows), numbers, labels, unfamiliar, models, columns, parts)


def decide_rows(predictions: Predictions) -> list[str]:
    """Decide each row by the version that answered it; where that has no rule, its label decides."""
    rows = zip(predictions.models, predictions.numbers, predictions.labels, strict=True)
    return [model.manifest.rule.decide(numbers) if model.manifest.rule else label for model, numbers, label in rows]


def _in_order[T](order: Sequence[int], parts: Sequence[list[T]]) -> list[T]:
    values = [value for part in parts for value in part]
    return [values[position] for position in order]


def _no_finite_answer(version: str, scores: Array, indexes: Sequence[int]) -> NoFiniteAnswer:
    logger.warning("no finite answer", extra={"version": version})  # by the caller's numbers, or by the model's fault
    rows: list[int] = np.flatnonzero(~np.isfinite(scores).all(axis=1)).tolist()
    reason = "the numbers are so large that the model has no finite answer"
    return NoFiniteAnswer([Problem(indexes[row], "", None, reason) for row in rows])
