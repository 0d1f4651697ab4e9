"""`make bench [ONLY=part] [BUSY=1] [LOAD=minutes]` measures.

It writes build/bench.json, docs/benchmarks.json and docs/benchmarks.md.

A part is a module of this folder with a function `measure`. Parts that are not measured now keep what was found before.
What is found on a busy machine is kept beside the rest, in files of its own and in a table at the end of the page.
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
"""Ends the names of the same files of a busy machine."""

PAGE = ROOT / "docs" / "benchmarks.md"

PARTS = (
    "prediction", "request", "waterfall", "instances", "emulator", "servers", "cold", "memory", "size", "ingest",
    "preprocessing", "retraining", "growth", "load", "recommending",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that are asked for, all unless told."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help=f"one or some of {', '.join(PARTS)}, with commas")
    parser.add_argument("--busy", action="store_true", help="with other work on every processor meanwhile")
    asked = parser.parse_args(arguments)
    only = [name for name in asked.only.split(",") if name]
    unknown = set(only) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    ending = BUSY if asked.busy else ""
    found = _before(ending)
    with busy_processors(asked.busy):
        for name in only or PARTS:
            where = describe_machine()
            print(f"measuring {name} …", flush=True)
            found[name] = replace(import_module(f"benchmarks.{name}").measure(), machine=where)
            _write(found, ending)
    for part in (found[name] for name in only or found):
        print(part_as_text(part))
    print(f"written: {_ending(NEW_FIGURES, ending).relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


def _ending(path: Path, ending: str) -> Path:
    return path.with_stem(path.stem + ending)


def _before(ending: str) -> dict[str, Part]:
    paths = (_ending(path, ending) for path in (NEW_FIGURES, COMMITTED_FIGURES))
    path = next((each for each in paths if each.exists()), None)
    documents: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["parts"] if path else []
    return {document["name"]: Part.of(document) for document in documents}


def _write(found: Mapping[str, Part], ending: str) -> None:
    parts = [found[name] for name in PARTS if name in found]
    text = json.dumps({"parts": [part.document() for part in parts]}, indent=1, ensure_ascii=False) + "\n"
    for path in (NEW_FIGURES, COMMITTED_FIGURES):
        path.parent.mkdir(parents=True, exist_ok=True)
        _ending(path, ending).write_text(text, encoding="utf-8")
    quiet, busy = (_before(each) for each in ("", BUSY))
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
    return "\n".join(lines + [f"  left out: {each}" for each in part.skipped])


if __name__ == "__main__":
    main()
