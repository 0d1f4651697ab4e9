"""Take a snapshot: the order of it all. The same uploads, definition and window give the same rows, bit for bit.

Nothing here asks what time it is: windows reach back from the newest row, and a run's times are its execution's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from preprocessing import __version__ as preprocessing_version
from refrain import deployments, paths
from refrain.definitions import find_definition
from refrain.errors import NotFound
from refrain.retraining.description import describe
from refrain.retraining.enough import shortfall
from refrain.retraining.receipts import choose, read_receipts
from refrain.retraining.request import Request
from refrain.retraining.rows import read_rows, taken, within_window, without_duplicates
from refrain.retraining.split import split
from refrain.snapshots import pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from preprocessing import Definition
    from refrain.retraining.receipts import Receipt
    from refrain.storage import Store

logger = logging.getLogger("refrain")


def take_snapshot(store: Store, models_dir: Path, event: Mapping[str, Any]) -> dict[str, object]:
    """Freeze the rows of one run; return keys and figures for the states that follow.

    `enough` says whether there is something to learn from, and `why` why not. Raises `InvalidRequest` and
    `UnknownModel` for an input that cannot be used.
    """
    request = Request.of(event)
    definition = find_definition(models_dir, request.model)
    deployment, _ = deployments.read(store, request.model)
    champion = deployment.champion_version if deployment else None
    receipts = choose(read_receipts(store, request.model), definition)
    digest = digest_of(definition, receipts)
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
    if not receipts:
        answer["why"] = f"no rows of {request.model} were uploaded and kept so far"
    elif not request.force and digest == _digest_of_champion(store, request.model, champion):
        answer["why"] = f"nothing is new: {champion}, the champion, learned from these very rows (`force` trains again)"
    else:
        answer |= _freeze(store, definition, request, receipts, digest)
    if not answer["enough"]:
        answer["outcome"] = "nothing_to_learn"
    logger.info("snapshot taken" if answer["enough"] else "nothing to learn from", extra={"snapshot": answer})
    return answer


def digest_of(definition: Definition, receipts: Sequence[Receipt]) -> str:
    """Name what a run would learn from and be judged by: SHA-256 (hex) over receipts and the definition's parts."""
    parts = {
        "receipts": [(receipt.digest, receipt.uploaded_at) for receipt in receipts],
        "shape": definition.fingerprint,
        "preprocessing": preprocessing_version,
        **{name: definition.document.get(name) for name in ("derived", "training", "gate")},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _freeze(
    store: Store, definition: Definition, request: Request, receipts: Sequence[Receipt], digest: str
) -> dict[str, object]:
    """Read, merge, split; write the snapshot if there is enough of it, its description last."""
    rows = without_duplicates(definition, read_rows(store, definition, receipts))
    rows = within_window(definition, rows, receipts[-1].uploaded)
    found = split(definition, rows.columns)
    why = shortfall(definition, rows.columns, found.holdout)
    held = int(found.holdout.sum())
    figures: dict[str, object] = {"rows": len(rows), "train_rows": len(rows) - held, "holdout_rows": held, "why": why}
    if why:
        return figures
    for name, side in (("train.npz", ~found.holdout), ("holdout.npz", found.holdout)):
        store.write(paths.snapshot(request.model, request.run, name), pack(taken(rows.columns, side)))
    key = paths.snapshot(request.model, request.run, "snapshot.json")
    document = {
        "model": request.model,
        "run": request.run,
        "reason": request.reason,
        "started_at": request.started_at,
        "digest": digest,
        "definition": definition.document,
        "preprocessing": preprocessing_version,
        "receipts": [receipt.digest for receipt in receipts],
        "data": describe(definition, receipts, rows, found),
    }
    store.write_json(key, document)
    candidates = [{"name": candidate.name} for candidate in definition.training.candidates]
    return figures | {"enough": True, "snapshot": key, "candidates": candidates}


def _digest_of_champion(store: Store, model: str, version: str | None) -> str | None:
    """Return the digest of what the champion learned from, or None where there is none to be read."""
    if version is None:
        return None
    try:
        manifest = store.read_json(paths.version(model, version, "manifest.json"))
    except NotFound:
        return None
    return str(manifest["snapshot"]["digest"])
