"""What may import what, and what the inference path must never import."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted((ROOT / "functions").rglob("*.py"))
SHARED = sorted((ROOT / "shared").rglob("*.py"))
PREPROCESSING = sorted((ROOT / "layers" / "preprocessing").rglob("*.py"))

FORBIDDEN = {
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "onnx",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "skl2onnx",
    "sklearn",
}


def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def said_by_inference(code: str) -> str:
    """What a fresh interpreter prints that has the code of inference on its path."""
    folders = [ROOT / "functions" / "inference", ROOT / "shared", ROOT / "layers" / "preprocessing"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout


def test_the_inference_handler_imports_nothing_that_training_needs() -> None:
    code = "import json, sys, app; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    found = set(json.loads(said_by_inference(code)))

    assert FORBIDDEN.isdisjoint(found)
    assert {"numpy", "onnxruntime", "obstore"} <= found


def test_the_collector_of_garbage_rests_while_inference_is_imported_and_no_longer() -> None:
    looks = "sum(each['collections'] for each in gc.get_stats())"
    code = f"import gc; before = {looks}; import app; print({looks} - before, gc.isenabled(), gc.get_freeze_count())"
    collections, enabled, frozen = said_by_inference(code).split()

    assert (int(collections), enabled) == (0, "True")
    assert int(frozen) > 10_000


@pytest.mark.parametrize("path", FUNCTIONS, ids=shown)
def test_functions_never_import_functions(path: Path) -> None:
    assert roots(path).isdisjoint({"functions", "app", "local", "tests"})


@pytest.mark.parametrize("path", SHARED, ids=shown)
def test_what_we_do_never_imports_who_calls_us(path: Path) -> None:
    assert roots(path).isdisjoint({"functions", "app", "local", "tests"})


@pytest.mark.parametrize("path", PREPROCESSING, ids=shown)
def test_the_preprocessing_layer_imports_numpy_and_nothing_else(path: Path) -> None:
    assert roots(path) <= {"numpy", "preprocessing", *sys.stdlib_module_names}


@pytest.mark.parametrize("path", sorted((ROOT / "shared" / "refrain" / "serving").glob("*.py")), ids=shown)
def test_serving_imports_no_other_part(path: Path) -> None:
    parts = {name.split(".")[1] for name in imported(path) if name.startswith("refrain.")}
    ours = {each.stem for each in (ROOT / "shared" / "refrain").glob("*.py")}
    assert parts <= {"serving", "recommending", "capture", "truth", *ours}


@pytest.mark.parametrize("path", sorted((ROOT / "shared" / "refrain" / "recommending").glob("*.py")), ids=shown)
def test_what_recommends_imports_no_other_part(path: Path) -> None:
    parts = {name.split(".")[1] for name in imported(path) if name.startswith("refrain.")}
    ours = {each.stem for each in (ROOT / "shared" / "refrain").glob("*.py")}
    assert parts <= {"recommending", *ours}
