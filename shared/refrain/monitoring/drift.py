"""Have the inputs, or the answers, changed since training? One window against the version's baseline."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.lake.judged_window import Distribution
from refrain.monitoring.far_values import far_share, fold_far
from refrain.monitoring.training_windows import match_hours
from refrain.statistics.design_effect import INDEPENDENT
from refrain.statistics.homogeneity import compare_counts, find_discoveries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.monitoring.reference import Reference
    from refrain.monitoring.windows import Window
    from refrain.statistics.design_effect import DesignEffect
    from refrain.statistics.homogeneity import Counts
    from refrain.statistics.shifts import Floors, Shift

FALSE_ALARMS = 0.01
"""The share of windows that may alarm while nothing has drifted; fewer do, since their shift must surely count too."""

DEPENDENT_DOUBT = 2.0
"""So many times as likely is a difference by chance where rows depend on each other: a design effect is an average."""

MIN_TESTED_ROWS = 30
"""Fewer rows than this wait for more."""

FINER_DRAWS = 4.0
"""How much finer p-values are than the bound for the best of all tests."""


@dataclass(frozen=True)
class DriftTest:
    """One feature (or answer) in one window: how it differs, and the counts that were compared.

    It drifted if it surely differs, and surely by at least the floor, or if most rows lie far beyond training.
    """

    distribution: Distribution
    reference: Reference
    window: Counts


def compare_distributions(
    features: Sequence[tuple[Reference, Counts]],
    answers: Sequence[tuple[Reference, Counts]],
    *,
    floors: Floors,
    importance: Mapping[str, float],
    clusters: Mapping[str, DesignEffect] | None = None,
    span: Window | None = None,
) -> list[DriftTest]:
    """Test all distributions, and control for their number; those that drifted come first, then those that matter.

    Args:
        features: with the window's counts, in the reference's cells.
        answers: the same for answers.
        floors: smaller shifts may be real, but do not count as drift.
        importance: share of each feature in what the model relies on.
        span: the window's time, where references have a history.
        clusters: design effects that the window itself shows, by feature; the greater effect counts.
    """
    far: dict[str, float | None] = {}
    if span:
        far = {reference.name: far_share(reference, counts, span) for reference, counts in (*features, *answers)}
    features, answers = [fold_far(pair) for pair in features], [fold_far(pair) for pair in answers]
    if span:
        features, answers = match_hours(features, span), match_hours(answers, span)
    pairs = [(False, *feature) for feature in features] + [(True, *answer) for answer in answers]
    draws = round(FINER_DRAWS * len(pairs) / FALSE_ALARMS)
    comparisons = [
        _compare(reference, window, floors, (clusters or {}).get(reference.name, INDEPENDENT), draws)
        for _, reference, window in pairs
    ]
    discovered = find_discoveries([p for p, _ in comparisons], FALSE_ALARMS)
    tests = []
    for (answer, reference, window), (p, shift), surely in zip(pairs, comparisons, discovered, strict=True):
        weight = 0.0 if answer else importance.get(reference.name, 0.0)
        share = far.get(reference.name)
        distribution = Distribution(
            name=reference.name,
            answer=answer,
            p=p,
            effect=shift.sure,
            drifted=share is not None or (surely and shift.sure >= 1 and not _moved_as_much(reference, window, floors)),
            importance=weight,
            matters=shift.sure * weight,
            change=_describe(reference, shift, share),
        )
        tests.append(DriftTest(distribution, reference, window))
    return sorted(tests, key=_rank)


def _compare(
    reference: Reference, window: Counts, floors: Floors, cluster: DesignEffect, draws: int
) -> tuple[float, Shift]:
    """Compare a window with its reference; the same distribution gets the same random numbers in every report."""
    design = max(reference.design_effect(int(window.sum())), cluster, key=lambda effect: effect.ratio)
    seed, contrasts = zlib.crc32(reference.name.encode()), reference.contrasts
    test = compare_counts(window, reference.counts, design, draws, seed, contrasts)
    doubt = DEPENDENT_DOUBT if design.ratio > 1 else 1.0
    return min(1.0, test.p * doubt), contrasts.shift_of(window, floors, design.ratio)


def _describe(reference: Reference, shift: Shift, far: float | None) -> str:
    """Say what shifted, or which share of the rows lies far beyond training."""
    if far is not None:
        return f"{100 * far:.0f} % far beyond training"
    return reference.describe(shift) if shift.sure else ""


def _moved_as_much(reference: Reference, window: Counts, floors: Floors) -> bool:
    """Tell whether a window of training shifted as far, both measured as if rows were independent."""
    if not reference.own_windows:
        return False
    shifted = reference.contrasts.shift_of(window, floors).sure
    return reference.own_windows.greatest_shift(floors) >= shifted


def _rank(test: DriftTest) -> tuple[bool, float, float, str]:
    distribution = test.distribution
    return not distribution.drifted, -distribution.matters, -distribution.effect, distribution.name
