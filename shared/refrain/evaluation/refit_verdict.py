"""Does a refitted version go into service, or its judged twin? A pure function of the proofs' figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.words import counted, figure, milliseconds

if TYPE_CHECKING:
    from preprocessing import Gate
    from refrain.lake.refit_outcome import RefitCode, RefitFigures

MAX_DISTANCE = 3.0
"""A refitted version may lie so many times as far from its twin as is usual; further off, it has to be nearer to the
truth of the rows that it learned."""


def judge_refit(gate: Gate, name: str, figures: RefitFigures, too_large: str | None) -> tuple[RefitCode, str]:
    """Return the first proof that fails, as a code and a sentence, or "proved"."""
    refitted = f"{name}, fitted again on all rows,"
    for code, parity in (("parity_broken", figures.parity), ("golden_broken", figures.golden)):
        if not parity.holds:
            differing = f"{counted(parity.differing)} of {counted(parity.rows, 'row')}"
            return code, f"{refitted} does not answer as the trained one does: {differing} differ."  # type: ignore[return-value]
    if too_large:
        return "too_large", too_large
    if gate.max_latency_ms is not None and figures.latency_ms > gate.max_latency_ms:
        return "too_slow", f"{refitted} takes {milliseconds(figures.latency_ms)} for one row."
    distance = f"lies {figure(figures.distance)} from it, where {figure(figures.usual_distance)} is usual"
    if is_too_different(figures):
        return (
            "too_different",
            f"{refitted} lies {distance}, from its judged twin, and is worse on the rows it learned.",
        )
    return "proved", f"{refitted} answers like its judged twin: it {distance}."


def is_too_different(figures: RefitFigures) -> bool:
    """Tell whether a refitted version is another model than its twin, and no better one for it."""
    return figures.distance > MAX_DISTANCE * figures.usual_distance and figures.loss > figures.judged_loss
