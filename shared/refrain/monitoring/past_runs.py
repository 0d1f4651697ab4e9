"""The retraining runs of a model so far, for the decision about the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.lake import deployment_log
from refrain.lake.receipt_choice import choose_receipts, read_receipts
from refrain.lake.snapshot import Snapshot, list_runs, run_of_version

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store


@dataclass(frozen=True)
class Runs:
    """`last` is the latest run that froze rows; `unpromoted` counts the runs of this definition since a promotion."""

    last: str | None
    unpromoted: int


def read_runs(store: Store, definition: Definition) -> Runs:
    """Read the runs of a model.

    Runs of another definition do not count as unpromoted: whoever changed the definition had a reason to hope.
    """
    runs = list_runs(store, definition.model)
    promoted = _last_promoted(store, definition.model)
    unpromoted = 0
    for run in reversed(runs):
        if unpromoted >= definition.retraining.most_without_promotion or (promoted and run <= promoted):
            break
        if Snapshot.read(store, definition.model, run).definition != definition.document:
            break
        unpromoted += 1
    return Runs(runs[-1] if runs else None, unpromoted)


def count_new_rows(store: Store, definition: Definition, last: str | None) -> int:
    """Count the rows of uploads that the latest run did not have."""
    old = set(Snapshot.read(store, definition.model, last).receipts) if last else set()
    receipts = choose_receipts(read_receipts(store, definition.model), definition)
    return sum(receipt.rows_kept for receipt in receipts if receipt.digest not in old)


def _last_promoted(store: Store, model: str) -> str | None:
    """Return the run of the version that was promoted last, or None."""
    for key in reversed(deployment_log.log_keys(store, model)):
        entry = deployment_log.LogEntry.read(store, key)
        if entry.event == "promoted":
            return run_of_version(entry.version)
    return None
