"""Has what is asked, or what is answered, changed since training? One window against the version's baseline."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.statistics.false_discovery import discoveries
from refrain.statistics.homogeneity import STILL, compare_counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.monitoring.reference import Reference
    from refrain.statistics.homogeneity import Counts, DesignEffect

FALSE_ALARMS = 0.005
"""The share of windows that may alarm while nothing has drifted.

Half of the one in a hundred that is promised. The other half is for what the tests leave out: the reference's
cells are chosen by its own rows, and answers go together with features.
"""

LEAST_ROWS = 30
"""Fewer rows than this wait for more."""

DRAWS = 4.0
"""How much finer p-values are than what the best of all tests has to reach."""


@dataclass(frozen=True)
class Moved:
    """One feature (or answer) in one window. `drifted`: surely different, and by more than the floor.

    `importance` is the feature's share of what the model relies on (0 for an answer, and where it is not known);
    `matters` is the effect weighted by it.
    """

    name: str
    answer: bool
    p: float
    effect: float
    drifted: bool
    importance: float
    matters: float
    reference: Reference
    window: Counts


def drift(
    features: Sequence[tuple[Reference, Counts]],
    answers: Sequence[tuple[Reference, Counts]],
    *,
    least_effect: float,
    importance: Mapping[str, float],
    clusters: Mapping[str, DesignEffect] | None = None,
) -> list[Moved]:
    """Test each feature and each answer, and control for their number; what drifted comes first, what matters first.

    Args:
        features: with the window's counts, in the reference's cells.
        answers: the same of what was answered.
        least_effect: the floor: smaller differences are real, maybe, and of no importance.
        importance: share of each feature in what the model relies on.
        clusters: design effects that the window itself shows, by feature; the greater one counts.
    """
    tests = [(False, *each) for each in features] + [(True, *each) for each in answers]
    draws = round(DRAWS * len(tests) / FALSE_ALARMS)
    found = [
        compare_counts(
            window,
            reference.counts,
            max(
                reference.movement(int(window.sum())),
                (clusters or {}).get(reference.name, STILL),
                key=lambda each: each.effect,
            ),
            draws,
            zlib.crc32(reference.name.encode()),
        )
        for _, reference, window in tests
    ]
    sure = discoveries([each.p for each in found], FALSE_ALARMS)
    moved = []
    for (answer, reference, window), compared, surely in zip(tests, found, sure, strict=True):
        weight = 0.0 if answer else importance.get(reference.name, 0.0)
        drifted = surely and compared.effect >= least_effect
        moved.append(
            Moved(
                reference.name,
                answer,
                compared.p,
                compared.effect,
                drifted,
                weight,
                compared.effect * weight,
                reference,
                window,
            )
        )
    return sorted(moved, key=lambda each: (not each.drifted, -each.matters, -each.effect, each.name))
