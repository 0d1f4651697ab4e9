"""Take a snapshot: the order of it all. The same uploads, definition and window give the same rows, bit for bit.

Nothing here asks what time it is: windows reach back from the newest row, and a run's times are its execution's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from preprocessing import __version__ as preprocessing_version
from refrain.definitions import find_definition
from refrain.lake.deployment import Deployment
from refrain.lake.receipt_choice import choose, oldest_upload, read_receipts
from refrain.lake.snapshot import Snapshot, write_snapshot_rows
from refrain.lake.version import read_learned_digest
from refrain.snapshot import recommendation, sufficiency
from refrain.snapshot.data_summary import summarise_data
from refrain.snapshot.labelled_rows import NO_LABELS, read_labelled
from refrain.snapshot.rows import read_rows, taken, within_window, without_duplicates
from refrain.snapshot.snapshot_request import SnapshotRequest
from refrain.snapshot.split import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.receipt_choice import Receipt
    from refrain.lake.snapshot import SnapshotPart
    from refrain.snapshot.labelled_rows import LabelledRows

logger = logging.getLogger("refrain")


def take_snapshot(store: Store, models_dir: Path, event: Mapping[str, Any]) -> dict[str, object]:
    """Freeze the rows of one run; return keys and figures for the states that follow.

    `enough` says whether there is something to learn from, and `why` why not. Raises `InvalidRequest` and
    `UnknownModel` for an input that cannot be used.
    """
    request = SnapshotRequest.of(event)
    definition = find_definition(models_dir, request.model)
    deployment = Deployment.read(store, request.model)
    champion = deployment.champion_version
    receipts, labelled = _chosen(store, definition)
    items = recommendation.read_item_receipts(store, definition)
    digest = snapshot_digest(definition, receipts, labelled, items)
    answer: dict[str, object] = {
        "model": request.model,
        "run": request.run,
        "reason": request.reason,
        "started_at": request.started_at,
        "champion": champion,
        "digest": digest,
        "enough": False,
        "why": "",
        "snapshot": None,
        "rows": 0,
        "train_rows": 0,
        "holdout_rows": 0,
        "candidates": [],
    }
    if not receipts and not len(labelled):
        answer["why"] = f"no rows of {request.model} were uploaded and kept so far"
    elif not request.force and champion and digest == read_learned_digest(store, request.model, champion):
        answer["why"] = f"nothing is new: {champion}, the champion, learned from these very rows (`force` trains again)"
    elif not request.force and (withdrawn := _withdrawn(deployment, digest)):
        answer["why"] = f"{withdrawn}, which was withdrawn, learned from these very rows (`force` trains again)"
    else:
        answer |= _freeze(store, definition, request, receipts, labelled, items, digest)
    if not answer["enough"]:
        answer["outcome"] = "nothing_to_learn"
    logger.info("snapshot taken" if answer["enough"] else "nothing to learn from", extra={"snapshot": answer})
    return answer


def _chosen(store: Store, definition: Definition) -> tuple[list[Receipt], LabelledRows]:
    """Choose what a run is made of, within the window where it is one of upload time."""
    known = read_receipts(store, definition.model)
    if definition.roles:  # what was chosen after a recommendation comes as an interaction
        return choose(known, definition), NO_LABELS
    labelled = read_labelled(store, definition)
    newest = labelled.predicted.max() if len(labelled) else None
    oldest = oldest_upload(known, definition, newest)
    recent = labelled if oldest is None else labelled.only(labelled.predicted >= oldest)
    return choose(known, definition, newest), recent


def snapshot_digest(
    definition: Definition,
    receipts: Sequence[Receipt],
    labelled: LabelledRows | None = None,
    items: Sequence[Receipt] = (),
) -> str:
    """Name what a run would learn from and be judged by: SHA-256 (hex) over data and the definition's parts."""
    parts = {
        "receipts": [(receipt.digest, receipt.uploaded_at) for receipt in receipts],
        "shape": definition.fingerprint,
        "preprocessing": preprocessing_version,
        **({"labelled": labelled.digest} if labelled else {}),
        **({"items": [(receipt.digest, receipt.uploaded_at) for receipt in items]} if items else {}),
        **{name: definition.document.get(name) for name in ("derived", "training", "gate")},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _freeze(
    store: Store,
    definition: Definition,
    request: SnapshotRequest,
    receipts: Sequence[Receipt],
    labelled: LabelledRows,
    items: Sequence[Receipt],
    digest: str,
) -> dict[str, object]:
    """Read, merge, split; write the snapshot if there is enough of it, its description last."""
    rows = without_duplicates(definition, read_rows(store, definition, receipts, labelled))
    newest = max([*(each.uploaded for each in receipts[-1:]), *labelled.arrived[-1:]])
    rows = within_window(definition, rows, newest)
    found = split(definition, rows.columns)
    shortfall = recommendation.interaction_shortfall if definition.roles else sufficiency.row_shortfall
    why = shortfall(definition, rows.columns, found.holdout)
    held = int(found.holdout.sum())
    figures: dict[str, object] = {"rows": len(rows), "train_rows": len(rows) - held, "holdout_rows": held, "why": why}
    if why:
        return figures
    sides: list[tuple[SnapshotPart, Any]] = [("train", ~found.holdout), ("holdout", found.holdout)]
    for name, side in sides:
        write_snapshot_rows(store, request.model, request.run, name, taken(rows.columns, side))
    if definition.roles:
        texts = recommendation.describe_items(store, definition, rows.columns, items)
        write_snapshot_rows(store, request.model, request.run, "items", texts)
    snapshot = Snapshot(
        model=request.model,
        run=request.run,
        reason=request.reason,
        started_at=request.started_at,
        digest=digest,
        definition=dict(definition.document),
        preprocessing=preprocessing_version,
        receipts=[receipt.digest for receipt in receipts],
        data=summarise_data(definition, receipts, rows, found, labelled),
    )
    key = snapshot.write(store)
    candidates = [{"name": candidate.name} for candidate in definition.training.candidates]
    return figures | {"enough": True, "snapshot": key, "candidates": candidates}


def _withdrawn(deployment: Deployment, digest: str) -> str | None:
    """Name the version that learned from these very rows, and did harm."""
    withdrawn = deployment.withdrawn
    return next((each.version for each in withdrawn if each.digest == digest), None)
