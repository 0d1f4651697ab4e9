"""How long ingest takes for a large CSV, beside DuckDB, which only copies it to Parquet.

`python -m tests.bench.ingest` prints the figures; `--rows`, `--runs`. Each run is a process of its own, ours and
DuckDB's in turn, so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from tests.bench import mixed

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.storage import Store

ROWS = 10_000_000
RUNS = 3
THREADS = 2
Run = dict[str, float]


def measure(rows: int = ROWS, runs: int = RUNS) -> dict[str, Any]:
    """Measure seconds (wall and CPU), megabytes a second and peak memory; medians, and ours as a multiple of DuckDB's.

    `duckdb` copies with the types that it finds out, leaving out lines that do not fit; `duckdb_text` copies every
    field as text. Neither checks anything. Where DuckDB is not installed, `skipped` says so.
    """
    ways: dict[str, Callable[[Path], Run]] = {"refrain": _refrain}
    if find_spec("duckdb"):
        ways |= {"duckdb": _duckdb, "duckdb_text": _duckdb_text}
    found: dict[str, list[Run]] = {name: [] for name in ways}
    with TemporaryDirectory(prefix="bench-ingest-") as folder:
        path = Path(folder) / "mixed.csv"
        mixed.write(path, rows)
        megabytes = path.stat().st_size / 1e6
        for _ in range(runs):
            for name, way in ways.items():
                found[name].append(_apart(way, path))
    return {
        "rows": rows,
        "megabytes": round(megabytes),
        **{name: _medians(each, megabytes) for name, each in found.items()},
        "times_as_long_as": {name: _ratio(found["refrain"], each) for name, each in found.items() if name != "refrain"},
        "skipped": {} if "duckdb" in ways else {"duckdb": "not installed"},
    }


def _medians(runs: list[Run], megabytes: float) -> Run:
    medians = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
    medians["mb_per_second"] = megabytes / medians["seconds"]
    return {figure: round(value, 2) for figure, value in medians.items()}


def _ratio(ours: list[Run], theirs: list[Run]) -> float:
    pairs = zip(ours, theirs, strict=True)
    return round(statistics.median(mine["seconds"] / other["seconds"] for mine, other in pairs), 2)


def _apart(way: Callable[[Path], Run], path: Path) -> Run:
    """Run in a new process, whose peak of memory is its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(way, path).result()


def _timed(work: Callable[[], object]) -> Run:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"seconds": wall, "cpu_seconds": cpu, "peak_mb": _peak()}


def _peak() -> float:
    """The peak memory of this process; `getrusage` would tell that of its parent, where that was larger."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


class _Nowhere:
    """A lake that keeps nothing: S3 is not what is measured."""

    def upload(self, path: Path, key: str) -> None:
        """Take a file."""


def _refrain(path: Path) -> Run:
    _ingest(path, 1_000)  # imports
    return _timed(lambda: _ingest(path))


def _ingest(path: Path, rows: int = 0) -> None:
    from refrain.ingest.keeping import keep

    with TemporaryDirectory(dir=path.parent) as folder:
        upload = Path(folder) / "upload"
        if rows:
            mixed.write(upload, rows)
        else:
            upload.symlink_to(path)
        keep(upload, "csv", mixed.definition(), "digest", cast("Store", _Nowhere()))


def _duckdb(path: Path) -> Run:
    return _copied(path, "ignore_errors = true")


def _duckdb_text(path: Path) -> Run:
    return _copied(path, "ignore_errors = true, all_varchar = true")


def _copied(path: Path, options: str) -> Run:
    import duckdb

    target = path.with_suffix(".parquet")
    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("SELECT 1")
        source = f"read_csv('{path}', {options})"
        return _timed(
            lambda: connection.execute(f"COPY (FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.rows, asked.runs), indent=2))
