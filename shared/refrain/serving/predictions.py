"""From columns of JSON values to answers: what both protocols share."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import Problem
from refrain.serving.prediction_ids import prediction_ids
from refrain.serving.problems import InvalidInstances, NoFiniteAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Array
    from refrain.serving.servable import Servable

logger = logging.getLogger("refrain")


@dataclass(frozen=True)
class Predictions:
    """The answers to `len(ids)` instances.

    `numbers` are probabilities in the order of the classes, or for a regression one value each. `labels` are the
    likeliest classes (None for a regression). `unfamiliar` names the features unlike the training data.
    """

    ids: list[str]
    labels: list[str] | None
    numbers: list[list[float]]
    unfamiliar: list[list[str]]


def predict(servable: Servable, raw: Mapping[str, Array], rows: int) -> Predictions:
    """Answer columns of length `rows`. Raises `InvalidInstances` naming every value that cannot be used."""
    columns, problems = servable.prepare_columns(raw, rows)
    if problems:
        raise InvalidInstances(problems)
    matrix = servable.encode(columns)
    scores = servable.score(matrix)
    _check_finite(servable.version, scores)
    return Predictions(
        ids=prediction_ids(rows),
        labels=[servable.classes[place] for place in scores.argmax(axis=1).tolist()] if servable.classes else None,
        numbers=[[_written(number) for number in row] for row in scores.tolist()],
        unfamiliar=servable.familiar.unfamiliar(matrix),
    )


def _check_finite(version: str, scores: Array) -> None:
    finite = np.isfinite(scores)
    if not finite.all():
        logger.warning("no finite answer", extra={"version": version})  # the caller's numbers, or the model's fault
        rows: Any = np.flatnonzero(~finite.all(axis=1)).tolist()
        reason = "the numbers are so large that the model has no finite answer"
        raise NoFiniteAnswer([Problem(row, "", None, reason) for row in rows])


def _written(number: float) -> float:
    """Keep the seven digits that a float32 holds, so that 0.1 is not written 0.10000000149011612."""
    return float(f"{number:.7g}")
