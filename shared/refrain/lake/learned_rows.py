"""Which rows a version learned from, so that nobody is judged by what it knows by heart.

snapshots/<model>/<run>/rows.npz   a hash of each row by the definition's `identity`: `train` and `holdout`, in order

A corrected row has its key, and so its hash: who learned it, learned it. Without a key, rows that are
equal but for their target are the same.
"""

from __future__ import annotations

from dataclasses import replace
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import NotFound
from refrain.lake.snapshot import snapshot_key
from refrain.lake.version import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from preprocessing import Array, Definition
    from preprocessing.definition import Column
    from refrain.aws.storage import Store
    from refrain.lake.version import Side

    type RowHashes = NDArray[np.uint64]

MIN_SHARE = 0.5
"""Of the holdout: where the champion has learned more, its recipe is fitted again instead."""

MIN_LABEL_ROWS = 10
"""Of a label with fewer rows the share says nothing."""


def write_row_hashes(store: Store, model: str, run: str, hashes: RowHashes, holdout: NDArray[np.bool_]) -> None:
    """Write the hashes of a snapshot's rows, those of each side in the order of its rows."""
    with TemporaryFile() as file:
        np.savez(file, allow_pickle=False, train=hashes[~holdout], holdout=hashes[holdout])
        store.upload(file, snapshot_key(model, run, "rows.npz"))


def read_row_hashes(store: Store, model: str, run: str, sides: Iterable[Side]) -> RowHashes:
    """Read the hashes of one side, or of both one after the other, in the order of the rows. Raises `NotFound`."""
    with TemporaryFile() as file:
        store.download(snapshot_key(model, run, "rows.npz"), file)
        file.seek(0)
        arrays = np.load(file, allow_pickle=False)
        return np.concatenate([arrays[side] for side in sides])


def read_learned_hashes(store: Store, model: str, version: str) -> RowHashes:
    """Read the hashes of all rows that a version learned from, sorted. Raises `NotFound`."""
    manifest = Manifest.read(store, model, version)
    hashes = read_row_hashes(store, model, manifest.run, manifest.snapshot.sides)
    hashes.sort()
    return hashes


def mark_learned(store: Store, definition: Definition, manifest: Manifest, hashes: RowHashes) -> NDArray[np.bool_]:
    """Mark the rows, named by this definition, that a version has learned; all where that cannot be told."""
    if _values_of_identity(definition) != _values_of_identity(manifest.parse_definition()):
        return np.ones(len(hashes), bool)
    try:
        return is_among(hashes, read_learned_hashes(store, manifest.model, manifest.version))
    except NotFound:
        return np.ones(len(hashes), bool)


def is_among(hashes: RowHashes, learned: RowHashes) -> NDArray[np.bool_]:
    """Mark the hashes that are among others, which are sorted.

    >>> is_among(np.array([5, 1, 9], np.uint64), np.array([1, 2, 5], np.uint64)).tolist()
    [True, True, False]
    """
    if not len(learned):
        return np.zeros(len(hashes), bool)
    nearest = np.searchsorted(learned, hashes)
    return np.asarray(learned[np.minimum(nearest, len(learned) - 1)] == hashes)


def are_enough(unlearned: NDArray[np.bool_], labels: Array | None = None) -> bool:
    """Tell whether to judge by the unlearned rows alone: half of all, and of each label that is not rare, are left."""
    kinds = np.zeros(len(unlearned), np.int64) if labels is None else np.unique(labels, return_inverse=True)[1]
    rows = np.bincount(kinds)
    enough = np.bincount(kinds, unlearned) >= MIN_SHARE * rows
    return bool(np.mean(unlearned) >= MIN_SHARE and enough[rows >= MIN_LABEL_ROWS].all())


def _values_of_identity(definition: Definition) -> list[Column]:
    """Return the columns that name rows, with what shapes their values and nothing else."""
    columns = (definition.columns[name] for name in definition.identity)
    return [replace(column, feature=False, required=False, least=None, most=None, allowed=()) for column in columns]
