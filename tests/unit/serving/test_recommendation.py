"""The largest request to a recommender fits into its function, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.neighbours import Neighbours
from refrain.recommenders.onnx_graph import Graph, add_ranking, add_start

if TYPE_CHECKING:
    from pathlib import Path

ITEMS, NEIGHBOURS = 20_000, 400


def test_a_thousand_lists_for_histories_of_500_items_take_less_than_600_mb_and_20_seconds(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(large_recommender())
    module = [sys.executable, "-m", "tests.unit.serving.largest_recommendation"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}

    asked = [*module, str(tmp_path / "model.onnx"), str(ITEMS)]
    answered = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)

    figures = json.loads(answered.stdout)
    assert figures["lists"] == 100_000
    assert figures["megabytes"] < 600
    assert figures["seconds"] < 20


def large_recommender() -> bytes:
    random = np.random.default_rng(0)
    targets = random.integers(0, ITEMS, (ITEMS + 1, NEIGHBOURS), np.uint16)
    weights = random.random((ITEMS + 1, NEIGHBOURS), np.float32).astype(np.float16)
    weights[-1] = 0
    shares = np.full(ITEMS, 1 / ITEMS, np.float32)
    graph = Graph()
    start = add_start(graph, np.zeros_like(shares), shares)
    add_ranking(graph, Neighbours(targets, weights).add_scores(graph, start))
    return graph.model()
