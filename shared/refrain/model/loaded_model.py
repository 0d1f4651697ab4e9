"""What every loaded version can do, whatever its kind: answer instances, prove itself, and be timed."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Protocol

from refrain.errors import BrokenVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Definition, Problem
    from refrain.lake.parity_figures import Parity
    from refrain.lake.version import Golden, Manifest

TIMED_CALLS = 200


class LoadedModel(Protocol):
    """One version, ready to answer; every method raises `BrokenVersion` when the files or the graph fail.

    `definition` is the one that the version was trained with; `classes` are in the order of the answers (None unless it
    is a classification).
    """

    manifest: Manifest
    version: str
    definition: Definition
    classes: tuple[str, ...] | None

    def answer(self, instances: Sequence[Mapping[str, object]]) -> object:
        """Answer instances (column to JSON value) that are known to be usable."""

    def replay(self, golden: Golden) -> Parity:
        """Answer the golden rows by the code that serves, and compare with what training answered."""

    def latency_ms(self, instances: Sequence[Mapping[str, object]]) -> float:
        """Time one answer, from the instance to the scores: milliseconds, the median of `TIMED_CALLS`."""
        durations = []
        for call in range(TIMED_CALLS):
            started = time.perf_counter()
            self.answer([instances[call % len(instances)]])
            durations.append(time.perf_counter() - started)
        return median(durations) * 1000


def damaged(version: str, part: str, error: Exception) -> BrokenVersion:
    """Say that files of a version cannot be read.

    >>> str(damaged("v1", "files", KeyError("classes")))
    "version v1: its files are damaged (KeyError: 'classes')"
    """
    return BrokenVersion(version, f"its {part} are damaged ({type(error).__name__}: {error})")


def check_golden_rows(version: str, problems: Sequence[Problem]) -> None:
    """Refuse a version that cannot use its own golden rows."""
    if problems:
        reason = f"{problems[0].column} {problems[0].reason}"
        raise BrokenVersion(version, f"its golden rows are refused: {reason}")
