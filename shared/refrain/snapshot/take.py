"""Take a snapshot. The same uploads, definition and window give the same rows, bit for bit.

Nothing here asks what time it is: windows reach back from the newest row, and a run's times are its execution's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from preprocessing import __version__ as preprocessing_version
from refrain.definitions import find_definition
from refrain.events import FLAG, MODEL, REASON, TEXT, TIME, read_fields
from refrain.lake.deployment import Deployment
from refrain.lake.snapshot import Snapshot, write_snapshot_rows
from refrain.lake.version import read_learned_digest
from refrain.snapshot.data_summary import summarise_data
from refrain.snapshot.rows import read_rows, take_rows, within_window, without_duplicates
from refrain.snapshot.snapshot_kind import RunData, SnapshotKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.snapshot import SnapshotPart

logger = logging.getLogger("refrain")


@dataclass(frozen=True)
class SnapshotRequest:
    """One run. `run` names it: the second it started, and a hash of the execution's name."""

    model: str
    run: str
    reason: str
    force: bool
    started_at: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> SnapshotRequest:
        """Check what the state machine passes on: its own input, and its execution's name and start.

        >>> event = {"request": {"model": "income"}, "execution": "e", "started_at": "2026-11-23T12:04:09Z"}
        >>> SnapshotRequest.of(event).run
        '20261123T120409-3f79bb'
        """
        fields = {"model": MODEL, "reason": REASON.optional("manual"), "force": FLAG.optional(False)}
        values = read_fields(event.get("request"), fields, closed=True)
        execution = read_fields(event, {"execution": TEXT, "started_at": TIME})
        name = hashlib.sha256(execution["execution"].encode()).hexdigest()[:6]
        run = f"{execution['started_at']:%Y%m%dT%H%M%S}-{name}"
        return cls(**values, run=run, started_at=event["started_at"])


def take_snapshot(store: Store, models_dir: Path, event: Mapping[str, Any]) -> dict[str, object]:
    """Freeze the rows of one run; return keys and figures for the states that follow.

    `enough` says whether there is something to learn from, and `why` why not. Raises `InvalidRequest` and
    `UnknownModel` for an input that cannot be used.
    """
    request = SnapshotRequest.of(event)
    definition = find_definition(models_dir, request.model)
    deployment = Deployment.read(store, request.model)
    kind = _choose_kind(definition)
    data = kind.gather(store)
    digest = snapshot_digest(definition, data)
    answer: dict[str, object] = {
        "model": request.model,
        "run": request.run,
        "reason": request.reason,
        "started_at": request.started_at,
        "champion": deployment.champion_version,
        "digest": digest,
        "enough": False,
        "why": _find_objection(store, request, deployment, data, digest),
        "snapshot": None,
        **dict.fromkeys(("rows", "train_rows", "holdout_rows"), 0),
        "candidates": [],
    }
    if not answer["why"]:
        answer |= _freeze(store, definition, kind, request, data, digest)
    if not answer["enough"]:
        answer["outcome"] = "nothing_to_learn"
    logger.info("snapshot taken" if answer["enough"] else "nothing to learn from", extra={"snapshot": answer})
    return answer


def _choose_kind(definition: Definition) -> SnapshotKind:
    if not isinstance(definition, RecommenderDefinition):
        return SnapshotKind(definition)
    from refrain.snapshot.recommendation import RecommenderSnapshot  # other models do not need it

    return RecommenderSnapshot(definition)


def _find_objection(store: Store, request: SnapshotRequest, deployment: Deployment, data: RunData, digest: str) -> str:
    """Say why not to train on the data, or nothing: there is none, or a version learned from it before."""
    champion = deployment.champion_version
    if not data.receipts and not len(data.labelled):
        return f"no rows of {request.model} were uploaded and kept so far"
    if request.force:
        return ""
    if champion and digest == read_learned_digest(store, request.model, champion):
        return f"nothing is new: {champion}, the champion, learned from these very rows (`force` trains again)"
    for withdrawn in deployment.withdrawn:
        if withdrawn.digest == digest:
            return f"{withdrawn.version}, which was withdrawn, learned from these very rows (`force` trains again)"
    return ""


def snapshot_digest(definition: Definition, data: RunData) -> str:
    """Name what a run would learn from and be judged by: SHA-256 (hex) over data and the definition's parts."""
    parts = {
        "receipts": [(receipt.digest, receipt.source.uploaded_at) for receipt in data.receipts],
        "shape": definition.fingerprint,
        "preprocessing": preprocessing_version,
        **({"labelled": data.labelled.digest} if len(data.labelled) else {}),
        **({"items": [(receipt.digest, receipt.source.uploaded_at) for receipt in data.items]} if data.items else {}),
        **{name: definition.document.get(name) for name in ("derived", "training", "gate")},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _freeze(
    store: Store, definition: Definition, kind: SnapshotKind, request: SnapshotRequest, data: RunData, digest: str
) -> dict[str, object]:
    """Read, merge, split; write the snapshot if there is enough of it, its description last."""
    rows = without_duplicates(definition, read_rows(store, definition, data.receipts, data.labelled))
    rows = within_window(definition, rows, data.newest_arrival)
    split = kind.hold_out(rows.columns)
    why = kind.find_shortfall(rows.columns, split.holdout)
    held_out = int(split.holdout.sum())
    figures = {"rows": len(rows), "train_rows": len(rows) - held_out, "holdout_rows": held_out, "why": why}
    if why:
        return figures
    parts: dict[SnapshotPart, Columns] = {
        "train": take_rows(rows.columns, ~split.holdout),
        "holdout": take_rows(rows.columns, split.holdout),
        **kind.other_parts(store, data, rows.columns),
    }
    for part, columns in parts.items():
        write_snapshot_rows(store, request.model, request.run, part, columns)
    snapshot = Snapshot(
        model=request.model,
        run=request.run,
        reason=request.reason,
        started_at=request.started_at,
        digest=digest,
        definition=dict(definition.document),
        preprocessing=preprocessing_version,
        receipts=[receipt.digest for receipt in data.receipts],
        data=summarise_data(definition, data, rows, split, kind.describe_target(rows.columns, split.holdout)),
    )
    key = snapshot.write(store, request.model, request.run)
    candidates = [{"name": candidate.name} for candidate in definition.training.candidates]
    return figures | {"enough": True, "snapshot": key, "candidates": candidates}
