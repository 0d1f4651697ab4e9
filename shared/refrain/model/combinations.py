"""Find rows whose values are familiar one by one, but not together, by the graph that training made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.model.onnx import check_signature, open_graph, run_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.lake.familiar_rows import FamiliarRows

INPUTS, OUTPUTS = ("features",), ("probabilities",)

MAX_NAMED_FEATURES = 3


class Combinations:
    """The graph of a version, its threshold, and the values that are tried in the place of a row's own."""

    def __init__(self, version: str, features: Sequence[str], familiar: FamiliarRows) -> None:
        self._version, self._features = version, features
        self._graph = open_graph(version, familiar.graph.tobytes())
        check_signature(version, self._graph, INPUTS, OUTPUTS)
        self._threshold = float(familiar.threshold)
        self._typical = familiar.typical

    def find(self, matrix: Array) -> list[int]:
        """Return the indexes of the rows whose values do not belong together."""
        scores = self._score(matrix)
        if len(scores) == 1 and scores.item(1) <= self._threshold:  # nearly every request
            return []
        rows: list[int] = np.flatnonzero(scores[:, 1] > self._threshold).tolist()
        return rows

    def name(self, row: Array) -> tuple[str, ...]:
        """Name the features of which another value makes the row familiar; if none does, those that come nearest."""
        values, width = self._typical.shape
        changed = np.tile(row, (width, values, 1))
        columns = np.arange(width)
        changed[columns, :, columns] = self._typical.T
        scores = self._score(changed.reshape(-1, width))[:, 1].reshape(width, values).min(axis=1)
        nearest: list[int] = np.argsort(scores, kind="stable")[:MAX_NAMED_FEATURES].tolist()
        curing = [index for index in nearest if scores[index] <= self._threshold]
        return tuple(self._features[index] for index in curing or nearest)

    def _score(self, matrix: Array) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = run_graph(self._version, self._graph, OUTPUTS, {"features": matrix})[0]
        return scores
