"""The data of a run, and the protocol of the kinds of tasks: `take` chooses a kind once, and works with it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Columns
    from refrain.aws.storage import Store
    from refrain.lake.receipt import Receipt
    from refrain.lake.snapshot import SnapshotPart
    from refrain.snapshot.split import Split


@dataclass(frozen=True)
class RunData:
    """Everything that a run may learn from: uploads of rows, labelled predictions, and uploads that describe items."""

    receipts: Sequence[Receipt]
    labelled: LabelledRows = NO_LABELS
    items: Sequence[Receipt] = ()

    def __bool__(self) -> bool:
        """Tell whether there are any rows."""
        return bool(self.receipts) or bool(len(self.labelled))

    @property
    def newest_arrival(self) -> np.datetime64:
        """When the newest row came."""
        return max([*(receipt.uploaded for receipt in self.receipts[-1:]), *self.labelled.arrived[-1:]])


class SnapshotKind(Protocol):
    """One kind of task, for one definition."""

    def gather(self, store: Store) -> RunData:
        """Choose the data of a run, within the window where it is one of upload time."""

    def hold_out(self, columns: Columns) -> Split:
        """Choose the rows to judge by."""

    def find_shortfall(self, columns: Columns, holdout: NDArray[np.bool_]) -> str:
        """Say in one sentence what is missing to learn from these rows; nothing if there is enough."""

    def describe_target(self, columns: Columns, holdout: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the fields of a `DataSummary` that depend on the kind of task."""

    def more_parts(self, store: Store, data: RunData, columns: Columns) -> dict[SnapshotPart, Columns]:
        """Return the columns to freeze besides training and holdout rows."""
