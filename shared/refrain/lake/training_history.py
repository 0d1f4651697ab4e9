"""How a version's training rows came over time: counts in the cells of its baseline, by blocks of hours.

versions/<model>/<version>/history.npz   only where the definition has a time column
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.errors import NotFound
from refrain.lake.packed_columns import pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from refrain.aws.storage import Store


@dataclass(frozen=True)
class BlockCounts:
    """Rows [blocks, cells] of consecutive blocks of so many `hours`; the first one has the number `start`.

    A block's number is that of hours since 1970 divided by the hours of a block.
    """

    start: int
    hours: int
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class TrainingHistory:
    """The history of each feature, by name, and of each answer to the holdout, by column."""

    features: Mapping[str, BlockCounts] = field(default_factory=dict)
    answers: Mapping[int, BlockCounts] = field(default_factory=dict)

    @classmethod
    def read(cls, store: Store, model: str, version: str) -> Self:
        """Read that of a version; it is empty where there is none."""
        try:
            arrays = unpack_arrays(store.read(_key(model, version)).data)
        except NotFound:
            return cls()
        names = arrays.pop("names").tolist()
        blocks = {
            int(number): BlockCounts(int(array[0, 0]), int(array[0, 1]), array[1:].astype(np.int64))
            for number, array in arrays.items()
        }
        features = {name: blocks[number] for number, name in enumerate(names)}
        return cls(features, {number - len(names): blocks[number] for number in blocks if number >= len(names)})

    def write(self, store: Store, model: str, version: str) -> None:
        """Write that of a version."""
        names = np.array(list(self.features), dtype=np.str_)
        answers = {len(names) + column: blocks for column, blocks in self.answers.items()}
        numbered = dict(enumerate(self.features.values())) | answers
        arrays = {str(number): _to_array(blocks) for number, blocks in numbered.items()}
        store.write(_key(model, version), pack_arrays(names=names, **arrays))


NO_HISTORY = TrainingHistory()


def _to_array(blocks: BlockCounts) -> NDArray[np.int32]:
    """Put start and hours into a first line, before the counts."""
    head = np.zeros((1, max(2, blocks.rows.shape[1])), dtype=np.int32)
    head[0, :2] = blocks.start, blocks.hours
    return np.vstack([head, blocks.rows]).astype(np.int32)


def _key(model: str, version: str) -> str:
    return f"versions/{model}/{version}/history.npz"
