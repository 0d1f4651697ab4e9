"""One model asked for every holdout row, by the very code that serves: its answers, its proofs, its speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import present
from refrain.lake.packed_columns import fit_to
from refrain.lake.version import read_version_files
from refrain.model.parity import Parity, parity
from refrain.model.tabular import TabularModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.arrays import Floats
    from refrain.aws.storage import Store
    from refrain.model.recommendation import RecommenderModel

ROWS_AT_ONCE = 50_000
TIMED_ROWS = 20


@dataclass(frozen=True)
class EvaluatedModel:
    """A version that could be asked. `answers` [rows, classes] or [rows, 1] are in the order of its own classes.

    Those of a recommender are hits [users, places]; what it recommended is `ranked`, codes of the questions.
    """

    version: str
    servable: TabularModel | RecommenderModel
    matrix: NDArray[np.float32]
    answers: Floats
    golden: Parity
    parity: Parity | None
    latency_ms: float
    bytes: int
    ranked: NDArray[np.int64] | None = None

    @property
    def classes(self) -> Sequence[str]:
        """Its classes, in the order of its answers (none for a regression)."""
        return self.servable.classes or ()


def evaluate_tabular(
    store: Store, model: str, version: str, holdout: Columns, *, expected: Mapping[str, Array] | None
) -> EvaluatedModel:
    """Load a version and ask it for all holdout rows and its golden ones.

    `expected` are the answers of the pipeline that it was exported from, for a candidate; a champion was proved
    before.

    Raises:
        BrokenVersion: when files are absent or damaged.
    """
    files = read_version_files(store, model, version)
    servable = TabularModel.load(files.manifest, files.model, files.baseline)
    columns = fit_to(servable.definition, holdout)
    matrix = servable.encode(columns)
    answers = score(servable, matrix)
    return EvaluatedModel(
        version=version,
        servable=servable,
        matrix=matrix,
        answers=answers,
        golden=servable.replay(files.golden),
        parity=None if expected is None else parity(servable.definition.task, expected["answers"], answers),
        latency_ms=servable.latency_ms(_instances(servable.definition, columns)),
        bytes=len(files.model),
    )


def score(servable: TabularModel, matrix: NDArray[np.float32]) -> Floats:
    """Score in blocks, so that memory stays bounded."""
    blocks = [servable.score(matrix[at : at + ROWS_AT_ONCE]) for at in range(0, len(matrix), ROWS_AT_ONCE)]
    return np.concatenate(blocks).astype(np.float64)


def _instances(definition: Definition, columns: Columns) -> list[dict[str, object]]:
    rows = min(TIMED_ROWS, len(next(iter(columns.values()))))
    return [present(columns, definition.columns, row) for row in range(rows)]
