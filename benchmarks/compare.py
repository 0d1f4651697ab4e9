"""Compare two runs of the benchmark: `make bench-compare`, or `python -m benchmarks.compare OLD.json NEW.json`.

Machines differ in speed, so each figure is compared in units of a floor or a peer that was measured in the same run. A
figure that has neither is compared only when both runs are from the same machine.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.__main__ import COMMITTED_FIGURES, NEW_FIGURES, ROOT
from benchmarks.figures import Figure, read_figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


MAX_SLOWDOWN = 0.2
"""The tolerance for the committed figures: two runs of the same code on a busy machine differ by less."""

MAX_SLOWDOWN_IN_ONE_SITTING = 0.05
"""The tolerance for two files, which are meant to come from one machine within the hour."""


@dataclass(frozen=True)
class Change:
    """How many times the old figure the new one is, and whether that is more than both runs vary."""

    ratio: float
    is_beyond_noise: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each figure; 2 when there is nothing to compare, 1 when a figure of two files is worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="OLD.json NEW.json", help="two runs from one machine")
    parser.add_argument("--same-machine", action="store_true", help="for files that do not say where they are from")
    options = parser.parse_args(arguments)
    files: list[Path] = options.files
    if len(files) not in (0, 2):
        parser.error("expected two files, or none for the committed figures and those of `make bench`")
    try:
        texts = [path.read_text(encoding="utf-8") for path in files] or [_committed(), NEW_FIGURES.read_text("utf-8")]
    except FileNotFoundError as error:
        print(f"There is nothing to compare: {error.filename} is missing; `make bench` measures.", file=sys.stderr)
        return 2
    machine = "same" if options.same_machine else ""
    old, new = (read_figures(json.loads(text), machine) for text in texts)
    tolerance = MAX_SLOWDOWN_IN_ONE_SITTING if files else MAX_SLOWDOWN
    for line in comparison(old, new, tolerance):
        print(line)
    changes = (change(old[name], new[name]) for name in old if name in new)
    return int(bool(files) and any(is_worse(result, tolerance) for result in changes))


def _committed() -> str:
    name = str(COMMITTED_FIGURES.relative_to(ROOT))
    shown = subprocess.run(["git", "show", f"HEAD:{name}"], cwd=ROOT, capture_output=True, text=True, check=False)
    if shown.returncode:
        raise FileNotFoundError(2, "not committed", name)
    return shown.stdout


def change(old: Figure, new: Figure) -> Change | None:
    """Compare two figures by the first reference that both runs have; None where they cannot be compared.

    >>> change(Figure(3, 3, 3, {"floor": 1}), Figure(8, 8, 8, {"floor": 2}))
    Change(ratio=1.3333333333333333, is_beyond_noise=True)
    >>> change(Figure(3, 3, 3, machine="a"), Figure(8, 8, 8, machine="b"))
    """
    common = next((name for name in old.references if name in new.references), None)
    if common is not None:
        before, after = old.in_units_of(old.references[common]), new.in_units_of(new.references[common])
    elif old.is_relative or (old.machine and old.machine == new.machine):
        before, after = old.in_units_of(1), new.in_units_of(1)
    else:
        return None
    return Change(_ratio(before[0], after[0]), after[1] > before[0] and after[0] > before[2])


def is_worse(result: Change | None, tolerance: float) -> bool:
    """Whether a figure grew by more than a tolerance, and by more than both runs vary."""
    return result is not None and result.is_beyond_noise and result.ratio > 1 + tolerance


def comparison(old: Mapping[str, Figure], new: Mapping[str, Figure], tolerance: float) -> Iterator[str]:
    """Write a line for each figure, then how many are worse and how many cannot be compared.

    >>> old = {"a": Figure(1, 1, 1, {"floor": 1}), "b": Figure(2, 2, 2), "c": Figure(2, 2, 2)}
    >>> new = {"a": Figure(3, 3, 3, {"floor": 2}), "c": Figure(9, 9, 9), "d": Figure(1, 1, 1)}
    >>> for line in comparison(old, new, 0.2):
    ...     print(line)
    × 1.50  a  WORSE
    gone    b
    -       c  another machine
    new     d
    1 of 2 figures is worse by more than 20 %; 1 was measured on another machine, without a floor or peer.
    """
    changes = {name: change(old[name], new[name]) for name in old if name in new}
    for name in {**old, **new}:
        if name not in changes:
            yield f"{'gone' if name in old else 'new':<6}  {name}"
        elif (result := changes[name]) is None:
            yield f"-       {name}  another machine"
        else:
            yield f"{f'× {result.ratio:.2f}':<6}  {name}{'  WORSE' if is_worse(result, tolerance) else ''}"
    worse = sum(is_worse(result, tolerance) for result in changes.values())
    absent = sum(result is None for result in changes.values())
    sentence = f"{worse} of {len(changes)} figures {'is' if worse == 1 else 'are'} worse by more than {tolerance:.0%}"
    if absent:
        verb = "was" if absent == 1 else "were"
        sentence += f"; {absent} {verb} measured on another machine, without a floor or peer"
    yield f"{sentence}.".replace("%", " %")


def _ratio(before: float, after: float) -> float:
    """Return how many times as much; what was nothing, as errors are, is infinitely worse."""
    if before == after:
        return 1.0
    return after / before if before else math.inf


if __name__ == "__main__":
    sys.exit(main())
