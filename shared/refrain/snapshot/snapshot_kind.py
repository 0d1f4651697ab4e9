"""The steps of a snapshot that differ between kinds of tasks; `take` chooses a kind once, and works with it alone.

The split is not random. If a later run held out a row that the champion was trained on, the champion would be judged on
what it knows by heart. By time and by upload the newest rows are held out; by hash a row stays on its side for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from refrain.classes import class_labels
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.lake.learned_rows import are_enough
from refrain.lake.receipt import Receipt
from refrain.lake.receipt_choice import choose_receipts, window_start
from refrain.snapshot.data_summary import count_classes, summarise_target
from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows, read_labelled
from refrain.statistics.hashing import WHOLE, row_hashes, salted_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.packed_columns import PackedFile
    from refrain.lake.snapshot import SnapshotPart

RARE_ROWS = 1000
"""Of a class with fewer rows a hash alone may hold out far more or fewer than the share."""

MIN_SIDE_ROWS = 20
"""Rows that training and holdout need each: fewer say nothing about a model, whatever `min_rows` is."""


@dataclass(frozen=True)
class Split:
    """`holdout` is True for the rows held out; `cut` is the first time of the holdout when split by time."""

    holdout: NDArray[np.bool_]
    cut: np.datetime64 | None = None


@dataclass(frozen=True)
class RunData:
    """Everything that a run may learn from: uploads of rows, labelled predictions, and uploads that describe items.

    `forgotten` names the keys whose rows went from them.
    """

    receipts: Sequence[Receipt]
    labelled: LabelledRows = NO_LABELS
    items: Sequence[Receipt] = ()
    forgotten: str = ""

    @property
    def newest_arrival(self) -> np.datetime64:
        """When the newest row came."""
        return max([*(receipt.uploaded for receipt in self.receipts[-1:]), *self.labelled.arrived[-1:]])


@dataclass(frozen=True)
class SnapshotKind:
    """Snapshots of classifications and regressions: uploaded rows and labelled predictions."""

    definition: Definition

    def gather(self, store: Store) -> RunData:
        """Choose the data of a run, within the window where it is one of upload time."""
        receipts = Receipt.read_kept(store, self.definition.model)
        labelled = read_labelled(store, self.definition)
        forgotten = ForgottenKeys.read(store, self.definition.model)
        if forgotten.groups and len(labelled):
            labelled = labelled.select(~forgotten.mark(labelled.columns, salted_hashes))
        newest = labelled.predicted.max() if len(labelled) else None
        oldest = window_start(receipts, self.definition, newest)
        recent = labelled if oldest is None else labelled.select(labelled.predicted >= oldest)
        return RunData(choose_receipts(receipts, self.definition, newest), recent, forgotten=forgotten.digest)

    @property
    def deciding_columns(self) -> tuple[str, ...]:
        """The columns that `hold_out` and the window need of all rows, besides the key."""
        names = {self.definition.time, self.definition.training.group}
        return tuple(sorted((names | {self.definition.target} if self._by_class else names) - {""}))

    @property
    def _by_class(self) -> bool:
        """Whether each class gets its share of the holdout; a group may have rows of several classes."""
        training = self.definition.training
        return self.definition.task == "classification" and training.split == "hash" and not training.group

    @property
    def described_columns(self) -> tuple[str, ...]:
        """The columns that the description of the snapshot needs of all its rows."""
        return (self.definition.target, *self.deciding_columns)

    @property
    def kept_together(self) -> tuple[str, ...]:
        """The columns whose equal rows are sampled together; none: each row by itself."""
        return ()

    def hold_out(self, columns: Columns, rows: int) -> Split | None:
        """Hold out a share of the rows, in the order of upload, by the deciding columns; None where a hash decides."""
        training = self.definition.training
        if training.split == "hash":
            return None
        if training.group:
            order = columns[self.definition.time] if training.split == "time" else np.arange(rows)
            return split_by_group(row_hashes(columns, (training.group,)), order, training.holdout)
        if training.split == "time":
            return split_by_time(columns[self.definition.time], training.holdout)
        return Split(np.arange(rows) >= rows - round(rows * training.holdout))

    def hold_out_by_hash(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Hold out the rows whose hash falls into the share."""
        return hashes < np.uint64(self.definition.training.holdout * WHOLE)

    def has_rare_class(self, columns: Columns) -> bool:
        """Tell whether the rows of a class are so few that its share of the holdout would be left to chance."""
        return self._by_class and bool((np.bincount(_codes(columns[self.definition.target])) < RARE_ROWS).any())

    def stratify(self, hashes: NDArray[np.uint64], columns: Columns) -> Split:
        """Hold out of each rare class its share of rows: those with the smallest hashes."""
        return split_by_class(hashes, columns[self.definition.target], self.definition.training.holdout)

    def split(self, columns: Columns) -> NDArray[np.bool_]:
        """Hold out rows of a table whose columns are all at hand, as a run holds out those of a lake."""
        split = self.hold_out(columns, len(columns[self.definition.target]))
        if split is None:
            hashes = row_hashes(columns, self.definition.identity)
            if not self.has_rare_class(columns):
                return self.hold_out_by_hash(hashes)
            split = self.stratify(hashes, columns)
        return split.holdout

    def find_shortfall(self, columns: Columns, holdout: NDArray[np.bool_]) -> str:
        """Say in one sentence what is missing to learn from these rows; nothing if there is enough."""
        definition, rows, held_out = self.definition, len(holdout), int(holdout.sum())
        if rows < definition.training.min_rows:
            return f"there are {rows} rows, and {definition.training.min_rows} are needed (training.min_rows)"
        for purpose, count in (("hold out", held_out), ("learn from", rows - held_out)):
            if count < MIN_SIDE_ROWS:
                return f"there are {count} rows to {purpose}, and {MIN_SIDE_ROWS} are needed"
        name, target = definition.target, columns[definition.target]
        for side, values in (("training", target[~holdout]), ("holdout", target[holdout])):
            if (values == values[0]).all():
                is_regression = definition.task == "regression"
                value = f"{values[0]:g}" if is_regression else class_labels(definition.columns[name], values[:1])[0]
                return f"all {len(values)} {side} rows have the same {name}, {value}: there is nothing to tell apart"
        return ""

    def leaves_enough(self, columns: Columns, unlearned: NDArray[np.bool_]) -> bool:
        """Tell whether the unlearned rows among those of the holdout are enough to judge by."""
        is_regression = self.definition.task == "regression"
        return are_enough(unlearned, None if is_regression else columns[self.definition.target])

    def describe_target(self, columns: Columns, holdout: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the fields of a `DataSummary` that depend on the task."""
        target = columns[self.definition.target]
        if self.definition.task == "regression":
            return {"summary": summarise_target(target)}
        labels = class_labels(self.definition.columns[self.definition.target], target)
        return {"classes": count_classes(labels, holdout)}

    def other_parts(self, _store: Store, _data: RunData, _columns: Columns) -> dict[SnapshotPart, PackedFile]:
        """Return what to freeze besides training and holdout rows, made of the described columns."""
        return {}


def split_by_time(times: Array, share: float) -> Split:
    """Hold out the newest share; rows of one time stay together, on the side that comes nearer to the share.

    >>> days = np.array(["2026-01-03", "2026-01-01", "2026-01-03", "2026-01-02"], "datetime64[us]")
    >>> split_by_time(days, 0.25).holdout.tolist()
    [True, False, True, False]
    """
    distinct, first_rows = np.unique(np.sort(times), return_index=True)
    if len(distinct) < 2:
        return Split(np.zeros(len(times), bool))
    held_out = len(times) - first_rows[1:]  # rows held out when the holdout begins at each time but the first
    cut = distinct[1:][np.argmin(np.abs(held_out - share * len(times)))]
    return Split(times >= cut, cut)


def split_by_class(hashes: NDArray[np.uint64], labels: Array, share: float) -> Split:
    """Hold out by hash, but of each rare class as many rows as its share is, and never all.

    As rows come, only those of a rare class whose hash is near the limit change sides. Rows of one hash stay together:
    the rarest of their classes decides.

    >>> hashes = np.array([4, 2, 9, 7, 2**63], np.uint64)
    >>> split_by_class(hashes, np.array(["a", "a", "a", "b", "b"]), 0.3).holdout.tolist()
    [False, True, False, True, False]
    """
    codes = _codes(labels)
    counts = np.bincount(codes)
    held_out = np.clip(np.round(share * counts).astype(int), 1, counts - 1)
    nearest = np.lexsort((hashes, codes))[np.cumsum(counts) - counts + held_out]
    limits = np.where(counts < RARE_ROWS, hashes[nearest], np.uint64(share * WHOLE))
    by_hash = np.lexsort((counts[codes], hashes))
    first, of_hash = np.unique(hashes[by_hash], return_index=True, return_inverse=True)[1:]
    holdout = np.empty(len(hashes), bool)
    holdout[by_hash] = (hashes < limits[codes])[by_hash[first]][of_hash]
    return Split(holdout)


def split_by_group(groups: NDArray[np.uint64], order: Array, share: float) -> Split:
    """Hold out the groups that began last, all their rows, as many as come nearest to the share; a hash breaks ties.

    New rows of old groups do not move them: by their newest row they would, from training to the holdout.

    >>> groups = np.array([7, 7, 5, 5, 3], np.uint64)
    >>> split_by_group(groups, np.array([1, 9, 2, 3, 8]), 0.25).holdout.tolist()
    [False, False, False, False, True]
    """
    ids, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    by_group = np.lexsort((order, member))
    began = order[by_group[np.cumsum(counts) - counts]]
    newest_first = np.lexsort((ids, began))[::-1]
    held_out = np.cumsum(counts[newest_first])[:-1]  # never all groups
    number = 1 + int(np.argmin(np.abs(held_out - share * len(groups)))) if len(held_out) else 0
    holdout = np.isin(member, newest_first[:number])
    is_time = order.dtype.kind == "M" and number
    return Split(holdout, order[holdout].min() if is_time else None)


def _codes(labels: Array) -> NDArray[np.intp]:
    return pd.factorize(labels, use_na_sentinel=False)[0]
