"""Choose the rows of a snapshot: of each key the newest row alone, those within the window, and not too many.

The choice needs a few columns of all rows. So it is made first; then the rows are read again and written piece by
piece, and never all held at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from preprocessing import missing
from refrain.errors import TooManyRows
from refrain.statistics.hashing import WHOLE, rehash, row_hashes
from refrain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.snapshot.pieces import Piece


@dataclass(frozen=True)
class RowChoice:
    """Which usable rows are `kept` (in the order of arrival), and why the others are not.

    `unusable`: rows of an earlier definition that the present one refuses. `merged`: rows whose key came again later.
    `outside`: rows older than the window. `left_out`: rows beyond what can be learned from at once. `columns` are
    those of the kept rows.
    """

    kept: NDArray[np.bool_]
    columns: Columns
    unusable: int
    merged: int
    outside: int
    left_out: int

    def __len__(self) -> int:
        """Count the rows that are kept."""
        return int(self.kept.sum())

    def among(self, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, NDArray[np.bool_]]]:
        """Yield the pieces of the same rows, with those that are kept of each."""
        start = 0
        for piece in pieces:
            yield piece, self.kept[start : start + piece.rows]
            start += piece.rows


@dataclass(frozen=True)
class RowLimit:
    """How many rows a snapshot may have, and whether more are refused (with the `cure`) or sampled.

    Rows that are equal in the columns `kept_together` are sampled together.
    """

    rows: int
    refuse: bool = False
    cure: str = ""
    kept_together: tuple[str, ...] = ()


def choose_rows(
    definition: Definition,
    pieces: Iterable[Piece],
    names: tuple[str, ...],
    newest_arrival: np.datetime64,
    limit: RowLimit,
) -> RowChoice:
    """Choose by pieces that have the key and the columns `names`. Raises `TooManyRows`."""
    hashes, columns, unusable = _gather(definition, pieces, names)
    kept = newest_of_each_key(definition, hashes)
    merged = int((~kept).sum())
    if definition.training.window is not None and definition.time:
        kept &= within_window(definition.training.window, columns[definition.time], kept, newest_arrival)
    outside = len(kept) - merged - int(kept.sum())
    left_out = 0
    if (rows := int(kept.sum())) > limit.rows:
        if limit.refuse:
            raise TooManyRows(f"there are {counted(rows)} rows, and {limit.cure}")
        together = limit.kept_together
        kept &= sample(row_hashes(columns, together) if together else hashes, limit.rows / rows)
        left_out = rows - int(kept.sum())
    chosen = {name: array[kept] for name, array in columns.items()}
    return RowChoice(kept, chosen, unusable, merged, outside, left_out)


def newest_of_each_key(definition: Definition, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Mark the row of each key that came last; without a key all rows."""
    if not definition.key:
        return np.ones(len(hashes), bool)
    return ~pd.Series(hashes).duplicated(keep="last").to_numpy()


def within_window(
    window: float, times: Array, kept: NDArray[np.bool_], newest_arrival: np.datetime64
) -> NDArray[np.bool_]:
    """Mark the rows whose event time is in the window (seconds), which reaches back from the newest kept event.

    An event later than the newest arrival is a mistake or a forecast. It is kept, but does not move the window: one
    wrong year would push all other rows out of it.
    """
    if not kept.any():
        return kept
    events = times[kept]
    past = events[events <= newest_arrival]
    newest = (past if len(past) else events).max()
    return np.asarray(times >= newest - np.timedelta64(round(window * 1e6), "us"))


def sample(hashes: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    """Draw a share of rows by their hashes, the same ones in every run, and whatever other choice the hashes decide.

    A smaller share draws some of the rows that a greater one draws.
    """
    return np.asarray(rehash(hashes) < np.uint64(share * WHOLE))


def _gather(
    definition: Definition, pieces: Iterable[Piece], names: tuple[str, ...]
) -> tuple[NDArray[np.uint64], dict[str, Array], int]:
    """Concatenate hashes (of the key, if there is one) and columns, and count unusable rows."""
    hashes, unusable = [np.zeros(0, np.uint64)], 0
    columns: dict[str, list[Array]] = {name: [missing(definition.columns[name].kind, 0)] for name in names}
    for piece in pieces:
        unusable += piece.unusable
        hashes.append(_hash_keys(piece.columns, definition.key) if definition.key else piece.hashes)
        for name in names:
            columns[name].append(piece.columns[name])
    return np.concatenate(hashes), {name: np.concatenate(arrays) for name, arrays in columns.items()}, unusable


def _hash_keys(columns: Columns, key: tuple[str, ...]) -> NDArray[np.uint64]:
    """Name each key by a number. Of ten million keys, two get the same one with a probability of 1 to 400,000."""
    frame = pd.DataFrame(
        {name: columns[name] if columns[name].dtype.kind in "MO" else columns[name] + 0.0 for name in key}
    )
    return np.asarray(pd.util.hash_pandas_object(frame, index=False, categorize=False), np.uint64)
