"""`make bench-compare`: the figures of build/bench.json against those that are committed, as ratios.

What is compared is each figure of ours in units of its floor, where it has one, since machines and moments differ.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.__main__ import BUILT, COMMITTED, ROOT
from benchmarks.result import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOTABLE = 1.2
"""Worse by more than this is marked: less is what two runs of the same code differ by on a busy machine."""


def main() -> int:
    """Print a line for each figure; 2 when there is nothing to compare."""
    if not BUILT.exists():
        print("There is nothing to compare: `make bench` measures.", file=sys.stderr)
        return 2
    said = ["git", "show", f"HEAD:{COMMITTED.relative_to(ROOT)}"]
    found = subprocess.run(said, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        print(f"There is nothing to compare with: {COMMITTED.relative_to(ROOT)} is not committed.", file=sys.stderr)
        return 2
    before, now = (figures(json.loads(text)) for text in (found.stdout, BUILT.read_text(encoding="utf-8")))
    for line in compared(before, now):
        print(line)
    return 0


def figures(document: Mapping[str, Any]) -> dict[str, float]:
    """Take what is ours from a document: in units of the floor where there is one; greater is always worse."""
    taken = {}
    for part in (Part.of(each) for each in document["parts"]):
        for group in part.groups:
            for row in (each for each in group.rows if each.kind == "ours"):
                value = group.ratio(row) or row.median
                taken[f"{part.name}: {group.title}: {row.name}"] = 1 / value if group.more_is_better else value
        for line in (each for each in part.lines if not each.course):
            for name, ys in line.lines.items():
                taken |= {f"{part.name}: {line.title}: {name}, {x:g}": y for x, y in zip(line.x, ys, strict=True)}
    return taken


def compared(before: Mapping[str, float], now: Mapping[str, float]) -> Iterator[str]:
    """Write how many times as much each is now, and what only one of them has; then how many are notably worse.

    >>> for line in compared({"a": 1.0, "b": 2.0, "errors": 0.0}, {"a": 1.5, "c": 1.0, "errors": 1.0}):
    ...     print(line)
    × 1.50  a  WORSE
    gone    b
    × inf   errors  WORSE
    new     c
    2 of 2 are worse by more than 20 %.
    """
    ratios = {name: _ratio(before[name], now[name]) for name in before if name in now}
    for name in {**before, **now}:
        if name in ratios:
            times = f"× {ratios[name]:.2f}"
            yield f"{times:<6}  {name}{'  WORSE' if ratios[name] > NOTABLE else ''}"
        else:
            yield f"{'gone' if name in before else 'new':<6}  {name}"
    worse = sum(ratio > NOTABLE for ratio in ratios.values())
    yield f"{worse} of {len(ratios)} are worse by more than {NOTABLE - 1:.0%}.".replace("%", " %")


def _ratio(before: float, now: float) -> float:
    """Return how many times as much; what was nothing, as errors are, is infinitely worse."""
    if before == now:
        return 1.0
    return now / before if before else math.inf


if __name__ == "__main__":
    sys.exit(main())
