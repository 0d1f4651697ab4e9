"""Ingest of a large CSV, beside DuckDB, which only copies it, and the tools that people check uploads with.

`python -m benchmarks.ingest` prints the figures; it has the options `--rows` and `--runs`. Memory for 5 GB takes
minutes and is measured on demand: `--rows 75000000 --runs 1`, with 7 GB of space for temporary files.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from benchmarks import checkers, engines, mixed_csv
from benchmarks.installed import find_missing, missing_sentences
from benchmarks.real_tables import TABLES
from benchmarks.result import Group, Line, Part
from benchmarks.timing import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from benchmarks.real_tables import RealTable
    from benchmarks.result import Kind
    from preprocessing import Definition
    from refrain.aws.storage import Store

TITLE = "Ingest of a large CSV"
ROWS, SLICE = 10_000_000, 500_000
RUNS = 3
OURS = "Refrain"
TYPED, TEXT = "DuckDB, copied with types", "DuckDB, copied as text"
KINDS: dict[str, Kind] = {OURS: "ours", TYPED: "floor", TEXT: "floor"}
NOTES = (
    "Nine columns: a time, four numbers, two categories, a boolean and a label; one row in a thousand is dirty. "
    "Refrain reads, decodes, checks and cleans the rows, and writes curated Parquet, the rejected rows with reasons "
    f"and a profile. DuckDB copies to Parquet with {engines.THREADS} threads and drops lines that do not fit the types "
    "that it detects. Each run is a process of its own, all in turn; imports are not counted. S3 is not part of it.",
    "The checking tools get only the first rows, since all rows would take minutes. Each reads text in chunks of "
    f"{checkers.CHUNK:,} rows with pandas, casts and checks them, and writes good rows as Parquet and bad ones with a "
    "reason. None makes a profile. All reject the same rows.",
    "The real tables are the census and the customers of the example models, repeated. DuckDB and Polars check them "
    "too: both read text, cast it, apply the ranges and the allowed values, and set bad rows apart with their columns. "
    "They count no lines, make no profile and tidy no text but its outer spaces.",
    "`python -m benchmarks.ingest --rows 75000000 --runs 1` measures memory for 5 GB.",
)

type Run = dict[str, float]
type Way = Callable[[Path], Run]


def measure(rows: int = ROWS, runs: int = RUNS) -> Part:
    """Measure a whole file, its start beside the checkers, and real tables beside the engines."""
    modules = {TYPED: ["duckdb"], TEXT: ["duckdb"]} | checkers.REQUIRED_MODULES | engines.REQUIRED_MODULES
    faults = _apart(find_missing, modules)
    copies = {name: way for name, way in {TYPED: _duckdb, TEXT: _duckdb_text}.items() if name not in faults}
    peers: dict[str, Way] = {name: partial(_checked, name) for name in checkers.CHECKERS if name not in faults}
    with TemporaryDirectory(prefix="bench-ingest-") as folder:
        few, many = Path(folder) / "few.csv", Path(folder) / "many.csv"
        mixed_csv.write_csv(few, min(SLICE, rows))
        mixed_csv.write_csv(many, rows)
        start = _in_turn({**copies, OURS: _refrain, **peers}, few, runs)
        whole = _in_turn({**copies, OURS: _refrain}, many, runs)
        groups = (*_groups(whole, rows, _megabytes(many)), _beside(start, min(SLICE, rows), _megabytes(few)))
        many.unlink()
        real = [_real(table, Path(folder), runs, copies, faults) for table in TABLES if table.source.exists()]
    absent = tuple(f"{table.name}: its file is absent" for table in TABLES if not table.source.exists())
    skipped = (*missing_sentences(faults), *absent)
    return Part("ingest", TITLE, (*groups, *real), _lines(start, whole, rows), skipped, NOTES)


def _real(table: RealTable, folder: Path, runs: int, copies: Mapping[str, Way], faults: Collection[str]) -> Group:
    path = folder / f"{table.name}.csv"
    rows = table.write(path)
    peers: dict[str, Way] = {
        name: partial(_checked_by_engine, name, table) for name in engines.ENGINES if name not in faults
    }
    ours = {OURS: partial(_refrain, table=table)}
    taken = _in_turn({**copies, **ours, **peers}, path, runs)
    title = f"{table.name}: {rows:,} real rows, {_megabytes(path):,.0f} MB"
    return _group(title, "MB/s", _rates(taken, _megabytes(path)), "at least × 0.7", more_is_better=True)


def _groups(taken: Mapping[str, Sequence[Run]], rows: int, megabytes: float) -> tuple[Group, ...]:
    size = f"{rows:,} rows, {megabytes:,.0f} MB"
    goal = "≥ 80 MB/s, at most twice DuckDB's time (typed): × 0.5"
    seconds = {name: [run["cpu_seconds"] for run in runs] for name, runs in taken.items()}
    memory = {name: [run["peak_mb"] for run in runs] for name, runs in taken.items()}
    return (
        _group(size, "MB/s", _rates(taken, megabytes), goal, more_is_better=True),
        _group(f"{size}: processor time", "s", seconds),
        _group(f"{size}: peak memory", "MB", memory, "≤ 600 MB, and the same at 5 GB"),
    )


def _beside(taken: Mapping[str, Sequence[Run]], rows: int, megabytes: float) -> Group:
    title = f"the first {rows:,} rows, {megabytes:,.0f} MB, beside what people check with"
    return _group(title, "MB/s", _rates(taken, megabytes), more_is_better=True)


def _group(
    title: str, unit: str, taken: Mapping[str, Sequence[float]], goal: str = "", *, more_is_better: bool = False
) -> Group:
    rows = tuple(summarise(name, KINDS.get(name, "peer"), figures) for name, figures in taken.items())
    return Group(title, unit, rows, TYPED if TYPED in taken else "", goal, more_is_better)


def _rates(taken: Mapping[str, Sequence[Run]], megabytes: float) -> dict[str, list[float]]:
    return {name: [megabytes / run["seconds"] for run in runs] for name, runs in taken.items()}


def _lines(few: Mapping[str, Sequence[Run]], whole: Mapping[str, Sequence[Run]], rows: int) -> tuple[Line, ...]:
    if rows <= SLICE:
        return ()
    memory = {
        name: tuple(summarise(name, "ours", [run["peak_mb"] for run in taken[name]]).median for taken in (few, whole))
        for name in whole
    }
    why = "Files are read in blocks, and what does not fit into a bounded buffer goes to disk."
    return (Line("Peak memory of ingest", "rows", "MB", (SLICE, rows), memory, why),)


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


def _in_turn(ways: Mapping[str, Way], path: Path, runs: int) -> dict[str, list[Run]]:
    taken: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            taken[name].append(_apart(way, path))
    return taken


def _apart[Given, Result](work: Callable[[Given], Result], argument: Given) -> Result:
    """Run in a new process with imports and a memory peak of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, argument).result()


