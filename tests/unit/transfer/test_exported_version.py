"""The example of an exported folder answers in the target's own units, without Refrain."""

from __future__ import annotations

import json
import runpy
from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.transfer.exported_version import EXAMPLE
from tests.unit.training.regressions import TARGETS, learn_regression

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt"])
def test_the_example_answers_what_the_version_answers(
    transform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = learn_regression("linear_model.Ridge", TARGETS["prices"], transform=transform)
    rows = version.files.golden.rows[:3]
    (tmp_path / "manifest.json").write_text(json.dumps(version.files.manifest.to_json()))
    (tmp_path / "golden.json").write_text(json.dumps(version.files.golden.to_json()))
    (tmp_path / "model.onnx").write_bytes(version.files.model)
    (tmp_path / "example.py").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)

    runpy.run_path("example.py")

    np.testing.assert_allclose(json.loads(capsys.readouterr().out)["answers"], version.model.answer(rows), rtol=1e-12)
