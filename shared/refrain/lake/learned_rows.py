"""Which rows a version learned from, so that nobody is judged by what it knows by heart.

snapshots/<model>/<run>/rows.npz   a hash of each row by the definition's `identity`: `train` and `holdout`, in order

A corrected row has its key, and so its hash: who learned it, learned it. Without a key only an equal row is the same.
"""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.snapshot import snapshot_key
from refrain.lake.version import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from refrain.aws.storage import Store
    from refrain.lake.version import Side

    type RowHashes = NDArray[np.uint64]


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
    return np.sort(read_row_hashes(store, model, manifest.run, manifest.snapshot.sides))
