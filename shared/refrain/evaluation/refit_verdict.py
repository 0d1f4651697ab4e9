"""Does a refitted version go into service, or its judged twin? A pure function of the proofs' figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.evaluation.decision import inexact
from refrain.words import counted, figure, milliseconds

if TYPE_CHECKING:
    from preprocessing import Gate
    from refrain.lake.parity_figures import Parity
    from refrain.lake.refit_outcome import RefitCode, RefitFigures

MAX_DISTANCE = 1.25
"""A refitted version may lie so many times as far from its twin as is usual. Further off, it has to be nearer to the
truth of the rows that it learned and its twin did not: a sound one is, above all where the world has changed."""


def judge_refit(gate: Gate, name: str, figures: RefitFigures, too_large: str | None) -> tuple[RefitCode, str]:
    """Return the first proof that fails, as a code and a sentence, or "proved"."""
    refitted, latency = f"{name}, fitted again on all rows,", figures.latency_ms
    distance = f"they differ by {figure(figures.distance)}, where {figure(figures.usual_distance)} is usual"
    if not figures.parity.holds:
        return "parity_broken", f"{refitted} {_unlike(figures.parity)}"
    if figures.rounding is not None and not figures.rounding.holds:
        return "inexact", inexact(refitted, figures.rounding)
    if not figures.golden.holds:
        return "golden_broken", f"{refitted} {_unlike(figures.golden)}"
    if too_large:
        return "too_large", too_large
    if gate.max_latency_ms is not None and latency > gate.max_latency_ms:
        allowed = milliseconds(gate.max_latency_ms)
        return "too_slow", f"{refitted} takes {milliseconds(latency)} for one row; {allowed} are allowed."
    if is_too_different(figures):
        return "too_different", f"{refitted} is worse than its judged twin on rows that it learned, and {distance}."
    return "proved", f"{refitted} answers like its judged twin: {distance}."


def is_too_different(figures: RefitFigures) -> bool:
    """Tell whether a refitted version is another model than its twin, and no better one for it."""
    return figures.distance > MAX_DISTANCE * figures.usual_distance and figures.loss > figures.judged_loss


def _unlike(parity: Parity) -> str:
    differing = f"{counted(parity.differing)} of {counted(parity.rows, 'row')} differ"
    return f"does not answer as the trained one does: {differing}, by up to {figure(parity.max_difference)}."
