"""The files of a model version, read and checked; they never change once they are written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain import paths
from refrain.errors import BrokenVersion, NotFound

if TYPE_CHECKING:
    from refrain.storage import Store


@dataclass(frozen=True)
class VersionFiles:
    """What training wrote, as it is; `model` is the ONNX graph, `catalogue` the items of a recommender."""

    manifest: dict[str, Any]
    model: bytes
    baseline: dict[str, Any]
    golden: dict[str, Any]
    catalogue: dict[str, Any] | None = None


def read_version(store: Store, model: str, version: str) -> VersionFiles:
    """Read a version. Raises `BrokenVersion` when a file is absent or damaged, `StorageUnavailable` without S3."""
    manifest = _document(store, model, version, "manifest.json")
    graph = _file(store, model, version, "model.onnx")
    if (manifest.get("model"), manifest.get("version")) != (model, version):
        raise BrokenVersion(version, "its manifest is that of another version")
    if hashlib.sha256(graph).hexdigest() != manifest.get("model_sha256"):
        raise BrokenVersion(version, "its model.onnx is not the one that its manifest names")
    baseline, golden = (_document(store, model, version, name) for name in ("baseline.json", "golden.json"))
    recommends = manifest.get("task") == "recommendation"
    catalogue = _document(store, model, version, "catalogue.json") if recommends else None
    return VersionFiles(manifest, graph, baseline, golden, catalogue)


def _file(store: Store, model: str, version: str, name: str) -> bytes:
    try:
        return store.read(paths.version(model, version, name)).data
    except NotFound as error:
        raise BrokenVersion(version, f"its {name} is absent") from error


def _document(store: Store, model: str, version: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(_file(store, model, version, name))
    except ValueError as error:
        raise BrokenVersion(version, f"its {name} is not JSON") from error
    if not isinstance(document, dict):
        raise BrokenVersion(version, f"its {name} is not an object")
    return document
