"""Train candidates in fresh processes, and print what each was estimated to take and what it took at most."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from preprocessing import parse_definition
from refrain.lake.packed_columns import PackedColumns, PackedFile
from refrain.training import fitting
from refrain.training.tabular_fit import train_tabular
from refrain.training_memory import estimate_memory

LEVELS = np.array([f"level {level}" for level in range(60)], dtype=object)


def make_rows(rows: int, numbers: int, categories: int, levels: int) -> PackedFile:
    """Write rows whose target is a noisy sum."""
    draw, packed = np.random.default_rng(0), PackedFile()
    for start in range(0, rows, 20_000):
        count = min(20_000, rows - start)
        columns: dict[str, Any] = {f"n{place}": draw.normal(size=count) for place in range(numbers)}
        columns |= {f"c{place}": LEVELS[draw.integers(0, levels, count)] for place in range(categories)}
        packed.add(columns | {"y": columns["n0"] + draw.normal(size=count)})
    packed.finish()
    return packed


def measure(case: dict[str, Any]) -> dict[str, float]:
    """Train one candidate, from files to the version."""
    names = [f"n{place}" for place in range(case["numbers"])] + [f"c{place}" for place in range(case["categories"])]
    columns = {name: {"type": "number" if name[0] == "n" else "category"} for name in names}
    candidate = {"name": "tried", "estimator": case["estimator"], **case["parameters"]}
    document = {"task": "regression", "target": "y", "columns": columns | {"y": {"type": "number"}}}
    definition = parse_definition("m", document | {"training": {"candidates": [candidate]}}, "m.toml")
    sizes = (case["rows"], case["rows"] // 4)
    training, holdout = (
        PackedColumns(make_rows(rows, case["numbers"], case["categories"], case["levels"]).file) for rows in sizes
    )
    estimates: list[int] = []
    with patch.object(
        fitting, "check_memory", lambda one, _, table, *_data: estimates.append(estimate_memory(one, table))
    ):
        before = memory("VmRSS")
        train_tabular(definition, definition.training.candidates[0], training, holdout)
    return {"estimated": estimates[0], "taken": memory("VmHWM"), "before": before}


def memory(name: str) -> float:
    match = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1]) * 1024.0


def main() -> None:
    """Measure each case in a process of its own, which begins with the libraries alone."""
    for case in json.loads(sys.argv[1]):
        if not (child := os.fork()):
            with threadpool_limits(1):
                print(json.dumps(measure(case)), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
