"""`make bench-compare`: the figures of build/bench.json against those that are committed, as ratios.

What is compared is each figure in units of its floor, where it has one, since machines and moments differ.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.bench.__main__ import BUILT, COMMITTED, ROOT
from tests.bench.result import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOTABLE = 1.2
"""Worse by more than this is marked: less is what two runs of the same code differ by on a busy machine."""


def main() -> int:
    """Print a line for each figure that both have; 2 when one of them is not there."""
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
    return taken


def compared(before: Mapping[str, float], now: Mapping[str, float]) -> Iterator[str]:
    """Write how many times as much each is now.

    >>> list(compared({"a": 1.0, "b": 2.0}, {"a": 1.5, "c": 1.0}))
    ['× 1.50  a  WORSE']
    """
    for name in (each for each in before if each in now):
        ratio = now[name] / before[name]
        yield f"× {ratio:.2f}  {name}{'  WORSE' if ratio > NOTABLE else ''}"


if __name__ == "__main__":
    sys.exit(main())
