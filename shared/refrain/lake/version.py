"""The files of a model version, read and checked; they never change once they are written."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.errors import BrokenVersion, NotFound
from refrain.lake import keys

if TYPE_CHECKING:
    from refrain.aws.storage import Store

FILES = ("manifest.json", "model.onnx", "baseline.json", "golden.json")
"""What every version has; a recommender has its catalogue besides."""


@dataclass(frozen=True)
class VersionFiles:
    """What training wrote, as it is; `model` is the ONNX graph, `catalogue` the items of a recommender."""

    manifest: dict[str, Any]
    model: bytes
    baseline: dict[str, Any]
    golden: dict[str, Any]
    catalogue: dict[str, Any] | None = None


def read_version_files(store: Store, model: str, version: str) -> VersionFiles:
    """Read a version. Raises `BrokenVersion` when a file is absent or damaged, `StorageUnavailable` without S3.

    All files are asked for at once: a cold start would wait for one after the other.
    """
    with ThreadPoolExecutor(len(FILES)) as threads:
        reading = {name: threads.submit(_file, store, model, version, name) for name in FILES}
    manifest = _document(version, "manifest.json", reading["manifest.json"].result())
    graph = reading["model.onnx"].result()
    if (manifest.get("model"), manifest.get("version")) != (model, version):
        raise BrokenVersion(version, "its manifest is that of another version")
    if hashlib.sha256(graph).hexdigest() != manifest.get("model_sha256"):
        raise BrokenVersion(version, "its model.onnx is not the one that its manifest names")
    baseline, golden = (_document(version, name, reading[name].result()) for name in ("baseline.json", "golden.json"))
    catalogue = None
    if manifest.get("task") == "recommendation":
        catalogue = _document(version, "catalogue.json", _file(store, model, version, "catalogue.json"))
    return VersionFiles(manifest, graph, baseline, golden, catalogue)


def _file(store: Store, model: str, version: str, name: str) -> bytes:
    try:
        return store.read(keys.version(model, version, name)).data
    except NotFound as error:
        raise BrokenVersion(version, f"its {name} is absent") from error


def _document(version: str, name: str, content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise BrokenVersion(version, f"its {name} is not JSON") from error
    if not isinstance(document, dict):
        raise BrokenVersion(version, f"its {name} is not an object")
    return document
