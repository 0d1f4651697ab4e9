"""A version is measured in a process of its own, which may be killed or fail."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from refrain.errors import BrokenVersion
from refrain.evaluation import loading_process
from refrain.evaluation.loading_process import IDENTITY, OutOfMemory, measure_loading
from refrain.model.onnx import open_graph
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from refrain.lake.version import VersionFiles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")


@pytest.fixture(scope="module")
def files() -> VersionFiles:
    """A small version."""
    return tiny.flats().files


@pytest.fixture(scope="module")
def forest() -> VersionFiles:
    """A version that holds many times its file."""
    document = {
        **tiny.FLATS,
        "training": {
            "candidates": [
                {"name": "forest", "estimator": "sklearn.ensemble.RandomForestRegressor", "n_estimators": 40}
            ]
        },
    }
    rows = [{"area": float(row % 97), "rooms": row % 7, "price": float(row * row % 1009)} for row in range(3000)]
    return tiny.made("flats", document, rows).files


def test_trees_hold_many_times_their_file_and_small_models_hardly_anything(
    files: VersionFiles, forest: VersionFiles
) -> None:
    small, large = measure_loading(files), measure_loading(forest)

    assert small.held_bytes <= small.peak_bytes < 4e6
    assert 5 * len(forest.model) < large.held_bytes < 30 * len(forest.model)
    assert large.held_bytes <= large.peak_bytes
    assert 0 < small.cpu_seconds < large.cpu_seconds < 5


def test_a_version_that_needs_more_than_evaluation_has_is_killed_and_not_this_process(
    forest: VersionFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading_process, "function_bytes", lambda: 290e6)
    monkeypatch.setattr(loading_process, "RESERVED_BYTES", 0)
    monkeypatch.setattr(loading_process, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(loading_process, "resident", lambda process="self": 200e6 if process == "self" else 100e6)

    with pytest.raises(OutOfMemory, match=r"takes more than 86 MB: give evaluation more memory") as caught:
        measure_loading(forest)

    assert caught.value.footprint.held_bytes == 90_000_000


def test_a_version_that_fails_in_the_fresh_process_fails_here_with_its_exit(files: VersionFiles) -> None:
    with pytest.raises(BrokenVersion, match="the process that loads it ends with 1"):
        measure_loading(replace(files, model=b"no graph"))


def test_the_smallest_graph_is_one() -> None:
    assert [tensor.name for tensor in open_graph("identity", IDENTITY).get_inputs()] == ["x"]
