"""`make bench [ONLY=part] [BUSY=1] [LOAD=minutes]` measures and writes the figures.

They go to build/bench.json, docs/benchmarks.json and docs/benchmarks.md. A part is a module of this folder with a
function `measure`. Parts that are not measured keep their earlier figures. Figures of a busy machine have files of
their own, and a table at the end of the page.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import page
from benchmarks.busy_processors import busy_processors
from benchmarks.drawing import three_digits
from benchmarks.machine import describe_machine
from benchmarks.result import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[1]
NEW_FIGURES = ROOT / "build" / "bench.json"
COMMITTED_FIGURES = ROOT / "docs" / "benchmarks.json"
BUSY = "-busy"
"""The suffix of the files of a busy machine."""

PAGE = ROOT / "docs" / "benchmarks.md"

PARTS = (
    "prediction", "request", "waterfall", "instances", "emulator", "servers", "cold", "memory", "size", "ingest",
    "preprocessing", "retraining", "refitting", "growth", "monitoring", "load", "recommending",
    "estimates", "drift",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure these parts; all by default."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help=f"parts to measure, with commas: {', '.join(PARTS)}")
    parser.add_argument("--busy", action="store_true", help="while every processor also has other work")
    options = parser.parse_args(arguments)
    only = [name for name in options.only.split(",") if name]
    unknown = set(only) - set(PARTS)
    if unknown:
        parser.error(f"unknown parts {', '.join(sorted(unknown))}; known are {', '.join(PARTS)}")
    ending = BUSY if options.busy else ""
    parts = _before(ending)
    with busy_processors(options.busy):
        for name in only or PARTS:
            machine = describe_machine()
            print(f"measuring {name} …", flush=True)
            parts[name] = replace(import_module(f"benchmarks.{name}").measure(), machine=machine)
            _write(parts, ending)
    for part in (parts[name] for name in only or parts):
        print(part_as_text(part))
    print(f"figures in {_ending(NEW_FIGURES, ending).relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


def _ending(path: Path, ending: str) -> Path:
    return path.with_stem(path.stem + ending)


def _before(ending: str) -> dict[str, Part]:
    # Those of build/ may be older: they stay where the work tree goes to another commit.
    path = _ending(COMMITTED_FIGURES, ending)
    documents: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else []
    return {document["name"]: Part.of(document) for document in documents}


def _write(parts_by_name: Mapping[str, Part], ending: str) -> None:
    parts = [parts_by_name[name] for name in PARTS if name in parts_by_name]
    text = json.dumps({"parts": [part.document() for part in parts]}, indent=1, ensure_ascii=False) + "\n"
    for path in (NEW_FIGURES, COMMITTED_FIGURES):
        path.parent.mkdir(parents=True, exist_ok=True)
        _ending(path, ending).write_text(text, encoding="utf-8")
    quiet, busy = (_before(suffix) for suffix in ("", BUSY))
    page.write_page([quiet[name] for name in PARTS if name in quiet], busy, PAGE)


def part_as_text(part: Part) -> str:
    """Write a part for the terminal."""
    lines = [part.title]
    for group in part.groups:
        lines.append(f"  {group.title}" + (f"   (goal: {group.goal})" if group.goal else ""))
        for row in group.rows:
            ratio = group.ratio(row)
            times = f"× {three_digits(ratio)}" if ratio else ""
            lines.append(f"    {row.name:<46}{three_digits(row.median):>10} {group.unit:<6} {times}")
    return "\n".join(lines + [f"  left out: {sentence}" for sentence in part.skipped])


if __name__ == "__main__":
    main()
