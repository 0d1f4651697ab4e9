"""What rows are like those of training, learned from them: limits of numbers, and a graph that sees combinations.

versions/<model>/<version>/familiar.npz    of a tabular model; versions before 2026-11-30 have none
snapshots/<model>/<run>/familiar.npz       what a candidate of a run learned, for those that are fitted after it
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

from refrain.errors import InvalidDocument, NotFound
from refrain.lake.packed_columns import pack_arrays, unpack_arrays
from refrain.lake.snapshot import snapshot_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing import Array
    from refrain.aws.storage import Store


@dataclass(frozen=True)
class FamiliarRows:
    """Limits of each feature of the matrix, and a graph that answers how likely a row is put together from several.

    Familiar are numbers from `low` to `high` (float32 [features]; infinite for categories), unseen categories where
    many training rows had one (`unseen_is_usual`, bool [features]), and rows that the `graph` (uint8, empty where there
    were too few rows) gives no more than the `threshold` (float64 []). `typical` are values of each feature, float32
    [values, features].
    """

    low: Array
    high: Array
    unseen_is_usual: Array
    graph: Array
    threshold: Array
    typical: Array

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an npz. Raises `InvalidDocument`."""
        try:
            arrays = unpack_arrays(data)
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except (ValueError, KeyError, EOFError, BadZipFile) as error:
            raise InvalidDocument(f"expected an npz of what is familiar ({type(error).__name__}: {error})") from error

    def to_bytes(self) -> bytes:
        """Write an npz."""
        return pack_arrays(**{field.name: getattr(self, field.name) for field in fields(self)})


def share_familiar(store: Store, model: str, run: str, learn: Callable[[], bytes]) -> bytes:
    """Return the npz of the training rows of a run, so that it is learned once and not by each candidate.

    Candidates that are fitted side by side may both learn it, and write the same.
    """
    key = snapshot_key(model, run, "familiar.npz")
    try:
        return store.read(key).data
    except NotFound:
        familiar = learn()
        store.write(key, familiar)
        return familiar
