"""What a snapshot holds, in counts and times: for the report and for anyone who asks later what a model knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from refrain.lake.snapshot import ClassCounts, DataSummary, SplitSummary, TargetSummary, UploadSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Definition
    from refrain.snapshot.frozen_rows import FrozenRows
    from refrain.snapshot.snapshot_kind import RunData


def summarise_data(definition: Definition, data: RunData, rows: FrozenRows, target: Mapping[str, Any]) -> DataSummary:
    """Count what a run learns from and is judged by; `target` has the fields that depend on the kind of task."""
    arrivals = [*(receipt.uploaded for receipt in data.receipts), *data.labelled.predicted]
    times = rows.columns[definition.time] if definition.time else np.array(arrivals, "datetime64[us]")
    learned = times[~rows.split.holdout] if definition.time else times
    choice, cut = rows.choice, rows.split.cut
    training = cast("Mapping[str, Any]", definition.document.get("training", {}))
    return DataSummary(
        receipts=len(data.receipts),
        uploads=[
            UploadSummary(receipt.source.key, receipt.source.uploaded_at, receipt.rows_kept, receipt.rows_rejected)
            for receipt in data.receipts
        ],
        rows=len(rows),
        train_rows=len(rows) - rows.held_out,
        holdout_rows=rows.held_out,
        merged_duplicates=choice.merged,
        unusable_rows=choice.unusable,
        rows_outside_window=choice.outside,
        left_out=choice.left_out,
        split=SplitSummary(
            by=definition.training.split, window=training.get("window", ""), cut=None if cut is None else _to_iso(cut)
        ),
        target=definition.predicted_column,
        time_range=(_to_iso(times.min()), _to_iso(times.max())),
        train_until=_to_iso(learned.max()) if len(learned) else "",
        labelled=replace(data.labelled.counts, rows=rows.labelled),
        **target,
    )


def summarise_target(target: Array) -> TargetSummary:
    """Summarise the values of a regression.

    >>> summarise_target(np.array([1.0, 2.0, 3.0])).mean
    2.0
    """
    low, lower, median, upper, high = np.quantile(target, [0, 0.25, 0.5, 0.75, 1]).tolist()
    return TargetSummary(low, lower, median, float(target.mean()), upper, high)


def count_classes(labels: Array, holdout: NDArray[np.bool_]) -> list[ClassCounts]:
    """Count the rows of each class on both sides of the split.

    >>> count_classes(np.array(["no", "yes", "no"]), np.array([True, False, False]))
    [ClassCounts(name='no', train=1, holdout=1), ClassCounts(name='yes', train=1, holdout=0)]
    """
    classes, numbers = np.unique(labels.astype(str), return_inverse=True)
    train, held_out = (np.bincount(numbers[side], minlength=len(classes)).tolist() for side in (~holdout, holdout))
    return [ClassCounts(*counts) for counts in zip(classes.tolist(), train, held_out, strict=True)]


def _to_iso(time: np.datetime64) -> str:
    return f"{time.astype('datetime64[us]')}Z"
