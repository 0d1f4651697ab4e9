"""The holdout rows that a version was judged by, as its model got them: what later windows are held against.

snapshots/<model>/<run>/judged/<candidate>.npz   of the version whose recipe goes into service, by the evaluation
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from preprocessing import MISSING, UNSEEN
from preprocessing.encode import codes_of
from refrain.classes import aligned, class_numbers
from refrain.errors import NotFound
from refrain.lake.packed_columns import pack_arrays, unpack_arrays
from refrain.lake.snapshot import snapshot_key
from refrain.lake.version import Manifest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store

MAX_KEPT_ROWS = 20_000


@dataclass(frozen=True)
class JudgedRows:
    """Rows that a version has not learned, evenly spaced over its holdout, at most `MAX_KEPT_ROWS`.

    `matrix` float32 [rows, features] is what the model got, and `answers` float64 [rows, classes] or [rows, 1] what it
    answered. `truth` has class numbers in the order of the version's classes, or values: no row has a class that the
    version does not know. `times` are those of the definition's time column, None without one.
    """

    matrix: NDArray[np.float32]
    truth: Truth
    answers: Floats
    times: Array | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.truth)

    @classmethod
    def read(cls, store: Store, manifest: Manifest) -> Self | None:
        """Read those of a version, None where they are gone.

        A version that learned from all rows has those of its judged twin, in its own codes and classes.
        """
        try:
            judged = Manifest.read(store, manifest.model, manifest.judged) if manifest.judged else manifest
            key = _key(judged.model, judged.run, judged.candidate)
            rows = cls(**unpack_arrays(store.read(key).data))
        except NotFound:
            return None
        return rows if judged is manifest else rows._translate(judged, manifest)

    def write(self, store: Store, manifest: Manifest) -> None:
        """Write those of a judged version."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        present = {name: array for name, array in arrays.items() if array is not None}
        store.write(_key(manifest.model, manifest.run, manifest.candidate), pack_arrays(**present))

    def thin(self, most: int) -> Self:
        """Return at most so many rows, at equal distances."""
        return self.select(np.linspace(0, len(self) - 1, min(len(self), most)).astype(np.int64))

    def select(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return some of the rows, by their indexes or by a mask."""
        times = None if self.times is None else self.times[chosen]
        return replace(
            self, matrix=self.matrix[chosen], truth=self.truth[chosen], answers=self.answers[chosen], times=times
        )

    def _translate(self, judged: Manifest, manifest: Manifest) -> Self:
        """Return the rows as another version would have got them, which learned the same features from more rows."""
        matrix = self.matrix.copy()
        for index, feature in enumerate(judged.features):
            if feature in judged.vocabularies:
                codes = codes_of(manifest.vocabularies[feature])
                translated = [codes.get(value, UNSEEN) for value in judged.vocabularies[feature]]
                table = np.array([MISSING, UNSEEN, *translated], np.float32)
                matrix[:, index] = table[matrix[:, index].astype(np.int64)]
        own, classes = judged.classes or (), manifest.classes or ()
        truth = np.array(class_numbers(np.array(own), classes))[self.truth.astype(np.int64)] if own else self.truth
        return replace(self, matrix=matrix, truth=truth, answers=aligned(self.answers, own, classes))


def _key(model: str, run: str, candidate: str) -> str:
    return snapshot_key(model, run, f"judged/{candidate}.npz")
