"""What a snapshot holds, as plain JSON values: for the report, and for whoever asks later what a model learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import class_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Columns, Definition
    from refrain.lake.receipt_choice import Receipt
    from refrain.snapshot.labelled_rows import LabelledRows
    from refrain.snapshot.rows import Rows
    from refrain.snapshot.split import Split


def summarise_data(
    definition: Definition, receipts: Sequence[Receipt], rows: Rows, found: Split, labelled: LabelledRows | None = None
) -> dict[str, object]:
    """Describe the data of a run (see `evaluation.document.Data`)."""
    held = int(found.holdout.sum())
    return {
        "receipts": len(receipts),
        "uploads": [
            {
                "source": receipt.source,
                "uploaded_at": receipt.uploaded_at,
                "rows_kept": receipt.rows_kept,
                "rows_rejected": receipt.rows_rejected,
            }
            for receipt in receipts
        ],
        "rows": len(rows),
        "train_rows": len(rows) - held,
        "holdout_rows": held,
        "merged_duplicates": rows.merged,
        "unusable_rows": rows.unusable,
        "rows_outside_window": rows.outside,
        "split": {"by": definition.training.split, "window": _window(definition), "cut": _moment(found.cut)},
        **({} if labelled is None else {"labelled": _labelled(rows, labelled)}),
        "target": definition.predicted_column,
        "time_range": _time_range(definition, receipts, rows.columns, labelled),
        **_target(definition, rows.columns, found.holdout),
    }


def _window(definition: Definition) -> str:
    training = definition.document.get("training")
    return str(training.get("window", "")) if isinstance(training, dict) else ""


def _labelled(rows: Rows, labelled: LabelledRows) -> dict[str, object]:
    """What became of labels: `rows` are those predictions that are among the rows of the snapshot."""
    return {
        "rows": int(rows.labelled.sum()),
        "labels": labelled.labels,
        "unmatched": labelled.unmatched,
        "unusable": labelled.unusable,
        "reasons": [{"column": column, "reason": reason, "rows": many} for column, reason, many in labelled.reasons],
    }


def _time_range(
    definition: Definition, receipts: Sequence[Receipt], columns: Columns, labelled: LabelledRows | None
) -> list[str | None]:
    """First and last event time, or the time of upload or prediction where there is no event time."""
    came = [*(each.uploaded for each in receipts), *([] if labelled is None else labelled.predicted)]
    times = columns[definition.time] if definition.time else np.array(came, "datetime64[us]")
    return [_moment(times.min()), _moment(times.max())]


def _target(definition: Definition, columns: Columns, holdout: NDArray[np.bool_]) -> dict[str, object]:
    """Describe what is to be predicted: values, classes, or who chooses and among how many."""
    if definition.roles:
        users, items = (len(set(columns[name].tolist())) for name in (definition.roles.user, definition.roles.item))
        return {"users": users, "items": items}
    target = columns[definition.target]
    if definition.task == "regression":
        names = ("min", "lower_quartile", "median", "upper_quartile", "max")
        quartiles = dict(zip(names, np.quantile(target, [0, 0.25, 0.5, 0.75, 1]).tolist(), strict=True))
        return {"summary": {**quartiles, "mean": float(target.mean())}}
    labels = class_labels(definition.columns[definition.target], target)
    classes, places = np.unique(labels.astype(str), return_inverse=True)
    train, held = (np.bincount(places[side], minlength=len(classes)).tolist() for side in (~holdout, holdout))
    return {
        "classes": [
            {"name": str(name), "train": train[place], "holdout": held[place]} for place, name in enumerate(classes)
        ]
    }


def _moment(time: np.datetime64 | None) -> str | None:
    return None if time is None else f"{time.astype('datetime64[us]')}Z"