def _timed(work: Callable[[], object]) -> Run:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"seconds": wall, "cpu_seconds": cpu, "peak_mb": _peak()}


def _peak() -> float:
    """Return the peak memory of this process; `getrusage` would return its parent's, if that was larger."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


class _DiscardingLake:
    """A lake that stores nothing, since S3 is not measured."""

    def upload(self, path: Path, key: str) -> None:
        """Discard a file."""


def _refrain(path: Path, table: RealTable | None = None) -> Run:
    definition = table.definition if table else mixed_csv.mixed_definition()
    with TemporaryDirectory(dir=path.parent) as folder:
        start = Path(folder) / "start"
        with path.open("rb") as lines:
            start.write_bytes(b"".join(islice(lines, 1_000)))
        _ingest(start, definition)  # imports
    return _timed(lambda: _ingest(path, definition))


def _ingest(path: Path, definition: Definition) -> None:
    from refrain.ingest.keeping import keep

    with TemporaryDirectory(dir=path.parent) as folder:
        upload = Path(folder) / "upload"
        upload.symlink_to(path)
        keep(upload, "csv", definition, "digest", cast("Store", _DiscardingLake()))


def _checked_by_engine(name: str, table: RealTable, path: Path) -> Run:
    return _timed(engines.ENGINES[name](path, table.definition))


def _duckdb(path: Path) -> Run:
    return _copied(path, "ignore_errors = true")


def _duckdb_text(path: Path) -> Run:
    return _copied(path, "ignore_errors = true, all_varchar = true")


def _copied(path: Path, options: str) -> Run:
    import duckdb

    target = path.with_suffix(".parquet")
    with duckdb.connect(config={"threads": engines.THREADS}) as connection:
        connection.execute("SET enable_progress_bar = false")
        source = f"read_csv('{path}', {options})"
        return _timed(
            lambda: connection.execute(f"COPY (FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        )


def _checked(name: str, path: Path) -> Run:
    judge = checkers.CHECKERS[name]()
    with TemporaryDirectory(dir=path.parent) as folder:
        start = Path(folder) / "start"
        mixed_csv.write_csv(start, 1_000)
        checkers.check_file(start, judge, Path(folder))  # imports
        return _timed(lambda: checkers.check_file(path, judge, Path(folder)))


if __name__ == "__main__":
    from benchmarks.__main__ import part_as_text

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    print(part_as_text(measure(options.rows, options.runs)))
