"""Export a version to a folder that predicts without AWS and without Refrain: its graph, its rules, an example."""

from __future__ import annotations

import shutil
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

import preprocessing
from preprocessing.own_functions import source_path
from refrain.errors import InvalidRequest
from refrain.lake.deployment import Served
from refrain.lake.version import PORTABLE_FILES, Manifest, version_key
from refrain.model.loading import load_version

if TYPE_CHECKING:
    from refrain.aws.storage import Store

PACKAGES = ("numpy", "onnxruntime", "tzdata")
EXAMPLE = '''"""Predict without AWS: pip install -r requirements.txt, then python example.py."""

import json

import numpy as np
import onnxruntime
from preprocessing import encode, parse_definition, prepare, rows_to_columns
from preprocessing.own_functions import digest_functions

manifest = json.load(open("manifest.json"))
definition = parse_definition(manifest["model"], manifest["definition"], "manifest.json")
assert digest_functions(definition.derived) == manifest["functions"], "a function of features/ was changed"
rows = json.load(open("golden.json"))["rows"][:3]  # rows as callers send them: put your own here
columns, problems = prepare(definition, rows_to_columns(rows, definition.inputs), len(rows), columns=definition.inputs)
assert not problems, problems
features = encode(definition, manifest["vocabularies"], columns)
answers = onnxruntime.InferenceSession("model.onnx").run(None, {"features": features})[0]
if scale := manifest["target_scale"]:  # a regression answers how far it is from the offset
    inverse = {"none": np.array, "log1p": np.expm1, "sqrt": lambda root: np.maximum(root, 0) ** 2}[scale["transform"]]
    answers = inverse(answers.astype(np.float64) * scale["scale"] + scale["offset"])
print(json.dumps({"classes": manifest["classes"], "answers": answers.tolist()}))
'''


def export_version(store: Store, model: str, version: str, folder: Path) -> list[str]:
    """Write a version that is proved, with what it needs, to a new folder; return the names in it.

    Raises `InvalidRequest` for a recommender, and where the folder exists, and `BrokenVersion`.
    """
    manifest = Manifest.read(store, model, version)
    if manifest.task == "recommendation":
        raise InvalidRequest("version: a recommender ranks by histories that its stack keeps, so it is not exported")
    if folder.exists():
        raise InvalidRequest(f"folder: {folder} exists already; name a new one")
    load_version(store, model, Served(version, "", "", None), has_room=lambda _: True)
    folder.mkdir(parents=True)
    for name in PORTABLE_FILES:
        (folder / name).write_bytes(store.read(version_key(model, version, name)).data)
    source = Path(preprocessing.__file__).parent
    shutil.copytree(source, folder / "preprocessing", ignore=shutil.ignore_patterns("__pycache__"))
    for make in manifest.functions:
        (folder / "features").mkdir(exist_ok=True)
        shutil.copy(source_path(make), folder / "features")
    (folder / "requirements.txt").write_text("".join(f"{name}=={installed(name)}\n" for name in PACKAGES))
    (folder / "example.py").write_text(EXAMPLE)
    return sorted(path.name for path in folder.iterdir())
