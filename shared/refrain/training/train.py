"""Train a candidate: the order of it all. The manifest is written last; a version exists once its manifest does."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import skl2onnx
import sklearn

from preprocessing import RecommenderDefinition, encode, learn_vocabularies
from preprocessing import __version__ as preprocessing_version
from refrain.aws.storage import to_json
from refrain.errors import CandidateRefused, NotFound
from refrain.lake import keys
from refrain.lake.snapshot import Snapshot, read_snapshot_rows
from refrain.training.baseline import make_baseline
from refrain.training.export import export
from refrain.training.fitting import fit
from refrain.training.golden import answer_rows, golden_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Candidate, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.training.training_request import TrainingRequest

logger = logging.getLogger("refrain")

LIBRARIES = {"numpy": np, "scikit-learn": sklearn, "skl2onnx": skl2onnx, "onnx": onnx}


def train(store: Store, request: TrainingRequest) -> dict[str, object]:
    """Train, export and write one version; return its name and figures.

    A retry finds the version that an earlier try wrote whole, or writes the same names again. Raises
    `CandidateRefused` when it cannot be trained or exported, and `NotFound` for a run without a snapshot.
    """
    manifest = _find(store, request)
    if manifest is None:
        manifest = _train(store, request)
        logger.info(
            "candidate trained",
            extra={name: manifest[name] for name in ("model", "version", "seconds", "fit_seconds", "model_bytes")},
        )
    return {
        "candidate": request.candidate,
        "version": request.version,
        "seconds": manifest["seconds"],
        "fit_seconds": manifest.get("fit_seconds"),  # a version from before it was noted has none
        "rows": manifest["snapshot"]["train_rows"],
    }


def _train(store: Store, request: TrainingRequest) -> dict[str, Any]:
    started = time.monotonic()
    snapshot = Snapshot.read(store, request.model, request.run)
    definition = snapshot.parse_definition()
    candidate = _candidate(definition, request.candidate)
    training = read_snapshot_rows(store, request.model, request.run, "train")
    holdout = read_snapshot_rows(store, request.model, request.run, "holdout")
    if isinstance(definition, RecommenderDefinition):
        from refrain.training import recommendation  # scikit-learn's own estimators need none of it

        described = read_snapshot_rows(store, request.model, request.run, "items")
        files, facts = recommendation.make_recommender_version(definition, candidate, training, holdout, described)
    else:
        files, facts = make_tabular_version(definition, candidate, training, holdout)
    manifest = {
        "model": request.model,
        "version": request.version,
        "run": request.run,
        "candidate": candidate.name,
        "estimator": candidate.estimator,
        "task": definition.task,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "definition": definition.document,
        "preprocessing": preprocessing_version,
        "snapshot": {
            "digest": snapshot.digest,
            "train_rows": snapshot.data.train_rows,
            "holdout_rows": snapshot.data.holdout_rows,
        },
        "libraries": {name: module.__version__ for name, module in LIBRARIES.items()},
        **facts,
        "seconds": round(time.monotonic() - started, 3),
    }
    store.write(keys.answers(request.model, request.run, candidate.name), files.pop("answers.npz"))
    for name, content in (files | {"manifest.json": to_json(manifest)}).items():
        store.write(keys.version(request.model, request.version, name), content)
    return manifest


def make_tabular_version(
    definition: Definition, candidate: Candidate, training: Columns, holdout: Columns
) -> tuple[dict[str, bytes], dict[str, object]]:
    """Fit a candidate on training columns and make its files, and its part of the manifest; nothing is written.

    Among the files are the pipeline's answers for every holdout row, in their order (npz, `answers` float64).
    """
    vocabularies = learn_vocabularies(definition, training)
    matrix = encode(definition, vocabularies, training)
    started = time.monotonic()
    fitted = fit(definition, candidate, vocabularies, matrix, training[definition.target])
    fit_seconds = time.monotonic() - started
    graph = export(fitted, len(definition.features))
    answers = fitted.answers(encode(definition, vocabularies, holdout))
    rows = golden_rows(definition, training)
    golden = {"rows": rows, "answers": answer_rows(definition, vocabularies, fitted, rows).tolist()}
    baseline = make_baseline(definition, training, matrix, fitted.classes, answers, holdout)
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, answers=answers)
    files = {
        "answers.npz": packed.getvalue(),
        "model.onnx": graph,
        "baseline.json": to_json(baseline),
        "golden.json": to_json(golden),
    }
    facts: dict[str, object] = {
        "features_recipe": fitted.recipe,
        "vocabularies": vocabularies,
        "features": list(definition.features),
        "classes": None if fitted.classes is None else list(fitted.classes),
        "model_sha256": hashlib.sha256(graph).hexdigest(),
        "model_bytes": len(graph),
        "fit_seconds": round(fit_seconds, 3),
    }
    return files, facts


def _candidate(definition: Definition, name: str) -> Candidate:
    for candidate in definition.training.candidates:
        if candidate.name == name:
            return candidate
    raise CandidateRefused(f"{name}: the definition of this snapshot has no such candidate")


def _find(store: Store, request: TrainingRequest) -> Mapping[str, Any] | None:
    try:
        manifest: dict[str, Any] = store.read_json(keys.version(request.model, request.version, "manifest.json"))
    except NotFound:
        return None
    return manifest
