"""Snapshots of classifications and regressions: uploaded rows and labelled predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.classes import class_labels
from refrain.lake.receipt_choice import choose_receipts, read_receipts, window_start
from refrain.snapshot.data_summary import count_classes, summarise_target
from refrain.snapshot.labelled_rows import read_labelled
from refrain.snapshot.run_data import RunData
from refrain.snapshot.split import Split, split_rows
from refrain.snapshot.sufficiency import row_shortfall

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.snapshot import SnapshotPart


@dataclass(frozen=True)
class TabularSnapshot:
    """See `SnapshotKind`."""

    definition: Definition

    def gather(self, store: Store) -> RunData:
        """Choose uploads and labelled predictions, within the window where it is one of upload time."""
        receipts = read_receipts(store, self.definition.model)
        labelled = read_labelled(store, self.definition)
        newest = labelled.predicted.max() if len(labelled) else None
        oldest = window_start(receipts, self.definition, newest)
        recent = labelled if oldest is None else labelled.select(labelled.predicted >= oldest)
        return RunData(choose_receipts(receipts, self.definition, newest), recent)

    def hold_out(self, columns: Columns) -> Split:
        """Hold out rows as `training.split` says."""
        return split_rows(self.definition, columns)

    def find_shortfall(self, columns: Columns, holdout: NDArray[np.bool_]) -> str:
        """Ask for enough rows, and for a target that varies."""
        return row_shortfall(self.definition, columns, holdout)

    def describe_target(self, columns: Columns, holdout: NDArray[np.bool_]) -> dict[str, Any]:
        """Summarise the values to predict, or count the classes."""
        target = columns[self.definition.target]
        if self.definition.task == "regression":
            return {"summary": summarise_target(target)}
        labels = class_labels(self.definition.columns[self.definition.target], target)
        return {"classes": count_classes(labels, holdout)}

    def more_parts(self, _store: Store, _data: RunData, _columns: Columns) -> dict[SnapshotPart, Columns]:
        """Freeze nothing else."""
        return {}
