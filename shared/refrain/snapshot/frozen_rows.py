"""Write the chosen rows of a snapshot to files, piece by piece; nobody sees them before all are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.packed_columns import PackedFile
from refrain.snapshot.pieces import join_columns, take_rows
from refrain.snapshot.snapshot_kind import Split
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from preprocessing import Columns
    from refrain.lake.snapshot import SnapshotPart
    from refrain.snapshot.pieces import Piece
    from refrain.snapshot.rows import RowChoice
    from refrain.snapshot.snapshot_kind import SnapshotKind


@dataclass(frozen=True)
class FrozenRows:
    """The rows of a snapshot on both sides of the split, and the columns of them all that describe it.

    `hashes` name the rows (see `lake.learned_rows`); `labelled` counts those that are predictions with their labels.
    """

    choice: RowChoice
    split: Split
    columns: Columns
    hashes: NDArray[np.uint64]
    labelled: int
    files: Mapping[SnapshotPart, PackedFile]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.split.holdout)

    @property
    def held_out(self) -> int:
        """Count the rows that are held out."""
        return int(self.split.holdout.sum())


def freeze_rows(
    kind: SnapshotKind, choice: RowChoice, read: Callable[[tuple[str, ...]], Iterable[Piece]]
) -> FrozenRows:
    """Split the chosen rows and write them; `read` reads columns of the rows that were chosen from."""
    definition = kind.definition
    split = kind.hold_out(choice.columns, len(choice))
    if split is None and kind.has_rare_class(choice.columns):
        pieces = choice.among(read(definition.identity))
        split = kind.stratify(
            np.concatenate([row_hashes(piece.columns, definition.identity)[kept] for piece, kept in pieces]),
            choice.columns,
        )
    train, holdout = PackedFile(), PackedFile()
    described, sides, labelled, first = [], [], 0, 0
    hashes = np.empty(len(choice), np.uint64)
    for piece, kept in choice.among(read(tuple(definition.columns))):
        columns = piece.columns if kept.all() else take_rows(piece.columns, kept)
        rows = int(kept.sum())
        here = slice(first, first + rows)
        hashes[here] = row_hashes(columns, definition.identity)
        side = kind.hold_out_by_hash(hashes[here]) if split is None else split.holdout[here]
        train.add(take_rows(columns, ~side))
        holdout.add(take_rows(columns, side))
        described.append({name: columns[name] for name in kind.described_columns})
        sides.append(side)
        labelled += rows if piece.labelled else 0
        first += rows
    split = split or Split(np.concatenate(sides))
    files: Mapping[SnapshotPart, PackedFile] = {"train": train, "holdout": holdout}
    return FrozenRows(choice, split, join_columns(described), hashes, labelled, files)
