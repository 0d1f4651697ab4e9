"""The steps of a snapshot that differ between kinds of tasks; `take` chooses a kind once, and works with it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.classes import class_labels
from refrain.lake.receipt_choice import choose_receipts, read_receipts, window_start
from refrain.snapshot.data_summary import count_classes, summarise_target
from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows, read_labelled
from refrain.snapshot.split import Split, row_shortfall, split_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.receipt import Receipt
    from refrain.lake.snapshot import SnapshotPart


@dataclass(frozen=True)
class RunData:
    """Everything that a run may learn from: uploads of rows, labelled predictions, and uploads that describe items."""

    receipts: Sequence[Receipt]
    labelled: LabelledRows = NO_LABELS
    items: Sequence[Receipt] = ()

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
        receipts = read_receipts(store, self.definition.model)
        labelled = read_labelled(store, self.definition)
        newest = labelled.predicted.max() if len(labelled) else None
        oldest = window_start(receipts, self.definition, newest)
        recent = labelled if oldest is None else labelled.select(labelled.predicted >= oldest)
        return RunData(choose_receipts(receipts, self.definition, newest), recent)

    def hold_out(self, columns: Columns) -> Split:
        """Choose the rows to judge by."""
        return split_rows(self.definition, columns)

    def find_shortfall(self, columns: Columns, holdout: NDArray[np.bool_]) -> str:
        """Say in one sentence what is missing to learn from these rows; nothing if there is enough."""
        return row_shortfall(self.definition, columns, holdout)

    def describe_target(self, columns: Columns, holdout: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the fields of a `DataSummary` that depend on the task."""
        target = columns[self.definition.target]
        if self.definition.task == "regression":
            return {"summary": summarise_target(target)}
        labels = class_labels(self.definition.columns[self.definition.target], target)
        return {"classes": count_classes(labels, holdout)}

    def other_parts(self, _store: Store, _data: RunData, _columns: Columns) -> dict[SnapshotPart, Columns]:
        """Return the columns to freeze besides training and holdout rows."""
        return {}
