"""What the inference path must never import, and what importing it must not cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

FORBIDDEN = {
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "lightgbm",
    "onnx",
    "onnxmltools",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "skl2onnx",
    "sklearn",
    "xgboost",
}


def printed_by(function: str, code: str) -> str:
    """The output of a fresh interpreter that has the code of a function on its path."""
    folders = [ROOT / "functions" / function, ROOT / "shared", ROOT / "layers" / "preprocessing"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout


def test_the_inference_handler_imports_nothing_that_training_needs() -> None:
    code = "import json, sys, app; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    found = set(json.loads(printed_by("inference", code)))

    assert FORBIDDEN.isdisjoint(found)
    assert {"numpy", "onnxruntime", "obstore"} <= found


def test_the_collector_of_garbage_rests_while_inference_is_imported_and_no_longer() -> None:
    looks = "sum(each['collections'] for each in gc.get_stats())"
    code = f"import gc; before = {looks}; import app; print({looks} - before, gc.isenabled(), gc.get_freeze_count())"
    collections, enabled, frozen = printed_by("inference", code).split()

    assert (int(collections), enabled) == (0, "True")
    assert int(frozen) > 10_000


def test_the_check_before_traffic_imports_no_wheels() -> None:
    """It has no layer of wheels, so an import of numpy would stop every deployment."""
    code = "import json, sys, app; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    imported = set(json.loads(printed_by("pretraffic", code)))

    assert {"numpy", "obstore", "onnxruntime"}.isdisjoint(imported)
