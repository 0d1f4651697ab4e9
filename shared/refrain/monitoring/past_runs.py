"""The retraining runs of a model so far, as far as the decision about the next one needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from refrain.lake import deployment_log, keys
from refrain.lake.receipt_choice import choose, read_receipts

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store

RUN_LENGTH = 22
_RUN = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")


@dataclass(frozen=True)
class Runs:
    """`last` is the latest run that froze rows; `unpromoted` counts those of this definition since a promotion."""

    last: str | None
    unpromoted: int


def started_at(run: str) -> datetime:
    """Read when a run started (UTC) from its name, or from that of a version of it.

    >>> started_at("20261123T120409-3f79bb-logistic").isoformat()
    '2026-11-23T12:04:09+00:00'
    """
    return datetime.strptime(run[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def read_runs(store: Store, definition: Definition) -> Runs:
    """Read the runs of a model.

    Those of another definition do not count as unpromoted: who changed it had a reason to hope.
    """
    prefix = keys.snapshots(definition.model)
    written = [key for key in store.keys(prefix) if key.endswith("/snapshot.json")]
    runs = sorted({run for key in written if _RUN.fullmatch(run := key.removeprefix(prefix).split("/")[0])})
    promoted = _last_promoted(store, definition.model)
    unpromoted = 0
    for run in reversed(runs):
        if unpromoted >= definition.retraining.most_without_promotion or (promoted and run <= promoted):
            break
        if store.read_json(keys.snapshot(definition.model, run, "snapshot.json"))["definition"] != definition.document:
            break
        unpromoted += 1
    return Runs(runs[-1] if runs else None, unpromoted)


def new_rows(store: Store, definition: Definition, last: str | None) -> int:
    """Count the rows of uploads that the latest run did not have."""
    known = set(store.read_json(keys.snapshot(definition.model, last, "snapshot.json"))["receipts"]) if last else set()
    receipts = choose(read_receipts(store, definition.model), definition)
    return sum(receipt.rows_kept for receipt in receipts if receipt.digest not in known)


def _last_promoted(store: Store, model: str) -> str | None:
    """Return the run of the version that was promoted last, or None."""
    for key in reversed(deployment_log.log_keys(store, model)):
        entry = store.read_json(key)
        if entry["event"] == "promoted":
            return str(entry["version"])[:RUN_LENGTH]
    return None
