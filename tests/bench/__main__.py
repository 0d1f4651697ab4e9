"""`make bench [ONLY=part]`: measures, and writes build/bench.json, docs/benchmarks.json and docs/benchmarks.md.

A part is a module of this folder with a function `measure`. Parts that are not measured now keep what was found before.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import page
from tests.bench.drawing import figure
from tests.bench.machine import machine
from tests.bench.result import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "bench.json"
COMMITTED = ROOT / "docs" / "benchmarks.json"
PAGE = ROOT / "docs" / "benchmarks.md"

PARTS = ("prediction", "request", "instances", "emulator", "cold", "memory", "size", "growth", "recommending")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that are asked for, all unless told."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help=f"one or some of {', '.join(PARTS)}, with commas")
    only = [name for name in parser.parse_args(arguments).only.split(",") if name]
    unknown = set(only) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    found = _before()
    for name in only or PARTS:
        where = machine()
        print(f"measuring {name} …", flush=True)
        found[name] = replace(import_module(f"tests.bench.{name}").measure(), machine=where)
        _write([found[each] for each in PARTS if each in found])
    for part in (found[name] for name in only or found):
        print(_told(part))
    print(f"written: {BUILT.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


def _before() -> dict[str, Part]:
    path = BUILT if BUILT.exists() else COMMITTED
    documents: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else []
    return {document["name"]: Part.of(document) for document in documents}


def _write(parts: Sequence[Part]) -> None:
    text = json.dumps({"parts": [part.document() for part in parts]}, indent=1, ensure_ascii=False) + "\n"
    for path in (BUILT, COMMITTED):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    page.write(parts, PAGE)


def _told(part: Part) -> str:
    lines = [part.title]
    for group in part.groups:
        lines.append(f"  {group.title}" + (f"   (goal: {group.goal})" if group.goal else ""))
        for row in group.rows:
            ratio = group.ratio(row)
            times = f"× {figure(ratio)}" if ratio else ""
            lines.append(f"    {row.name:<46}{figure(row.median):>10} {group.unit:<6}{times}")
    return "\n".join(lines + [f"  left out: {each}" for each in part.skipped])


if __name__ == "__main__":
    main()
