"""Take a snapshot. The same uploads, definition and window give the same rows, bit for bit.

Nothing here asks what time it is: windows reach back from the newest row, and a run's times are its execution's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from preprocessing import __version__ as preprocessing_version
from preprocessing.function_contract import check_functions
from preprocessing.own_functions import digest_functions
from refrain.errors import InvalidRequest, NotFound
from refrain.events import FLAG, MODEL, REASON, TEXT, TIME, VERSION, read_fields
from refrain.lake.deployment import Deployment
from refrain.lake.learned_rows import write_row_hashes
from refrain.lake.model_definition import find_definition
from refrain.lake.recipe_again import AGAIN
from refrain.lake.search import count_parts
from refrain.lake.snapshot import Snapshot, write_snapshot_rows
from refrain.lake.version import IMPORTED, is_from_elsewhere, read_learned_digest
from refrain.snapshot.capacity import check_readable, row_limit
from refrain.snapshot.champion_again import plan_recipe_again
from refrain.snapshot.data_summary import summarise_data
from refrain.snapshot.frozen_rows import freeze_rows
from refrain.snapshot.pieces import read_pieces
from refrain.snapshot.rows import choose_rows
from refrain.snapshot.snapshot_kind import RunData, SnapshotKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.snapshot.rows import RowLimit

logger = logging.getLogger("refrain")


@dataclass(frozen=True)
class SnapshotRequest:
    """One run. `run` names it: the second it started, and a hash of the execution's name.

    With a `version`, that is compared with the champion, and no candidate is trained.
    """

    model: str
    run: str
    reason: str
    force: bool
    version: str | None
    started_at: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> SnapshotRequest:
        """Check what the state machine passes on: its own input, and its execution's name and start.

        >>> event = {"request": {"model": "income"}, "execution": "e", "started_at": "2026-11-23T12:04:09Z"}
        >>> SnapshotRequest.of(event).run
        '20261123T120409-3f79bb'
        """
        fields = {"model": MODEL, "reason": REASON.optional("manual"), "force": FLAG.optional(False)}
        fields["version"] = VERSION.optional()
        values = read_fields(event.get("request"), fields, closed=True)
        execution = read_fields(event, {"execution": TEXT, "started_at": TIME})
        name = hashlib.sha256(execution["execution"].encode()).hexdigest()[:6]
        run = f"{execution['started_at']:%Y%m%dT%H%M%S}-{name}"
        return cls(**values, run=run, started_at=event["started_at"])


def take_snapshot(store: Store, event: Mapping[str, Any], training_bytes: int) -> dict[str, object]:
    """Freeze the rows of one run; return keys and figures for the states that follow.

    `enough` says whether there is something to learn from, and `why` why not. Rows beyond what training holds in
    `training_bytes` are sampled, or refused. Raises `InvalidRequest` and `UnknownModel` for an input that cannot be
    used, `DefinitionError`, and `TooManyRows`.
    """
    request = SnapshotRequest.of(event)
    definition = find_definition(store, request.model)
    _check_imported(store, request)
    check_functions(definition)
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
        "searches": [],
        "candidates": [],
    }
    if not answer["why"]:
        limit = row_limit(kind, data, training_bytes)
        answer |= _freeze(store, kind, request, data, digest, limit, deployment.champion_version)
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
    if request.force or request.version:
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
        **({"forgotten": data.forgotten} if data.forgotten else {}),
        **({"items": [(receipt.digest, receipt.source.uploaded_at) for receipt in data.items]} if data.items else {}),
        **{name: definition.document.get(name) for name in ("derived", "training", "decision", "gate")},
        **({"functions": functions} if (functions := digest_functions(definition.derived)) else {}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _freeze(
    store: Store,
    kind: SnapshotKind,
    request: SnapshotRequest,
    data: RunData,
    digest: str,
    limit: RowLimit,
    champion: str | None,
) -> dict[str, object]:
    """Choose, split; write the snapshot if there is enough of it, its description last."""
    definition = kind.definition
    check_readable(definition, data)
    read = partial(read_pieces, store, definition, data.receipts, labelled=data.labelled)
    deciding = kind.deciding_columns
    choice = choose_rows(definition, read(names=(*definition.key, *deciding)), deciding, data.newest_arrival, limit)
    rows = freeze_rows(kind, choice, lambda names: read(names=names))
    why = kind.find_shortfall(rows.columns, rows.split.holdout)
    train_rows = len(rows) - rows.held_out
    figures = {"rows": len(rows), "train_rows": train_rows, "holdout_rows": rows.held_out, "why": why}
    if why:
        return figures
    for part, file in {**rows.files, **kind.other_parts(store, data, rows.columns)}.items():
        write_snapshot_rows(store, request.model, request.run, part, file)
    write_row_hashes(store, request.model, request.run, rows.hashes, rows.split.holdout)
    snapshot = Snapshot(
        model=request.model,
        run=request.run,
        reason=request.reason,
        started_at=request.started_at,
        digest=digest,
        definition=dict(definition.document),
        preprocessing=preprocessing_version,
        receipts=[receipt.digest for receipt in data.receipts],
        data=summarise_data(definition, data, rows, kind.describe_target(rows.columns, rows.split.holdout)),
        again=plan_recipe_again(store, kind, champion, rows),
        imported=request.version,
    )
    key = snapshot.write(store, request.model, request.run)
    names = [IMPORTED] if snapshot.imported else [candidate.name for candidate in definition.training.candidates]
    if snapshot.again and snapshot.again.candidate and (snapshot.imported or snapshot.again.candidate == AGAIN):
        names.append(snapshot.again.candidate)
    searches = [
        {"name": candidate.name, "part": part}
        for candidate in definition.training.candidates
        if candidate.search and candidate.name in names
        for part in range(count_parts(candidate.search.trials))
    ]
    candidates = [{"name": name} for name in names]
    return figures | {"enough": True, "snapshot": key, "searches": searches, "candidates": candidates}


def _check_imported(store: Store, request: SnapshotRequest) -> None:
    """Refuse a version that does not exist or that a run has trained: such a run has compared it."""
    try:
        is_imported = request.version is None or is_from_elsewhere(store, request.model, request.version)
    except NotFound as error:
        raise InvalidRequest(f"version: {request.model} has no version {request.version!r:.80}") from error
    if not is_imported:
        raise InvalidRequest(f"version: a run has compared {request.version}; expected one that was imported")
